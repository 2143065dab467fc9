package victoria

import (
	"maps"
	"slices"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// part is one of the two series that a number is kept in.
type part struct {
	n     seq
	value int64
}

func (p *part) take(n seq, value int64) {
	if n >= p.n {
		p.n, p.value = n, value
	}
}

// fact is a day's number that is kept in more than one series.
type fact struct{ low, high part }

// number returns what was written last, and under which number.
func (x *fact) number() (n seq, downloads int64) {
	return max(x.low.n, x.high.n), join53(x.low.value, x.high.value)
}

// spread is the days of the repositories that have any in more than one series.
type spread map[history.Repo]map[history.Day]*fact

func (s spread) of(r history.Repo, d history.Day) *fact {
	if s[r] == nil {
		s[r] = make(map[history.Day]*fact)
	}
	x := s[r][d]
	if x == nil {
		x = new(fact)
		s[r][d] = x
	}
	return x
}

// spread reads the numbers that are kept in more than one series, or in eras: there
// are few of them, and mostly none.
func (v *view) spread(f history.Filter, of *roster, run history.Days) (spread, error) {
	out := make(spread)
	selectors := append(v.selectors(downloadsHigh, f), v.selectors(downloadsSeries, f, `era!=""`)...)
	err := v.s.export(v.ctx, selectors, 0, endOfTime, func(l *line) error {
		r := repoOf(l)
		if _, ok := of.place(r); !ok {
			return nil
		}
		era, _ := strconv.Atoi(l.label("era")) // 0 if there is none
		high := l.label("__name__") == downloadsHigh
		for i, ms := range l.times {
			day, n := placed(ms, era)
			if !v.counts(n) || !run.Contains(day) {
				continue
			}
			if x := out.of(r, day); high {
				x.high.take(n, l.values[i])
			} else {
				x.low.take(n, l.values[i])
			}
		}
		return nil
	})
	return out, err
}

// repoDays is the days of one repository, ascending.
type repoDays struct {
	at        int // its place in the roster
	days      []history.Day
	numbers   []seq // that they were written under
	downloads []int64
}

// reset empties it and makes room for n days.
func (x *repoDays) reset(at, n int) {
	x.at, x.days, x.numbers, x.downloads = at, slices.Grow(x.days[:0], n), slices.Grow(x.numbers[:0], n), slices.Grow(x.downloads[:0], n)
}

func (x *repoDays) add(d history.Day, n seq, downloads int64) {
	x.days, x.numbers, x.downloads = append(x.days, d), append(x.numbers, n), append(x.downloads, downloads)
}

// days calls each for the days of a run of the repositories of a roster, which f lets the
// engine select. What it is called with is valid until the next.
func (v *view) days(f history.Filter, of *roster, run history.Days, each func(*repoDays) error) error {
	if run.Len() == 0 {
		return nil
	}
	others, err := v.spread(f, of, run)
	if err != nil {
		return err
	}
	var x repoDays
	start, end := int64(max(run.From, history.MinDay))*msPerDay, min((int64(run.To)+1)*msPerDay-1, endOfTime)
	if start <= end {
		err = v.s.export(v.ctx, v.selectors(downloadsSeries, f, `era=""`), start, end, func(l *line) error {
			r := repoOf(l)
			at, ok := of.place(r)
			if !ok {
				return nil
			}
			x.reset(at, len(l.times))
			v.latest(&x, l)
			if others[r] == nil {
				return each(&x)
			}
			for i, d := range x.days {
				others.of(r, d).low.take(x.numbers[i], x.downloads[i])
			}
			return nil
		})
	}
	for r, facts := range others {
		at, _ := of.place(r)
		x.reset(at, len(facts))
		for _, d := range slices.Sorted(maps.Keys(facts)) {
			n, downloads := facts[d].number()
			x.add(d, n, downloads)
		}
		if err == nil {
			err = each(&x)
		}
	}
	return err
}

// latest adds the days of a series that is of no era, each with the last of its samples
// that counts.
func (v *view) latest(x *repoDays, l *line) {
	for i := 0; i < len(l.times); {
		day := l.times[i] / msPerDay
		begin := day * msPerDay
		var last part
		for ; i < len(l.times) && l.times[i]-begin < msPerDay; i++ {
			if n := seq(l.times[i] - begin); v.counts(n) {
				last.take(n, l.values[i])
			}
		}
		if last.n > 0 {
			x.add(history.Day(day), last.n, last.value)
		}
	}
}

// series reads the days of a run of the repositories of a roster, all as of one version.
func (v *view) series(f history.Filter, of *roster, run history.Days) (*memtable.Table, error) {
	all := func(yield func(memtable.Series, error) bool) {
		err := v.days(f, of, run, func(x *repoDays) error {
			if !yield(memtable.Series{At: x.at - of.first, Days: x.days, Downloads: x.downloads}, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped {
			yield(memtable.Series{}, err)
		}
	}
	return memtable.BuildSeries(v.ctx, of.states(), all, history.Version{Source: history.Published})
}

// versions is series with the versions of the records; states has been called for them.
func (v *view) versions(f history.Filter, of *roster, run history.Days) (*memtable.Table, error) {
	all := func(yield func(*history.Rows, error) bool) {
		e := rowEmitter{yield: yield}
		err := v.days(f, of, run, func(x *repoDays) error {
			r := of.all[x.at].Repo
			e.repo(r)
			confirmed := v.confirmed[r]
			for i, d := range x.days {
				n := x.numbers[i]
				if err := e.add(d, confirmed.version(d, n, v.entries[n].version), x.downloads[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			err = e.flush()
		}
		if err != nil && err != errStopped {
			yield(nil, err)
		}
	}
	return memtable.Build(v.ctx, all, of.states())
}
