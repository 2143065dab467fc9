//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"math/bits"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// minRun is how many rows of one repository must follow one another in a block for
// them to be packed at once, without a log.
const minRun = 16

// run packs rows that come as a store and many an export have them: those of a
// repository one after another, ascending by day, all of one version. It is the
// short way round the log, for the rows of one repository at a time.
type run struct {
	packer  packer
	window  plain
	no      int32
	at      uint32 // the repository
	version history.Version
	rows    int64 // 0: there is no run under way
	day     history.Day
	// line is that of the last row, first that of the first; step is 0 if rows have
	// no lines, else 1.
	line, first, step int64
}

// packedRun is a run that has ended.
type packedRun struct {
	days
	// The lines are those from first on, if step is 1; 0 if there are none.
	first, step int64
}

// continues reports whether a row can be added to the run.
func (u *run) continues(at uint32, day history.Day, line int64, v history.Version) bool {
	return u.rows > 0 && at == u.at && day > u.day && line == u.line+u.step && v == u.version
}

// start begins a run with the next row that is added.
func (u *run) start(at uint32, line, step int64, v history.Version) {
	u.at, u.version, u.no, u.day = at, v, -1, history.NoDay
	u.first, u.line, u.step = line, line-step, step
	u.window.mask = 0
}

func (u *run) add(day history.Day, downloads, line int64) {
	no, bit := windowOf(day)
	if no != u.no {
		u.packer.pack(u.no, &u.window)
		u.window.mask, u.no = 0, no
	}
	u.window.set(int(bit), downloads, u.version)
	u.day, u.line = day, line
	u.rows++
}

// end returns what was packed.
func (u *run) end() *packedRun {
	u.packer.pack(u.no, &u.window)
	u.rows = 0
	return &packedRun{days: u.packer.finish(), first: u.first, step: u.step}
}

// each calls row for each record, as it came.
func (p *packedRun) each(row func(day history.Day, downloads, line int64, v history.Version)) {
	line := p.first
	var w plain
	for i := range p.windows {
		p.windows[i].expand(p.data, &w)
		for m := w.mask; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			row(dayAt(p.windows[i].no(), bit), w.downloads[bit], line, w.at(bit))
			line += p.step
		}
	}
}
