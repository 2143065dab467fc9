package hubsync

import (
	"fmt"
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// Source says which of the Hub's answers an organisation is collected from.
type Source string

const (
	// SourceAuto asks for the publisher analytics and, where the Hub refuses
	// them, for the listings.
	SourceAuto Source = "auto"
	// SourceAnalytics is the publisher analytics CSV: the whole history.
	SourceAnalytics Source = "publisher_analytics"
	// SourceListings are the public listings: current counts, from which days
	// are observed.
	SourceListings Source = "listings"
)

// ParseSource reads auto, publisher_analytics or listings.
func ParseSource(s string) (Source, error) {
	switch v := Source(s); v {
	case SourceAuto, SourceAnalytics, SourceListings:
		return v, nil
	}
	return "", fmt.Errorf("expected auto, publisher_analytics or listings, got %q", s)
}

// Outcome is what a collection did.
type Outcome struct {
	Org string
	// Source is what was read: SourceAnalytics or SourceListings.
	Source Source
	// AsOf is the Hub's time of what was read, zero if it gave no answer.
	AsOf time.Time
	// Start and Duration are of our clock.
	Start    time.Time
	Duration time.Duration
	// NotModified is set if the Hub said that nothing changed.
	NotModified bool
	// Repos is how many repositories the Hub told of.
	Repos int
	// Change is what became of the records.
	Change history.Change
	// Appeared, Moved and Gone are repositories that were not known before, are
	// known under a new name, and are no longer there.
	Appeared []history.Repo
	Moved    []Move
	Gone     []history.Repo
	// Reason is the kind of the failure, "" for a success; Err is the failure.
	// ReasonStore is that of a store that took nothing.
	Reason hub.Kind
	Err    error
}

// ReasonStore is the Outcome.Reason of a collection that could not be stored.
const ReasonStore hub.Kind = "store"

// Move is a repository that was renamed or transferred.
type Move struct{ From, To history.Repo }

// OK reports whether the collection succeeded.
func (o *Outcome) OK() bool { return o.Err == nil }

// sort puts the lists in the order of Repo.Compare.
func (o *Outcome) sort() {
	slices.SortFunc(o.Appeared, history.Repo.Compare)
	slices.SortFunc(o.Gone, history.Repo.Compare)
	slices.SortFunc(o.Moved, func(m, n Move) int { return m.From.Compare(n.From) })
}
