package wire

import (
	"io"
	"iter"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Status says what answers, and how much it holds: the answer to StatusRoute.
type Status struct {
	// API is the version of the API: 1.
	API int `json:"api"`
	// Version is that of the exporter, "" if its build does not say.
	Version string `json:"version"`
	// Revision names the present state of the history, nil if the store names none.
	Revision *string `json:"revision"`
	// Repos is the number of repositories, Records of recorded days of all of them.
	Repos   int   `json:"repos"`
	Records int64 `json:"records"`
	// Recorded runs from the first to the last recorded day, nil for an empty history.
	Recorded *history.Days `json:"recorded"`
	// Groups are the names of the groups that can be asked for, Collections the Hub's
	// collections in them.
	Groups      []string     `json:"groups,omitempty"`
	Collections []Collection `json:"collections,omitempty"`
}

// Collection is how a collection on the Hub stands, which is in a group.
type Collection struct {
	Slug  string `json:"slug"`
	Repos int    `json:"repos"`
	// AsOf is when the Hub last said what is in it, nil for never.
	AsOf *time.Time `json:"as_of"`
	// Failure is why it could not the last time, nil if it could.
	Failure *string `json:"failure"`
}

// NewStatus returns the status of a history.
func NewStatus(exporter, revision string, o *history.Overview) Status {
	sum := o.Sum()
	return Status{API: Version, Version: exporter, Revision: optional(revision), Repos: sum.Repos, Records: sum.Records, Recorded: o.Recorded.NilIfEmpty()}
}

// periodJSON is what overview and page have in common: what they are about.
type periodJSON struct {
	// Revision names the state of the history, null where the store names none.
	Revision *string       `json:"revision"`
	Recorded *history.Days `json:"recorded"`
	Days     *history.Days `json:"days"`
	Before   *history.Days `json:"before"`
}

func periodOf(revision string, recorded, days, before history.Days, hasBefore bool) periodJSON {
	p := periodJSON{Revision: optional(revision), Recorded: recorded.NilIfEmpty(), Days: days.NilIfEmpty()}
	if hasBefore {
		p.Before = before.NilIfEmpty()
	}
	return p
}

// compareJSON is downloads in a period next to those of the previous period it.
type compareJSON struct {
	Downloads int64 `json:"downloads"`
	// Before and Change are null without a period before.
	Before *int64 `json:"before"`
	Change *int64 `json:"change"`
}

func compare(downloads, before int64, hasBefore bool) compareJSON {
	c := compareJSON{Downloads: downloads}
	if hasBefore {
		change := downloads - before
		c.Before, c.Change = &before, &change
	}
	return c
}

// overviewJSON is the answer to OverviewRoute; groups come last.
type overviewJSON struct {
	periodJSON
	Sum    sumJSON     `json:"sum"`
	Groups []groupJSON `json:"groups,omitempty"` // set by the reading side alone
}

type sumJSON struct {
	Repos   int   `json:"repos"`
	Records int64 `json:"records"`
	Total   int64 `json:"total"`
	// Recorded runs from the first to the last recorded day of those repositories.
	Recorded *history.Days `json:"recorded"`
	compareJSON
}

type groupJSON struct {
	// Group, RepoType and Org are left out where they are not grouped by.
	Group    *string           `json:"group,omitempty"`
	RepoType *history.RepoType `json:"repo_type,omitempty"`
	Org      *string           `json:"org,omitempty"`
	sumJSON
	// Series is left out where it was not asked for.
	Series []history.DayDownloads `json:"series,omitzero"`
}

// WriteOverview writes the answer o to q.
func WriteOverview(w io.Writer, revision string, q history.OverviewQuery, o *history.Overview) error {
	head := overviewJSON{
		periodJSON: periodOf(revision, o.Recorded, o.Days, o.Before, o.HasBefore),
		Sum:        sumOf(o.Sum(), o.HasBefore),
	}
	return writeList(w, head, "groups", func(yield func(groupJSON, error) bool) {
		for i := range o.Groups {
			g := &o.Groups[i]
			j := groupJSON{sumJSON: sumOf(*g, o.HasBefore)}
			if q.ByGroup {
				j.Group = &g.Group
			}
			if q.ByRepoType {
				j.RepoType = &g.RepoType
			}
			if q.ByOrg {
				j.Org = &g.Org
			}
			if q.Series {
				j.Series = append([]history.DayDownloads{}, g.Series...) // [], not null
			}
			if !yield(j, nil) {
				return
			}
		}
	})
}

func sumOf(g history.Group, hasBefore bool) sumJSON {
	return sumJSON{g.Repos, g.Records, g.Total, g.Recorded.NilIfEmpty(), compare(g.Downloads, g.Before, hasBefore)}
}

// ReadOverview reads an answer of at most limit bytes to q.
func ReadOverview(r io.Reader, limit int64, q history.OverviewQuery) (history.Overview, error) {
	var j overviewJSON
	if err := ReadJSON(r, limit, &j); err != nil {
		return history.Overview{}, err
	}
	o := history.Overview{Recorded: daysIn(j.Recorded)}
	// JSON has empty days as null; the rule tells which they are.
	o.Days, o.Before, o.HasBefore = q.Period.Resolve(o.Recorded)
	for _, g := range j.Groups {
		group := g.group()
		group.Group, group.RepoType, group.Org, group.Series = value(g.Group), value(g.RepoType), value(g.Org), nilIfEmpty(g.Series)
		o.Groups = append(o.Groups, group)
	}
	if q.ByGroup {
		all := j.Sum.group()
		o.All = &all
	}
	return o, nil
}

func (j *sumJSON) group() history.Group {
	return history.Group{Repos: j.Repos, Records: j.Records, Total: j.Total, Recorded: daysIn(j.Recorded), Downloads: j.Downloads, Before: value(j.Before)}
}

func nilIfEmpty[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

// reposJSON is the answer to ReposRoute; rows come last.
type reposJSON struct {
	periodJSON
	Matched int `json:"matched"`
	// TrendStep is left out without trends.
	TrendStep int       `json:"trend_step,omitempty"`
	Rows      []rowJSON `json:"rows,omitempty"` // set by the reading side alone
}

type repoJSON struct {
	RepoType history.RepoType `json:"repo_type"`
	Org      string           `json:"org"`
	Repo     string           `json:"repo"`
}

func repoOf(r history.Repo) repoJSON { return repoJSON{r.Type, r.Org(), r.Name} }

func (j repoJSON) repo() history.Repo { return history.Repo{Type: j.RepoType, Name: j.Repo} }

type rowJSON struct {
	repoJSON
	Total *int64 `json:"total"`
	compareJSON
	Recorded *history.Days `json:"recorded"`
	// The times are null where there was nothing.
	Removed       int64    `json:"removed"`
	RemovedAsOf   asOfJSON `json:"removed_as_of"`
	Backdated     int64    `json:"backdated"`
	BackdatedAsOf asOfJSON `json:"backdated_as_of"`
	// Trend is left out where it was not asked for.
	Trend trendJSON `json:"trend,omitzero"`
}

// WriteRepos writes a page.
func WriteRepos(w io.Writer, revision string, page *history.ReposPage) error {
	head := reposJSON{
		periodJSON: periodOf(revision, page.Recorded, page.Days, page.Before, page.HasBefore),
		Matched:    page.Matched,
		TrendStep:  page.TrendStep,
	}
	return writeList(w, head, "rows", func(yield func(rowJSON, error) bool) {
		for i := range page.Rows {
			r := &page.Rows[i]
			if !yield(rowJSON{
				repoOf(r.Repo), history.Known(&r.Total), compare(r.Downloads, r.Before, page.HasBefore), r.Recorded.NilIfEmpty(),
				r.Removed, asOfJSON(r.RemovedAsOf), r.Backdated, asOfJSON(r.BackdatedAsOf), r.Trend,
			}, nil) {
				return
			}
		}
	})
}

// ReadRepos reads a page of at most limit bytes, the answer to q, and the revision
// that it is of.
func ReadRepos(r io.Reader, limit int64, q history.ReposQuery) (p history.ReposPage, revision string, err error) {
	var j reposJSON
	if err := ReadJSON(r, limit, &j); err != nil {
		return p, "", err
	}
	p = history.ReposPage{Recorded: daysIn(j.Recorded), Matched: j.Matched, TrendStep: j.TrendStep}
	p.Days, p.Before, p.HasBefore = q.Period.Resolve(p.Recorded)
	for _, r := range j.Rows {
		p.Rows = append(p.Rows, history.RepoRow{
			Repo: r.repo(), Total: countIn(r.Total), Downloads: r.Downloads, Before: value(r.Before),
			Recorded: daysIn(r.Recorded), Trend: r.Trend,
			Removed: r.Removed, RemovedAsOf: history.AsOf(r.RemovedAsOf),
			Backdated: r.Backdated, BackdatedAsOf: history.AsOf(r.BackdatedAsOf),
		})
	}
	return p, value(j.Revision), nil
}

// countsJSON is an element of the answer to CountsRoute.
type countsJSON struct {
	repoJSON
	Downloads *int64 `json:"downloads"`
	Removed   int64  `json:"removed"`
	Backdated int64  `json:"backdated"`
	AllTime   *int64 `json:"all_time"`
	LastMonth *int64 `json:"last_month"`
	Likes     *int64 `json:"likes"`
}

// WriteCounts writes the answer to CountsRoute.
func WriteCounts(w io.Writer, revision string, counts iter.Seq2[history.Counts, error]) error {
	head := struct {
		Revision *string `json:"revision"`
	}{optional(revision)}
	return writeList(w, head, "rows", func(yield func(countsJSON, error) bool) {
		for c, err := range counts {
			if !yield(countsJSON{repoOf(c.Repo), history.Known(&c.Downloads), c.Removed, c.Backdated, history.Known(&c.AllTime), history.Known(&c.LastMonth), history.Known(&c.Likes)}, err) {
				return
			}
		}
	})
}

// ReadCounts reads an answer of at most limit bytes.
func ReadCounts(r io.Reader, limit int64) ([]history.Counts, error) {
	var j struct {
		Rows []countsJSON `json:"rows"`
	}
	if err := ReadJSON(r, limit, &j); err != nil {
		return nil, err
	}
	counts := make([]history.Counts, len(j.Rows))
	for i, c := range j.Rows {
		counts[i] = history.Counts{
			Repo: c.repo(), Counters: history.Counters{Downloads: countIn(c.Downloads), Removed: c.Removed, Backdated: c.Backdated},
			AllTime: countIn(c.AllTime), LastMonth: countIn(c.LastMonth), Likes: countIn(c.Likes),
		}
	}
	return counts, nil
}
