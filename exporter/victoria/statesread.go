package victoria

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// stored is a state as its series come in.
type stored struct {
	known   part     // of knownField
	numbers [11]fact // by numberFields
	confirm [3]part  // by confirmFields
	texts   [2]struct {
		n     seq
		value string
	}
}

// merge takes what y has that was written later.
func (x *stored) merge(y *stored) {
	x.known.take(y.known.n, y.known.value)
	for i := range x.numbers {
		x.numbers[i].low.take(y.numbers[i].low.n, y.numbers[i].low.value)
		x.numbers[i].high.take(y.numbers[i].high.n, y.numbers[i].high.value)
	}
	for i := range x.confirm {
		x.confirm[i].take(y.confirm[i].n, y.confirm[i].value)
	}
	for i := range x.texts {
		if y.texts[i].n > x.texts[i].n {
			x.texts[i] = y.texts[i]
		}
	}
}

// states reads what is known besides days of the repositories that f selects, in no
// order. v.recorded then has those of them that have a record, and v.confirmed what
// confirms their days.
func (v *view) states(f history.Filter) ([]history.RepoMeta, error) {
	return v.statesWhere(conditions(f), f.Matcher())
}

// statesWhere is states of what the engine selects by conditions and matches takes.
func (v *view) statesWhere(where []string, matches func(history.Repo) bool) ([]history.RepoMeta, error) {
	if out, ok, err := v.s.kept.states(v, matches); ok || err != nil {
		return out, err
	}
	all := make(storedStates)
	err := v.readStates(all, matches, 0, v.selector(stateSeries, where...), v.selector(textSeries, where...))
	return v.list(all, matches), err
}

// totals is states of what a stream of records tells: the totals, and which repositories
// moved to another name.
func (v *view) totals(f history.Filter) ([]history.RepoMeta, error) {
	if out, ok, err := v.s.kept.states(v, f.Matcher()); ok || err != nil {
		return out, err
	}
	where := slices.Clip(conditions(f))
	all := make(storedStates)
	err := v.readStates(all, f.Matcher(), 0,
		v.selector(stateSeries, append(where, `field="`+knownField+`"`)...),
		v.selector(stateSeries, append(where, `field=~"total|total`+highSuffix+`"`)...),
		v.selector(textSeries, append(where, `field="moved_to"`)...),
	)
	out := v.list(all, f.Matcher())
	// Whether it is still so for those that ever moved takes more to tell.
	at := make(map[history.Repo]int)
	var names []string
	for i, s := range out {
		if s.MovedTo != "" {
			at[s.Repo] = i
			names = append(names, s.Repo.Name)
		}
	}
	if err != nil || len(names) == 0 {
		return out, err
	}
	f.Repos = names
	moved, err := v.states(f)
	for _, s := range moved {
		if i, ok := at[s.Repo]; ok {
			out[i] = s
		}
	}
	return out, err
}

// storedStates has what is known of repositories.
type storedStates map[history.Repo]*stored

// readStates adds what the series of selectors tell from a number on of the repositories
// that matches takes.
func (v *view) readStates(all storedStates, matches func(history.Repo) bool, from seq, selectors ...string) error {
	var mu sync.Mutex
	take := func(l *line) error {
		var last part
		for i, ms := range l.times {
			if v.counts(seq(ms)) {
				last.take(seq(ms), l.values[i])
			}
		}
		r := repoOf(l)
		if last.n == 0 || !matches(r) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if all[r] == nil {
			all[r] = new(stored)
		}
		all[r].take(l, last)
		return nil
	}
	// The engine searches for the series of a question with one processor.
	asked, ctx := errgroup.WithContext(v.ctx)
	for _, selector := range selectors {
		asked.Go(func() error {
			return v.s.export(ctx, []string{selector}, int64(from), int64(max(v.last(), 1)), take)
		})
	}
	return asked.Wait()
}

func (x *stored) take(l *line, last part) {
	field := l.label("field")
	if l.label("__name__") == textSeries {
		for i, f := range textFields {
			if f.name == field && last.n > x.texts[i].n {
				x.texts[i].n, x.texts[i].value = last.n, l.label("value")
			}
		}
		return
	}
	if field == knownField {
		x.known.take(last.n, last.value)
		return
	}
	if at := slices.Index(confirmFields[:], field); at >= 0 {
		x.confirm[at].take(last.n, last.value)
		return
	}
	name, high := strings.CutSuffix(field, highSuffix)
	for i, f := range numberFields {
		if f.name != name {
			continue
		}
		if high {
			x.numbers[i].high.take(last.n, last.value)
		} else {
			x.numbers[i].low.take(last.n, last.value)
		}
	}
}

// list returns the states that matches takes, and notes in v.recorded and v.confirmed
// what else is known of them.
func (v *view) list(all storedStates, matches func(history.Repo) bool) []history.RepoMeta {
	out := make([]history.RepoMeta, 0, len(all))
	v.recorded = make(map[history.Repo]bool)
	v.confirmed = make(map[history.Repo]confirmed)
	for r, x := range all {
		if !matches(r) {
			continue
		}
		out = append(out, v.stateOf(r, x))
		if x.known.value != isKnown {
			v.recorded[r] = true
		}
		if c := x.confirm; c[0].n > 0 {
			run := history.Days{From: history.Day(c[1].value), To: history.Day(c[2].value)}
			v.confirmed[r] = confirmed{c[0].n, history.AsOf(c[0].value), run}
		}
	}
	return out
}

func (v *view) stateOf(r history.Repo, x *stored) history.RepoMeta {
	s := history.NewRepoMeta(r)
	for i, f := range numberFields {
		if p := x.numbers[i]; p.low.n > 0 {
			*f.at(&s) = join53(p.low.value, p.high.value)
		}
	}
	if n := x.numbers[totalField].low.n; n > x.numbers[totalAsOfField].low.n {
		s.TotalAsOf = v.entries[n].version.AsOf
	}
	s.Highest = max(s.Highest, s.Total)
	for i, f := range textFields {
		*f.at(&s) = x.texts[i].value
	}
	return s
}
