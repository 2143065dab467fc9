package hubsync

import (
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// maxRecent is how many collections of an organisation are kept to be looked at.
const maxRecent = 20

// Past is what is kept of a collection that has ended.
type Past struct {
	// Start is when it began and Duration how long it took, by our clock; AsOf is the
	// Hub's time of what was read, zero if it gave no answer.
	Start, AsOf time.Time
	Duration    time.Duration
	Source      Source
	NotModified bool
	Repos       int
	Change      history.Change
	// Appeared, Moved and Gone count repositories.
	Appeared, Moved, Gone int
	// Reason is the kind of the failure, "" for a success, Error its text.
	Reason hub.Kind
	Error  string
}

// OK reports whether the collection succeeded.
func (p *Past) OK() bool { return p.Reason == "" && p.Error == "" }

func pastOf(o *Outcome) Past {
	p := Past{
		Start: o.Start, AsOf: o.AsOf, Duration: o.Duration, Source: o.Source, NotModified: o.NotModified,
		Repos: o.Repos, Change: o.Change, Appeared: len(o.Appeared), Moved: len(o.Moved), Gone: len(o.Gone), Reason: o.Reason,
	}
	if o.Err != nil {
		p.Error = o.Err.Error()
	}
	return p
}

// keep adds what ended last to the recent ones, the newest first.
func keep(recent []Past, o *Outcome) []Past {
	// Who was given the slice before keeps it as it was.
	return slices.Insert(slices.Clone(recent[:min(len(recent), maxRecent-1)]), 0, pastOf(o))
}
