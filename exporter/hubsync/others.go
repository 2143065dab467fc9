package hubsync

import (
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// OtherRows counts the rows of an export, or the repositories of listings, whose names are
// not of the organization.
type OtherRows struct {
	// Legacy have a name without an organization, Stored one of an organization that is not
	// collected. Both are stored as they came.
	Legacy, Stored int64
	// LeftOut are of an organization that is collected itself: its own answer counts.
	LeftOut int64
}

// filter passes the rows of an answer on and counts those of others in o.
type filter struct {
	c *Collector
	o *OtherRows

	counters []*int64 // of each repository of the export, nil for one of the organization
	// kept is the dictionary of what is passed on, at has the place in it of each repository
	// of the export. Both have the same beginning as the export until one is left out.
	kept    []history.RepoTotal
	at      []uint32
	last    *history.RepoTotal // where the dictionary of the last block begins
	leaving bool
}

// counterOf returns what rows of a repository are counted in.
func (f *filter) counterOf(repo history.Repo) *int64 {
	switch org := repo.Org(); {
	case strings.EqualFold(org, f.c.Org): // the Hub ignores the case
		return nil
	case org == "":
		return &f.o.Legacy
	case f.c.Collected != nil && f.c.Collected(org):
		return &f.o.LeftOut
	}
	return &f.o.Stored
}

// takes counts a repository of a listing, and reports whether it is passed on.
func (f *filter) takes(repo history.Repo) bool {
	counter := f.counterOf(repo)
	if counter != nil {
		*counter++
	}
	return counter != &f.o.LeftOut
}

// learn brings what is known of the repositories up to a block's dictionary.
func (f *filter) learn(repos []history.RepoTotal) {
	for _, t := range repos[len(f.counters):] {
		counter := f.counterOf(t.Repo)
		f.counters = append(f.counters, counter)
		f.leaving = f.leaving || counter == &f.o.LeftOut
	}
	if !f.leaving || len(repos) == 0 {
		return
	}
	if f.last != &repos[0] { // another copy, which may have other totals
		f.last, f.kept, f.at = &repos[0], nil, f.at[:0]
	}
	for i := len(f.at); i < len(repos); i++ {
		f.at = append(f.at, uint32(len(f.kept)))
		if f.counters[i] != &f.o.LeftOut {
			f.kept = append(f.kept, repos[i])
		}
	}
}

// rows passes the rows on, in blocks of consecutive lines.
func (f *filter) rows(rows history.RowSeq) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for r, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			f.learn(r.Repos)
			for _, n := range r.Repo {
				if counter := f.counters[n]; counter != nil {
					*counter++
				}
			}
			if !f.leaving {
				if !yield(r, nil) {
					return
				}
				continue
			}
			for from, end := 0, 0; from <= r.Len(); from = end + 1 {
				for end = from; end < r.Len() && f.counters[r.Repo[end]] != &f.o.LeftOut; end++ {
					r.Repo[end] = f.at[r.Repo[end]]
				}
				if from == end && end < r.Len() {
					continue // the last one is passed on even if empty, with the dictionary
				}
				part := history.Rows{
					Repos: f.kept, Repo: r.Repo[from:end], Day: r.Day[from:end], Downloads: r.Downloads[from:end],
					Version: r.Version, FirstLine: r.FirstLine + int64(from),
				}
				if !yield(&part, nil) {
					return
				}
			}
		}
	}
}
