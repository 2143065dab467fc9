//gosec:disable G115 -- packed values keep their bits

package memtable

import (
	"context"
	"math/bits"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Records streams records in the order of q. A stream needs no more memory than
// maxSpread, whatever it is of, besides the names of its repositories.
func (t *Table) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		run := q.Days(t.recorded)
		e := emitter{ctx: ctx, yield: yield, versions: q.Stored || q.Versions}
		from, matches := t.selected(q.Filter)
		var cols []*column
		if q.Stored {
			from, matches = t.cols, filterColumns(q.Filter)
		}
		for _, c := range from {
			if q.Stored {
				c = c.storedOnly()
			}
			if c.records > 0 && matches(c) {
				cols = append(cols, c)
			}
		}
		e.rows.Repos = make([]history.RepoTotal, len(cols))
		for i, c := range cols {
			e.rows.Repos[i] = history.RepoTotal{Repo: c.meta.Repo, Total: c.meta.Total}
			if q.Stored {
				e.rows.Repos[i].Total = history.Unknown
			}
		}
		if run.Len() == 0 {
			return
		}
		ok := false
		if q.Order == history.OrderRepo {
			ok = e.byRepo(cols, run)
		} else {
			ok = e.byDay(cols, run.From, run.To)
		}
		if ok {
			e.flush()
		}
	}
}

// emitter gathers rows into blocks.
type emitter struct {
	ctx      context.Context
	yield    func(*history.Rows, error) bool
	versions bool
	rows     history.Rows
}

// add adds a row of version v, which counts only if versions are asked for. It
// reports whether the stream goes on.
func (e *emitter) add(repo uint32, day history.Day, downloads int64, v history.Version) bool {
	if n := e.rows.Len(); n == history.BlockRows || e.versions && n > 0 && v != e.rows.Version {
		if !e.flush() {
			return false
		}
	}
	if e.versions {
		e.rows.Version = v
	}
	e.rows.Append(repo, day, downloads)
	return true
}

// flush hands the block on and reports whether the stream goes on.
func (e *emitter) flush() bool {
	if err := e.ctx.Err(); err != nil {
		e.yield(nil, err)
		return false
	}
	if e.rows.Len() > 0 && !e.yield(&e.rows, nil) {
		return false
	}
	e.rows.Reset()
	return true
}

func (e *emitter) byRepo(cols []*column, run history.Days) bool {
	var p plain
	for n, c := range cols {
		for i := c.from(run.From); i < len(c.windows); i++ {
			w := &c.windows[i]
			if dayAt(w.no(), 0) > run.To {
				break
			}
			w.expand(c.data, &p)
			for m := w.clip(run); m != 0; m &= m - 1 {
				bit := bits.TrailingZeros64(m)
				if !e.add(uint32(n), dayAt(w.no(), bit), p.downloads[bit], c.shownVersion(dayAt(w.no(), bit), p.at(bit))) {
					return false
				}
			}
		}
	}
	return true
}

// maxSpread bounds the memory that a stream by day spreads windows out in, and
// nearSpread is what a processor has near at hand, both in bytes. To spread out fewer
// than minSpreadDays at a time would take longer than that saves.
const (
	maxSpread     = 16 << 20
	nearSpread    = 2 << 20
	minSpreadDays = 8
)

// byDay walks the days of many columns at once. Some days of every column are
// spread out, a row of days a column, then read down the columns day by day.
func (e *emitter) byDay(cols []*column, from, to history.Day) bool {
	if len(cols) == 0 {
		return true
	}
	// The days spread out at a time are a power of two and lie in one window.
	width := windowDays
	for size := len(cols) * 8; width > 1 && size*width > maxSpread || width > minSpreadDays && size*width > nearSpread; {
		width /= 2
	}
	s := spreader{
		cols:      cols,
		at:        make([]int32, len(cols)),
		masks:     make([]uint64, len(cols)),
		downloads: make([]int64, len(cols)*width),
		width:     width,
	}
	for i, c := range cols {
		s.at[i] = int32(c.from(from))
	}
	for {
		day, ok := s.next(from)
		if !ok || day > to {
			return true
		}
		if !e.spreadDays(&s, day, to) {
			return false
		}
		from = history.Day(int(day)&^(width-1) + width)
	}
}

// spreader holds some days of many columns side by side.
type spreader struct {
	cols  []*column
	at    []int32 // the window of each column that is not done yet
	width int
	// masks has a bit for each of the width days, downloads their numbers.
	masks     []uint64
	downloads []int64
}

// next returns the first day from on that any column may have.
func (s *spreader) next(from history.Day) (history.Day, bool) {
	no, _ := windowOf(from)
	first, ok := history.MaxDay, false
	for i, c := range s.cols {
		for int(s.at[i]) < len(c.windows) && c.windows[s.at[i]].no() < no {
			s.at[i]++
		}
		if int(s.at[i]) == len(c.windows) {
			continue
		}
		ok = true
		if first = min(first, max(from, dayAt(c.windows[s.at[i]].no(), 0))); first == from {
			break
		}
	}
	return first, ok
}

// fill spreads out the days around day: those of its aligned run of width days.
// It returns the first of them and the union of the masks.
func (s *spreader) fill(day history.Day) (first history.Day, all uint64) {
	first = history.Day(int(day) &^ (s.width - 1))
	no, shift := windowOf(first)
	part := between(shift, shift+uint(s.width)-1)
	var buf [windowDays]int64
	for i, c := range s.cols {
		s.masks[i] = 0
		for int(s.at[i]) < len(c.windows) && c.windows[s.at[i]].no() < no {
			s.at[i]++
		}
		if int(s.at[i]) == len(c.windows) || c.windows[s.at[i]].no() != no {
			continue
		}
		w := &c.windows[s.at[i]]
		mask := w.mask & part
		values := w.values(c.data, mask, &buf)
		mask >>= shift
		s.masks[i] = mask
		all |= mask
		n := 0
		row := s.downloads[i*s.width : (i+1)*s.width]
		for m := mask; m != 0; m &= m - 1 {
			row[bits.TrailingZeros64(m)] = values[n]
			n++
		}
	}
	return first, all
}

func (e *emitter) spreadDays(s *spreader, day, to history.Day) bool {
	first, all := s.fill(day)
	var version history.Version
	var p plain
	for b := range s.width {
		d := first + history.Day(b)
		if d < day || all&(1<<b) == 0 {
			continue
		}
		if d > to {
			return true
		}
		for i, mask := range s.masks {
			if mask&(1<<b) == 0 {
				continue
			}
			if e.versions {
				version = s.version(i, d, &p)
			}
			if !e.add(uint32(i), d, s.downloads[i*s.width+b], version) {
				return false
			}
		}
	}
	return true
}

// version returns the version of a day of column i that fill has just spread out.
func (s *spreader) version(i int, d history.Day, p *plain) history.Version {
	c := s.cols[i]
	w := &c.windows[s.at[i]]
	if w.source != 0 {
		return c.shownVersion(d, w.version())
	}
	w.expand(c.data, p)
	_, bit := windowOf(d)
	return c.shownVersion(d, p.versions[bit])
}

// shownVersion returns the version of a day that has v in its window: a day that follows from
// readings is known since the first one of a later day.
func (c *column) shownVersion(d history.Day, v history.Version) history.Version {
	if !c.isDerived(v) {
		return v
	}
	if i := c.read.from(d + 1); i < c.read.len() {
		v.AsOf = c.read.moments[i].first
	}
	return v
}
