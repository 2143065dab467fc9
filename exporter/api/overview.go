package api

import (
	"iter"
	"math"
	"net/http"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// overviewJSON is the answer to overviewRoute; groups come last.
type overviewJSON struct {
	periodJSON
	Sum    sumJSON     `json:"sum"`
	Groups []groupJSON `json:"groups,omitempty"` // set by the reading side alone
}

type sumJSON struct {
	Repos   int   `json:"repos"`
	Records int64 `json:"records"`
	Total   int64 `json:"total"`
	compareJSON
}

type groupJSON struct {
	// RepoType and Org are left out where they are not grouped by.
	RepoType *history.RepoType `json:"repo_type,omitempty"`
	Org      *string           `json:"org,omitempty"`
	sumJSON
	// Series is left out where it was not asked for.
	Series []history.DayDownloads `json:"series,omitzero"`
}

func (a *handlers) overview(w http.ResponseWriter, r *http.Request) error {
	p := readParams(r.URL.RawQuery)
	q := readOverview(p)
	if err := p.done(); err != nil {
		return err
	}
	revision := a.revision()
	if a.notModified(w, r, revision, overviewRoute, p.values.Encode()) {
		return nil
	}
	o, err := a.store.Overview(r.Context(), q)
	if err != nil {
		return err
	}
	if most := a.limits().MaxRows; most > 0 && int64(len(o.Groups)) > most {
		return tooMany(most, "groups", "select fewer organisations")
	}
	if err := answered(r.Context()); err != nil {
		return err
	}
	head := overviewJSON{periodJSON: periodOf(revision, o.Recorded, o.Days, o.Before, o.HasBefore)}
	head.Sum = sumOf(sumGroups(o.Groups), o.HasBefore)
	return writeJSON(w, head, "groups", groupsOf(q, &o))
}

// periodOf makes the head of an answer.
func periodOf(revision string, recorded, days, before history.Days, hasBefore bool) periodJSON {
	p := periodJSON{Recorded: daysOf(recorded), Days: daysOf(days)}
	if revision != "" {
		p.Revision = &revision
	}
	if hasBefore {
		p.Before = daysOf(before)
	}
	return p
}

func groupsOf(q history.OverviewQuery, o *history.Overview) iter.Seq[groupJSON] {
	return func(yield func(groupJSON) bool) {
		for i := range o.Groups {
			g := &o.Groups[i]
			j := groupJSON{sumJSON: sumOf(*g, o.HasBefore)}
			if q.ByRepoType {
				j.RepoType = &g.RepoType
			}
			if q.ByOrg {
				j.Org = &g.Org
			}
			if q.Series {
				j.Series = append([]history.DayDownloads{}, g.Series...) // [], not null
			}
			if !yield(j) {
				return
			}
		}
	}
}

func sumOf(g history.Group, hasBefore bool) sumJSON {
	return sumJSON{
		Repos: g.Repos, Records: g.Records, Total: g.Total,
		compareJSON: compare(g.Downloads, g.Before, hasBefore),
	}
}

// sumGroups adds all groups up.
func sumGroups(groups []history.Group) (sum history.Group) {
	for _, g := range groups {
		sum.Repos += g.Repos
		sum.Records = add(sum.Records, g.Records)
		sum.Total = add(sum.Total, g.Total)
		sum.Downloads = add(sum.Downloads, g.Downloads)
		sum.Before = add(sum.Before, g.Before)
	}
	return sum
}

// add adds two numbers that are not negative; it stays at the largest int64.
func add(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// overview returns what the answer to q was made of.
func (j *overviewJSON) overview(q history.OverviewQuery) history.Overview {
	o := history.Overview{Recorded: j.Recorded.days()}
	// JSON tells empty days as null; the rule tells them exactly.
	o.Days, o.Before, o.HasBefore = q.Period.Resolve(o.Recorded)
	for _, g := range j.Groups {
		group := history.Group{
			Repos: g.Repos, Records: g.Records, Total: g.Total,
			Downloads: g.Downloads, Before: g.before(),
		}
		if g.RepoType != nil {
			group.RepoType = *g.RepoType
		}
		if g.Org != nil {
			group.Org = *g.Org
		}
		if len(g.Series) > 0 {
			group.Series = g.Series
		}
		o.Groups = append(o.Groups, group)
	}
	return o
}
