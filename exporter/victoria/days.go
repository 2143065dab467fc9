package victoria

import (
	"iter"
	"math"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// part is a number, and the sequence number that it was written under.
type part struct {
	n     seq
	value int64
}

// update takes another number if it was written later.
func (p *part) update(x part) {
	if x.n >= p.n {
		*p = x
	}
}

// counter tells which numbers of a log count. It remembers the last one it was asked of:
// most samples of a series are of few.
type counter struct {
	log *orgLog
	n   seq
	ok  bool
}

func (c *counter) has(n seq) bool {
	if n != c.n {
		c.n, c.ok = n, c.log.find(n) != nil
	}
	return c.ok
}

// latest returns the last sample of a series of no day that counts.
func (l *orgLog) latest(x *vmapi.Line) part {
	for i, t := range slices.Backward(x.Times) {
		if n := seqAt(t); l.find(n) != nil {
			return part{n, x.Values[i]}
		}
	}
	return part{}
}

// endOfTime is later than any sample, in milliseconds.
const endOfTime = math.MaxInt32 * 1000 * 2

// allDays is every day that a record can have.
var allDays = history.Days{From: history.MinDay, To: history.MaxDay}

// repoDays is the days of one repository, ascending.
type repoDays struct {
	at        int // its place among the repositories
	days      []history.Day
	numbers   []seq // that they were written under
	downloads []int64
}

// reset empties it and makes room for n days.
func (x *repoDays) reset(at, n int) {
	x.at, x.days, x.numbers, x.downloads = at, slices.Grow(x.days[:0], n), slices.Grow(x.numbers[:0], n), slices.Grow(x.downloads[:0], n)
}

// addLine adds the days of a series, each with the last of its samples that counts.
func (x *repoDays) addLine(l *vmapi.Line, log *orgLog) {
	counted := counter{log: log}
	for i := 0; i < len(l.Times); {
		day := l.Times[i] / msPerDay
		start := day * msPerDay
		var last part
		for ; i < len(l.Times) && l.Times[i]-start < msPerDay; i++ {
			if n := seq(l.Times[i] - start); counted.has(n) {
				last.update(part{n, l.Values[i]})
			}
		}
		if last.n > 0 {
			x.days, x.numbers, x.downloads = append(x.days, history.Day(day)), append(x.numbers, last.n), append(x.downloads, last.value)
		}
	}
}

// addTexts adds the days of a run that are written as texts.
func (x *repoDays) addTexts(texts map[history.Day]part, run history.Days) {
	for d, t := range texts {
		at, found := slices.BinarySearch(x.days, d)
		switch {
		case !run.Contains(d):
		case !found:
			x.days, x.numbers, x.downloads = slices.Insert(x.days, at, d), slices.Insert(x.numbers, at, t.n), slices.Insert(x.downloads, at, t.value)
		case t.n > x.numbers[at]:
			x.numbers[at], x.downloads[at] = t.n, t.value
		}
	}
}

// days calls each for the days of a run of repositories, which f lets the engine select.
// What it is called with is valid until the next.
func (v *snapshot) days(f history.Filter, repos *repoList, run history.Days, each func(*repoDays) error) error {
	if run.Len() == 0 {
		return nil
	}
	done := make(map[int]bool) // of those with days that are written as texts
	var x repoDays
	start, end := int64(max(run.From, history.MinDay))*msPerDay, min((int64(run.To)+1)*msPerDay-1, endOfTime)
	if start <= end {
		err := v.s.engine.Export(v.ctx, v.selectors(downloadsSeries, f), start, end, func(l *vmapi.Line) error {
			r := repoOf(l)
			at, ok := repos.index[r]
			if !ok {
				return nil
			}
			x.reset(at, len(l.Times))
			x.addLine(l, v.log(r.Org()))
			if texts := repos.stored[at].days; len(texts) > 0 {
				x.addTexts(texts, run)
				done[at] = true
			}
			return each(&x)
		})
		if err != nil {
			return err
		}
	}
	for at, m := range repos.stored {
		if len(m.days) == 0 || done[at] {
			continue
		}
		x.reset(at, 1)
		if x.addTexts(m.days, run); len(x.days) > 0 {
			if err := each(&x); err != nil {
				return err
			}
		}
	}
	return nil
}

// table reads the days of a run of repositories. The records have their versions if that
// is asked for; otherwise all are of one.
func (v *snapshot) table(f history.Filter, repos *repoList, run history.Days, versions bool) (*memtable.Table, error) {
	var known []history.Version
	all := iter.Seq2[memtable.Series, error](func(yield func(memtable.Series, error) bool) {
		err := v.days(f, repos, run, func(x *repoDays) error {
			if versions {
				known = v.versions(known[:0], repos, x)
			}
			if !yield(memtable.Series{At: x.at, Days: x.days, Downloads: x.downloads, Versions: known}, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped {
			yield(memtable.Series{}, err)
		}
	})
	return memtable.BuildSeries(v.ctx, repos.meta, all, history.Version{Source: history.Published})
}

// versions appends the versions of days.
func (v *snapshot) versions(to []history.Version, repos *repoList, x *repoDays) []history.Version {
	log, confirmed := v.log(repos.meta[x.at].Repo.Org()), repos.stored[x.at].confirmed()
	var n seq
	var version history.Version
	for i, d := range x.days {
		if x.numbers[i] != n {
			n = x.numbers[i]
			version = log.version(n)
		}
		to = append(to, confirmed.version(d, n, version))
	}
	return to
}
