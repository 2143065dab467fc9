//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"math"
	"math/bits"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// resume is the state of a derivation after the first n readings, a multiple of
// blockReadings, which no later reading changes the meaning of.
type resume struct {
	n      int
	origin history.Origin // of all of them
	state  history.Derivation
}

// deriver makes the columns of repositories that have readings: it works out days and
// counters. It is used again for the next repository.
type deriver struct {
	read, some []history.Reading
	packer     packer
	// The days that were derived, ascending.
	days      []history.Day
	downloads []int64
	sources   []history.Source
}

// knownBefore is what was known of a repository: the first readings up to the place unchanged
// are as they were in old, and keptSame says that the stored days are, too. tail, if not nil,
// are the readings now from block b on.
type knownBefore struct {
	old       *column
	unchanged int
	keptSame  bool
	tail      []history.Reading
	b         int
}

// column makes a column of stored days and readings. was is nil if nothing was known before.
func (d *deriver) column(meta history.RepoMeta, stored days, read *readings, was *knownBefore) *column {
	d.days, d.downloads, d.sources = d.days[:0], d.downloads[:0], d.sources[:0]
	if read == nil {
		meta.Counters = startOf(&meta)
		return newColumn(meta, stored)
	}
	r, base, old := &resume{}, (*days)(nil), (*column)(nil)
	if was != nil {
		old = was.old
	}
	if old != nil && old.read != nil && old.read.resume != nil && (was.keptSame || old.stored == nil) && old.read.resume.n <= was.unchanged {
		r, base = old.read.resume, &old.days
	}
	if b := r.n / blockReadings; was != nil && was.tail != nil && was.b == b {
		d.read = append(d.read[:0], was.tail...)
	} else {
		d.read = read.after(d.read[:0], meta.Repo, b)
	}
	if !d.isOf(r, &meta) {
		if r, base = (&resume{}), nil; len(d.read) < read.len() {
			d.read = read.after(d.read[:0], meta.Repo, 0)
		}
		d.apart(&meta, &stored)
	} else {
		d.resume(r, &meta, &stored, read)
	}
	from := history.MinDay
	if r.n > 0 {
		from, _ = r.state.Settled()
	}
	c := newColumn(meta, stored)
	c.read = read
	if days, visible, hidden := d.overlay(base, from, &stored); visible || base != nil && old.stored != nil {
		c.days, c.stored = days, &noDays
		switch {
		case stored.records == 0:
		case !hidden && (base == nil || old.stored == &amongDays):
			c.stored = &amongDays
		default:
			c.stored = &stored
		}
	}
	return c
}

func (d *deriver) emit(day history.Day, downloads int64, s history.Source) {
	if day < history.MinDay || day > history.MaxDay {
		return
	}
	d.days, d.downloads, d.sources = append(d.days, day), append(d.downloads, downloads), append(d.sources, s)
}

// startOf returns the counters of a repository without readings.
func startOf(m *history.RepoMeta) history.Counters {
	if m.StartTotal == history.Unknown {
		return history.Counters{Downloads: history.Unknown}
	}
	return history.Counters{Downloads: m.StartDownloads, Removed: m.StartRemoved, Backdated: m.StartTotal - m.StartDownloads + m.StartRemoved}
}

// isOf reports whether the readings after r are of one origin, as those before are: days and
// counters follow from the same ones then.
func (d *deriver) isOf(r *resume, m *history.RepoMeta) bool {
	origin := r.origin
	if origin == 0 {
		origin = d.read[0].Origin
	}
	for i := range d.read {
		if d.read[i].Origin != origin {
			return false
		}
	}
	return origin != history.Archive && m.StartTotal == history.Unknown
}

// resume works out what follows from r with readings of one origin, and notes in read from
// where the next derivation may go on. Exports have days of their own.
func (d *deriver) resume(r *resume, m *history.RepoMeta, stored *days, read *readings) {
	state, emit := r.state, d.emit
	origin := d.read[0].Origin
	if origin == history.Export {
		emit = noEmit
	}
	if read.resume = nil; r.n > 0 {
		read.resume = r
	}
	state.Read(d.read, stored.published, emit, func(n int) {
		if n += r.n; n%blockReadings == 0 {
			read.resume = &resume{n, origin, state}
		}
	})
	m.Counters = state.Counters()
}

