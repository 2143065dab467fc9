package victoria

import (
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// numberFields are the numbers of a state, by the name of their series.
var numberFields = []struct {
	name string
	at   func(*history.RepoMeta) *int64
}{
	{"total", func(s *history.RepoMeta) *int64 { return &s.Total }},
	{"total_as_of", func(s *history.RepoMeta) *int64 { return (*int64)(&s.TotalAsOf) }},
	{"last_month", func(s *history.RepoMeta) *int64 { return &s.LastMonth }},
	{"likes", func(s *history.RepoMeta) *int64 { return &s.Likes }},
	{"listed_as_of", func(s *history.RepoMeta) *int64 { return (*int64)(&s.ListedAsOf) }},
	{"base", func(s *history.RepoMeta) *int64 { return &s.Base }},
	{"base_as_of", func(s *history.RepoMeta) *int64 { return (*int64)(&s.BaseAsOf) }},
	{"gone_as_of", func(s *history.RepoMeta) *int64 { return (*int64)(&s.GoneAsOf) }},
	{"highest", func(s *history.RepoMeta) *int64 { return &s.Highest }},
	{"corrected", func(s *history.RepoMeta) *int64 { return &s.Corrected }},
	{"corrected_as_of", func(s *history.RepoMeta) *int64 { return (*int64)(&s.CorrectedAsOf) }},
}

// textFields are the texts of a state.
var textFields = []struct {
	name string
	at   func(*history.RepoMeta) *string
}{
	{"hub_id", func(s *history.RepoMeta) *string { return &s.HubID }},
	{"moved_to", func(s *history.RepoMeta) *string { return &s.MovedTo }},
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
func toldOf(s history.RepoMeta) history.RepoMeta {
	if s.Highest == s.Total {
		s.Highest = history.Unknown
	}
	return s
}

// writeState writes under number n, which is of a version that is as of asOf, what differs
// from what was known; was is nil for a repository that is new, known is 0 if that field
// stays as it is.
func writeState(w *writer, n seq, asOf history.AsOf, was *history.RepoMeta, now history.RepoMeta, known int64) error {
	l := repoLabels(now.Repo)
	old := history.NewRepoMeta(now.Repo)
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
