package victoria

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// numberFields are the numbers of a state, by the name of their series.
var numberFields = []struct {
	name string
	at   func(*history.State) *int64
}{
	{"total", func(s *history.State) *int64 { return &s.Total }},
	{"total_as_of", func(s *history.State) *int64 { return (*int64)(&s.TotalAsOf) }},
	{"last_month", func(s *history.State) *int64 { return &s.LastMonth }},
	{"likes", func(s *history.State) *int64 { return &s.Likes }},
	{"listed_as_of", func(s *history.State) *int64 { return (*int64)(&s.ListedAsOf) }},
	{"base", func(s *history.State) *int64 { return &s.Base }},
	{"base_as_of", func(s *history.State) *int64 { return (*int64)(&s.BaseAsOf) }},
	{"gone_as_of", func(s *history.State) *int64 { return (*int64)(&s.GoneAsOf) }},
	{"highest", func(s *history.State) *int64 { return &s.Highest }},
	{"corrected", func(s *history.State) *int64 { return &s.Corrected }},
	{"corrected_as_of", func(s *history.State) *int64 { return (*int64)(&s.CorrectedAsOf) }},
}

// textFields are the texts of a state.
var textFields = []struct {
	name string
	at   func(*history.State) *string
}{
	{"hub_id", func(s *history.State) *string { return &s.HubID }},
	{"moved_to", func(s *history.State) *string { return &s.MovedTo }},
}

// The places of the total and its age in numberFields.
const (
	totalField     = 0
	totalAsOfField = 1
)

// knownField tells that a repository is known, and whether it has a record: isKnown at
// first, hasRecords from its first record on. It is not told of one that comes with a
// record and a total, as those of an export do.
const (
	knownField       = "known"
	isKnown    int64 = 1
	hasRecords int64 = 2
)

const highSuffix = "_high"

// toldOf returns a state as it is written down: a highest total is told only where it is
// not the total.
func toldOf(s history.State) history.State {
	if s.Highest == s.Total {
		s.Highest = history.Unknown
	}
	return s
}

// writeState writes under number n, which is of a version that is as of asOf, what differs
// from what was known; was is nil for a repository that is new, known is 0 if that field
// stays as it is.
func writeState(w *writer, n seq, asOf history.AsOf, was *history.State, now history.State, known int64) error {
	l := repoLabels(now.Repo)
	old := history.NewState(now.Repo)
	if was != nil {
		old = toldOf(*was)
	}
	now = toldOf(now)
	if known > 0 {
		if err := w.one(stateSeries, l.with("field", knownField), int64(n), known); err != nil {
			return err
		}
	}
	newTotal := now.Total != old.Total
	for i, f := range numberFields {
		was, v := *f.at(&old), *f.at(&now)
		changed := was != v
		low, high := split53(v)
		_, wasHigh := split53(was)
		if i == totalAsOfField && newTotal {
			// A total is as old as its number, if nothing else is told.
			changed = now.TotalAsOf != asOf || high != 0 || wasHigh != 0
		}
		if !changed {
			continue
		}
		if err := w.one(stateSeries, l.with("field", f.name), int64(n), low); err != nil {
			return err
		}
		if high == wasHigh {
			continue
		}
		if err := w.one(stateSeries, l.with("field", f.name+highSuffix), int64(n), high); err != nil {
			return err
		}
	}
	for _, f := range textFields {
		if *f.at(&old) == *f.at(&now) {
			continue
		}
		if err := w.one(textSeries, l.with("field", f.name).with("value", *f.at(&now)), int64(n), 1); err != nil {
			return err
		}
	}
	return nil
}

// stored is a state as its series come in.
type stored struct {
	known   int64    // of knownField
	numbers [11]fact // by numberFields
	confirm [3]part  // by confirmFields
	texts   [2]struct {
		n     seq
		value string
	}
}

// states reads what is known besides days of the repositories that f selects, in no
// order. v.recorded then has those of them that have a record, and v.confirmed what
// confirms their days.
func (v *view) states(f history.Filter) ([]history.State, error) {
	where := conditions(f)
	return v.statesOf([]string{v.selector(stateSeries, where...), v.selector(textSeries, where...)}, f.Matcher())
}

// totals is states of what a stream of records tells: the totals, and which repositories
// moved to another name.
func (v *view) totals(f history.Filter) ([]history.State, error) {
	where := slices.Clip(conditions(f))
	out, err := v.statesOf([]string{
		v.selector(stateSeries, append(where, `field="`+knownField+`"`)...),
		v.selector(stateSeries, append(where, `field=~"total|total`+highSuffix+`"`)...),
		v.selector(textSeries, append(where, `field="moved_to"`)...),
	}, f.Matcher())
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
	all, err := v.states(f)
	for _, s := range all {
		if i, ok := at[s.Repo]; ok {
			out[i] = s
		}
	}
	return out, err
}

// statesOf is states of the series of selectors, of repositories that matches takes.
func (v *view) statesOf(selectors []string, matches func(history.Repo) bool) ([]history.State, error) {
	all := make(map[history.Repo]*stored)
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
			return v.s.export(ctx, []string{selector}, 0, int64(max(v.last(), 1)), take)
		})
	}
	if err := asked.Wait(); err != nil {
		return nil, err
	}
	out := make([]history.State, 0, len(all))
	v.recorded = make(map[history.Repo]bool)
	v.confirmed = make(map[history.Repo]confirmed)
	for r, x := range all {
		out = append(out, v.stateOf(r, x))
		if x.known != isKnown {
			v.recorded[r] = true
		}
		if c := x.confirm; c[0].n > 0 {
			run := history.Days{From: history.Day(c[1].value), To: history.Day(c[2].value)}
			v.confirmed[r] = confirmed{c[0].n, history.AsOf(c[0].value), run}
		}
	}
	return out, nil
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
		x.known = last.value
		return
	}
	if at := slices.Index(confirmFields[:], field); at >= 0 {
		x.confirm[at] = last
		return
	}
	name, high := strings.CutSuffix(field, highSuffix)
	for i, f := range numberFields {
		if f.name != name {
			continue
		}
		if high {
			x.numbers[i].high = last
		} else {
			x.numbers[i].low = last
		}
	}
}

func (v *view) stateOf(r history.Repo, x *stored) history.State {
	s := history.NewState(r)
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