// apart works out days and counters one after the other: archives do not move the counters,
// exports have days of their own, and some counters go on from a start.
func (d *deriver) apart(m *history.RepoMeta, stored *days) {
	var days, counters history.Derivation
	d.some = d.some[:0]
	for i := range d.read {
		if d.read[i].Origin != history.Export {
			d.some = append(d.some, d.read[i])
		}
	}
	days.Read(d.some, stored.published, d.emit, nil)
	start := history.AsOf(math.MinInt64)
	if m.StartTotal != history.Unknown {
		start = m.StartAsOf
		counters.StartAt(start, m.StartTotal, startOf(m))
	}
	d.some = d.some[:0]
	for _, r := range d.read {
		switch {
		case r.Origin == history.Archive || r.AsOf <= start:
			continue
		case r.FirstAsOf <= start:
			id := r.HubID
			r = history.NewReading(r.Repo, r.AsOf, r.Origin, r.Total, r.LastMonth, r.Likes)
			r.HubID = id
		}
		d.some = append(d.some, r)
	}
	counters.Read(d.some, nil, noEmit, nil)
	m.Counters = counters.Counters()
}

func noEmit(history.Day, int64, history.Source) {}

// published returns the published number of a day.
func (d *days) published(day history.Day) (int64, bool) {
	no, bit := windowOf(day)
	i := d.from(day)
	if i == len(d.windows) || d.windows[i].no() != no || d.windows[i].mask&(1<<bit) == 0 {
		return 0, false
	}
	var p plain
	d.windows[i].expand(d.data, &p)
	return p.downloads[bit], p.at(int(bit)).Source == history.Published
}

// overlay returns base before day from, and from there on the stored days with the derived
// ones, by the rules of merging. visible says whether one of the derived days is seen, hidden
// whether a stored one is not, or has no age.
func (d *deriver) overlay(base *days, from history.Day, stored *days) (out days, visible, hidden bool) {
	no, bit := windowOf(from)
	before := uint64(1)<<bit - 1
	if base != nil {
		i := 0
		for ; i < len(base.windows) && base.windows[i].no() < no; i++ {
			d.packer.copy(base, i)
		}
		if i == len(base.windows) || base.windows[i].no() > no {
			base = nil
		}
	}
	var p, q plain
	for i, k := stored.from(from), 0; ; {
		at := int32(1<<31 - 1)
		if base != nil {
			at = no
		}
		if i < len(stored.windows) {
			at = min(at, stored.windows[i].no())
		}
		if k < len(d.days) {
			n, _ := windowOf(d.days[k])
			at = min(at, n)
		}
		if at == 1<<31-1 {
			return d.packer.finish(), visible, hidden
		}
		if base == nil && at > no && i < len(stored.windows) && stored.windows[i].no() == at && stored.windows[i].asOf != 0 && stored.windows[i].source != 0 {
			if k == len(d.days) || dayAt(at, windowDays-1) < d.days[k] {
				d.packer.copy(stored, i) // nothing follows from readings here
				i++
				continue
			}
		}
		p.mask = 0
		if base != nil {
			base.windows[base.from(from)].expand(base.data, &p)
			p.mask &= before
			base = nil
		}
		if i < len(stored.windows) && stored.windows[i].no() == at {
			stored.windows[i].expand(stored.data, &q)
			if at == no {
				q.mask &^= before
			}
			for m := q.mask; m != 0; m &= m - 1 {
				bit := bits.TrailingZeros64(m)
				p.set(bit, q.downloads[bit], q.at(bit))
				hidden = hidden || q.at(bit).AsOf == 0
			}
			i++
		}
		for ; k < len(d.days); k++ {
			n, bit := windowOf(d.days[k])
			if n != at {
				break
			}
			v := history.Version{Source: d.sources[k]}
			if p.mask&(1<<bit) == 0 || history.Beats(v, d.downloads[k], p.at(int(bit)), p.downloads[bit]) {
				hidden = hidden || p.mask&(1<<bit) != 0
				p.set(int(bit), d.downloads[k], v)
				visible = true
			}
		}
		d.packer.pack(at, &p)
	}
}
