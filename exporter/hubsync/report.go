package hubsync

import (
	"fmt"
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/differ"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
)

// Source says which of the Hub's answers an organization is collected from.
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

// Reasons of a failure beside those of the Hub's client.
const (
	// ReasonStore is that of a collection that could not be stored.
	ReasonStore hub.Kind = "store"
	// ReasonImplausible is that of an answer that is not believed yet.
	ReasonImplausible hub.Kind = "implausible"
)

// Summary says how a collection went, in few bytes.
type Summary struct {
	// Source is what was read: SourceAnalytics or SourceListings.
	Source Source
	// AsOf is the Hub's time of what was read, zero if it gave no answer.
	AsOf time.Time
	// Start and Duration are of our clock.
	Start    time.Time
	Duration time.Duration
	// NotModified is set if the Hub said that nothing changed.
	NotModified bool
	// Repos is how many repositories the answer had.
	Repos int
	// Change is what became of the records.
	Change history.Change
	// BadRows are the rows of an export that were set aside, by reason.
	BadRows history.BadRows
	// Others are the rows of an answer that are not of the organization.
	Others OtherRows
	// Reason is the kind of the failure, "" for a success.
	Reason hub.Kind
	// Implausible is why the answer is not believed, or not all of it; "" if it is. Note
	// says what of an answer that was stored is not.
	Implausible plausible.Reason
	Note        string
}

// Report says what a collection did.
type Report struct {
	Org string
	Summary
	differ.Changes
	// Err is the failure, nil for a success.
	Err error
}

func report(s Source) Report { return Report{Summary: Summary{Source: s}} }

// OK reports whether the collection succeeded.
func (r *Report) OK() bool { return r.Err == nil }

// after returns r with what was stored before it in the same collection.
func (r Report) after(earlier Report) Report {
	c, e := &r.Change, &earlier.Change
	c.Records, c.Repos, c.Days = c.Records+e.Records, max(c.Repos, e.Repos), max(c.Days, e.Days)
	c.New, c.Changed, c.Unchanged, c.Outdated = c.New+e.New, c.Changed+e.Changed, c.Unchanged+e.Unchanged, c.Outdated+e.Outdated
	c.Removed += e.Removed
	r.Appeared = slices.Concat(earlier.Appeared, r.Appeared)
	r.Moved = slices.Concat(earlier.Moved, r.Moved)
	r.Gone = slices.Concat(earlier.Gone, r.Gone)
	r.Sort()
	return r
}

// maxRecent is how many collections of an organization are kept to be looked at.
const maxRecent = 20

// Past is what is kept of a Report.
type Past struct {
	Summary
	// Appeared, Moved and Gone count repositories.
	Appeared, Moved, Gone int
	// Error is the text of the failure, "" for a success.
	Error string
}

// OK reports whether the collection succeeded.
func (p *Past) OK() bool { return p.Error == "" }

func pastOf(r *Report) Past {
	p := Past{Summary: r.Summary, Appeared: len(r.Appeared), Moved: len(r.Moved), Gone: len(r.Gone)}
	if r.Err != nil {
		p.Error = r.Err.Error()
	}
	return p
}

// keep adds what ended last to the recent ones, the newest first.
func keep(recent []Past, r *Report) []Past {
	// Who was given the slice before keeps it as it was.
	return slices.Insert(slices.Clone(recent[:min(len(recent), maxRecent-1)]), 0, pastOf(r))
}
