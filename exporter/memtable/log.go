//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// repoLog holds the rows of one repository in the order in which they came, until
// all are there and can be packed. A row takes three to eight bytes:
//
//	the day less the one before it, zigzag, times two, plus one if a version follows
//	the index of the version, only if it is not that of the row before
//	the downloads
//	the line less the one before it, zigzag
//
// Writing to the end of a log is all that an unordered input asks of the memory
// for each of its rows; the days of a repository are put in place in one go.
type repoLog struct {
	log     []byte
	line    int64
	rows    int64
	day     history.Day
	version uint32
	// unordered is set once a day did not come after the one before it.
	unordered bool
}

func zigzag(v int64) uint64   { return uint64(v<<1 ^ v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// continues reports whether the log has rows, and the last one is of that version.
func (l *repoLog) continues(version uint32) bool { return l.rows > 0 && l.version == version }

func (l *repoLog) add(day history.Day, downloads, line int64, version uint32) {
	delta := int64(day) - int64(l.day)
	if delta <= 0 && l.rows > 0 {
		l.unordered = true
	}
	head := zigzag(delta) << 1
	if version != l.version {
		l.log = binary.AppendUvarint(l.log, head|1)
		l.log = binary.AppendUvarint(l.log, uint64(version))
		l.version = version
	} else {
		l.log = binary.AppendUvarint(l.log, head)
	}
	l.log = binary.AppendUvarint(l.log, uint64(downloads))
	l.log = binary.AppendUvarint(l.log, zigzag(line-l.line))
	l.day, l.line = day, line
	l.rows++
}

// logRow is a row as read back from a log.
type logRow struct {
	day       history.Day
	version   uint32
	downloads int64
	line      int64
}

// logReader reads a log from its start.
type logReader struct {
	log []byte
	at  int
	row logRow
}

func (r *logReader) uvarint() uint64 {
	if b := r.log[r.at]; b < 0x80 {
		r.at++
		return uint64(b)
	}
	v, n := binary.Uvarint(r.log[r.at:])
	r.at += n
	return v
}

// next reads the next row into r.row and reports whether there was one.
func (r *logReader) next() bool {
	if r.at == len(r.log) {
		return false
	}
	head := r.uvarint()
	if head&1 != 0 {
		r.row.version = uint32(r.uvarint())
	}
	r.row.day += history.Day(unzigzag(head >> 1))
	r.row.downloads = int64(r.uvarint())
	r.row.line += unzigzag(r.uvarint())
	return true
}

// placer puts the rows of logs in their places. It belongs to one goroutine.
type placer struct {
	versions []history.Version
	packer   packer
	window   plain
	places   map[int32]*place
	recent   [64]placeNo // places by the last bits of their numbers
	free     []*place
	faults   []*history.InputError
	// larger says that of contradicting rows the larger number counts.
	larger bool
}

type placeNo struct {
	no int32
	at *place
}

// place is a window being filled, with the line that each day came from.
type place struct {
	plain
	lines [windowDays]int64
}

// days packs the rows of a repository: those of a run, if there was one, and those
// of its log. Contradictions between rows go to p.faults.
func (p *placer) days(repo history.Repo, run *packedRun, l *repoLog) days {
	r := logReader{log: l.log}
	switch {
	case run != nil && l.rows == 0:
		return run.days
	case run != nil || l.unordered:
		p.placeAll(repo, run, &r)
		return p.packer.finish()
	}
	no := int32(-1)
	p.window.mask = 0
	for r.next() {
		n, bit := windowOf(r.row.day)
		if n != no {
			p.packer.pack(no, &p.window)
			p.window.mask = 0
			no = n
		}
		p.window.set(int(bit), r.row.downloads, p.versions[r.row.version])
	}
	p.packer.pack(no, &p.window)
	p.window.mask = 0
	return p.packer.finish()
}

// placeAll handles rows in any order.
func (p *placer) placeAll(repo history.Repo, run *packedRun, r *logReader) {
	if p.places == nil {
		p.places = make(map[int32]*place)
	}
	clear(p.recent[:])
	var numbers []int32
	put := func(day history.Day, downloads, line int64, v history.Version) {
		no, bit := windowOf(day)
		recent := &p.recent[uint32(no)%uint32(len(p.recent))]
		if recent.at == nil || recent.no != no {
			recent.no, recent.at = no, p.places[no]
			if recent.at == nil {
				recent.at = p.newPlace()
				p.places[no] = recent.at
				numbers = append(numbers, no)
			}
		}
		at := recent.at
		p.put(repo, at, day, int(bit), downloads, line, v)
	}
	if run != nil {
		run.each(put)
	}
	for r.next() {
		put(r.row.day, r.row.downloads, r.row.line, p.versions[r.row.version])
	}
	slices.Sort(numbers)
	for _, no := range numbers {
		at := p.places[no]
		p.packer.pack(no, &at.plain)
		p.free = append(p.free, at)
	}
	clear(p.places)
}

func (p *placer) newPlace() *place {
	if n := len(p.free); n > 0 {
		at := p.free[n-1]
		p.free = p.free[:n-1]
		at.mask = 0
		return at
	}
	return new(place)
}

func (p *placer) put(repo history.Repo, at *place, day history.Day, bit int, downloads, line int64, v history.Version) {
	if at.mask&(1<<bit) == 0 {
		at.set(bit, downloads, v)
		at.lines[bit] = line
		return
	}
	held, known := at.downloads[bit], at.at(bit)
	switch {
	case v == known && held != downloads:
		p.faults = append(p.faults, &history.InputError{
			Line:      line,
			OtherLine: at.lines[bit],
			Column:    "downloads",
			Value:     strconv.FormatInt(downloads, 10),
			Want:      "one number for " + repo.String() + " on " + day.String() + ", which was " + strconv.FormatInt(held, 10),
		})
		if p.larger {
			at.set(bit, max(held, downloads), v)
		}
	case history.Beats(v, downloads, known, held):
		at.set(bit, downloads, v)
		at.lines[bit] = line
	}
}
