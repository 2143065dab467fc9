package victoria

import (
	"iter"
	"math"
	"slices"
	"strconv"

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

// counter tells which numbers of a log count, and which are of what is stored. It remembers
// the last one it was asked of: most samples of a series are of few.
type counter struct {
	log        *orgLog
	n          seq
	ok, stored bool
}

func (c *counter) has(n seq) bool {
	if n != c.n {
		x := c.log.find(n)
		c.n, c.ok = n, x != nil
		c.stored = c.ok && isStored(x.versions[n-x.first])
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

// millis returns the time of a run of days, as far as there are samples.
func millis(run history.Days) (start, end int64) {
	return int64(max(run.From, history.MinDay)) * msPerDay, min((int64(run.To)+1)*msPerDay-1, endOfTime)
}

// allDays is every day that a record can have.
var allDays = history.Days{From: history.MinDay, To: history.MaxDay}

// kind says which days of a repository are meant.
type kind uint8

const (
	shown  kind = iota // those that answers have
	stored             // those that came as records
	kinds
)

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

// addLine adds the days of a series, each with the last of its samples that counts and is of
// the kind.
func (x *repoDays) addLine(l *vmapi.Line, log *orgLog, k kind) {
	counted := counter{log: log}
	for i := 0; i < len(l.Times); {
		day := l.Times[i] / msPerDay
		start := day * msPerDay
		var last [kinds]part
		for ; i < len(l.Times) && l.Times[i]-start < msPerDay; i++ {
			if n := seq(l.Times[i] - start); counted.has(n) {
				p := part{n, l.Values[i]}
				if last[shown].update(p); counted.stored {
					last[stored] = p
				}
			}
		}
		if last[k].n > 0 {
			x.days, x.numbers, x.downloads = append(x.days, history.Day(day)), append(x.numbers, last[k].n), append(x.downloads, last[k].value)
		}
	}
}

// daySeries is a series of numbers of days, without the labels of a repository.
type daySeries struct{ name, field, hubID string }

// dayTexts are the numbers of a series that are written as texts, by kind.
type dayTexts [kinds]map[history.Day]part

// texts returns the numbers of a series that are written as texts.
func (x *storedRepo) texts(s daySeries) *dayTexts {
	if t := x.days[s]; t != nil {
		return t
	}
	return &noTexts
}

var noTexts dayTexts

// addDay takes a text of a day.
func (x *storedRepo) addDay(l *vmapi.Line, log *orgLog, of daySeries, day, text string) error {
	d, err := history.ParseDay(day)
	if err != nil {
		return err
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return err
	}
	counted := counter{log: log}
	for _, t := range l.Times {
		if n := seqAt(t); counted.has(n) {
			x.updateDay(of, shown, d, part{n, v})
			if counted.stored {
				x.updateDay(of, stored, d, part{n, v})
			}
		}
	}
	return nil
}

func (x *storedRepo) updateDay(of daySeries, k kind, d history.Day, p part) {
	if x.days == nil {
		x.days = make(map[daySeries]*dayTexts)
	}
	if x.days[of] == nil {
		x.days[of] = new(dayTexts)
	}
	updateDay(&x.days[of][k], d, p)
}

// updateDay takes a number of a day that is written as a text.
func updateDay(days *map[history.Day]part, d history.Day, p part) {
	if *days == nil {
		*days = make(map[history.Day]part)
	}
	if p.n >= (*days)[d].n {
		(*days)[d] = p
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

// dropGone leaves out the days that there are no more.
func (x *repoDays) dropGone() {
	if !slices.Contains(x.downloads, memtable.Gone) {
		return
	}
	n := 0
	for i, v := range x.downloads {
		if v != memtable.Gone {
			x.days[n], x.numbers[n], x.downloads[n] = x.days[i], x.numbers[i], v
			n++
		}
	}
	x.days, x.numbers, x.downloads = x.days[:n], x.numbers[:n], x.downloads[:n]
}

// days calls each for the days of a run of repositories, which f lets the engine select: for
// those that are shown, and for those of the kind. What it is called with is valid until the
// next.
func (v *snapshot) days(f history.Filter, repos *repoList, run history.Days, k kind, each func(*[kinds]repoDays) error) error {
	if run.Len() == 0 {
		return nil
	}
	done := make(map[int]bool) // of those with days that are written as texts
	var x [kinds]repoDays
	add := func(at int, l *vmapi.Line) error {
		texts := repos.stored[at].texts(daySeries{name: downloadsSeries})
		for i := range k + 1 {
			x[i].reset(at, len(l.Times))
			x[i].addLine(l, v.log(repos.meta[at].Repo.Org()), i)
			x[i].addTexts(texts[i], run)
			x[i].dropGone()
		}
		if len(texts[shown]) > 0 {
			done[at] = true
		}
		return each(&x)
	}
	start, end := millis(run)
	if start <= end {
		err := v.s.engine.Export(v.ctx, v.selectors(downloadsSeries, f), start, end, func(l *vmapi.Line) error {
			if at, ok := repos.index[repoOf(l)]; ok {
				return add(at, l)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for at, m := range repos.stored {
		if len(m.texts(daySeries{name: downloadsSeries})[shown]) > 0 && !done[at] {
			if err := add(at, new(vmapi.Line)); err != nil {
				return err
			}
		}
	}
	return nil
}

// table reads the days of a kind and of a run of repositories. Without versions all are of one.
// each, if not nil, is called with what is shown of each.
func (v *snapshot) table(p piece, k kind, versions bool, each func(*repoDays)) (*memtable.Table, error) {
	var known []history.Version
	all := iter.Seq2[memtable.Series, error](func(yield func(memtable.Series, error) bool) {
		err := v.days(p.filter, p.repos, p.days, k, func(all *[kinds]repoDays) error {
			if each != nil {
				each(&all[shown])
			}
			x := &all[k]
			if versions {
				known = v.versions(known[:0], p.repos, x)
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
	return memtable.BuildSeries(v.ctx, p.repos.meta, all, history.Version{Source: history.Published})
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
			version.Source &^= derived
		}
		to = append(to, confirmed.version(d, n, version))
	}
	return to
}
