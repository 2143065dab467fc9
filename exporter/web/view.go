package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/picture"
)

const (
	// trendPoints is the number of points of a row's trend.
	trendPoints = 30
	// maxRows bounds the rows of a page.
	maxRows = 500
)

// view is what the page shows.
type view struct {
	Options
	// Loading says that the history cannot be asked yet.
	Loading bool
	// Collectors and Store are what the functions of Options return.
	Collectors []Collector
	Store      string
	// Problem is shown in place of all else, with a way back.
	Problem string

	q history.ReposQuery

	Repo     *repoView // nil: the table of all
	Days     history.Days
	AllTime  bool
	Recorded history.Days
	Compared bool // each number of downloads has one of the previous period
	Cards    []card
	Chart    chart
	Types    []choice // of repository
	Orgs     []choice
	Groups   []choice // of the configuration
	ByGroup  []groupRow
	Periods  []link
	From, To string
	CSV      string // the address of the records

	Search, Type, Org, Group string
	// Kept are the parameters that the search form passes on.
	Kept []link

	Columns        []column
	Rows           []row
	First, Last    int
	Matched        int
	Previous, Next string
}

// link is a name and an address, or a parameter and its value.
type link struct {
	Text, Address string
	Current       bool
}

// choice is an option of a select element.
type choice struct {
	Value, Text string
	Selected    bool
}

// card is the sums of a type of repositories.
type card struct {
	Title     string
	Class     string
	Repos     int
	Downloads int64
	Total     int64
	Change    change
}

// change compares with the previous period.
type change struct{ Text, Class string }

type column struct {
	Text, Address, Sorted string
	Number                bool
}

// groupRow is the sums of a group of the configuration.
type groupRow struct {
	card
	Address string
}

type row struct {
	history.RepoRow
	Address string
	Change  change
	Trend   sparkline
}

// parameters drops empty ones: a form sends all that it has.
func parameters(v url.Values) url.Values {
	for name, values := range v {
		if v[name] = slices.DeleteFunc(values, func(s string) bool { return s == "" }); len(v[name]) == 0 {
			delete(v, name)
		}
	}
	return v
}

// decode reads the parameters. Without a period it is the last month.
func decode(v url.Values) (history.ReposQuery, error) {
	v = parameters(v)
	if !v.Has("period") && !v.Has("from") && !v.Has("to") {
		v.Set("period", history.LastMonth.String())
	}
	q, err := wire.Repos.Decode(v.Encode())
	if err == nil && q.Limit > maxRows {
		err = &wire.Fault{Field: "limit", Message: fmt.Sprintf("expected at most %d, got %d", maxRows, q.Limit)}
	}
	q.Trend = trendPoints
	return q, err
}

// address returns the address of the page that shows q.
func address(q history.ReposQuery) string {
	q.Trend = 0
	v, _ := url.ParseQuery(wire.Repos.Encode(q))
	switch {
	case q.Period.Kind == history.LastMonth:
		v.Del("period")
	case q.Period.Kind == history.AllTime:
		v.Set("period", history.AllTime.String())
	case q.Period.From != history.NoDay || q.Period.To != history.NoDay:
		v.Del("period") // from and to say it
	}
	return "?" + v.Encode()
}

// with returns the address of a changed query, at its first page.
func (v *view) with(f func(*history.ReposQuery)) string {
	q := v.q
	q.Offset = 0
	f(&q)
	return address(q)
}

// answer asks for what the page shows, and returns the status of the answer. A view with a
// problem can be shown, too.
func (v *view) answer(ctx context.Context, store history.Reader, params url.Values) (int, error) {
	var err error
	if v.q, err = decode(params); err == nil {
		err = v.load(ctx, store)
	}
	if fault, ok := errors.AsType[*wire.Fault](err); ok {
		v.Problem = "This address cannot be shown: " + fault.Error() + "."
		return http.StatusBadRequest, nil
	}
	switch {
	case err == nil && v.Problem != "":
		return http.StatusNotFound, nil
	case errors.Is(err, context.DeadlineExceeded):
		v.Problem = "The numbers were not found in time (query.timeout). Choose a shorter period or fewer repositories."
		return http.StatusServiceUnavailable, err
	case err != nil:
		v.Problem = "The history cannot be read: " + err.Error() + "."
		return http.StatusServiceUnavailable, err
	}
	return http.StatusOK, nil
}

func (v *view) load(ctx context.Context, store history.Reader) error {
	// One sum of all says what there is to choose from.
	all, err := store.Overview(ctx, history.OverviewQuery{Period: wire.NoDays, ByRepoType: true, ByOrg: true})
	if err != nil {
		return err
	}
	v.Recorded = all.Recorded
	// Periods end at the last recorded day: what is not known is not a fall.
	if p := &v.q.Period; p.Kind == history.Range && all.Recorded.Len() > 0 && (p.To == history.NoDay || p.To > all.Recorded.To) {
		p.To = max(all.Recorded.To, p.From)
	}
	overview, err := store.Overview(ctx, history.OverviewQuery{Filter: v.q.Filter, Period: v.q.Period, ByRepoType: true, Series: true})
	if err != nil {
		return err
	}
	page, err := store.Repos(ctx, v.q)
	if err != nil {
		return err
	}
	v.Days, v.AllTime = overview.Days, v.q.Period.Kind == history.AllTime
	v.Compared = overview.HasBefore && overview.Before.From >= overview.Recorded.From
	v.cards(overview.Groups)
	v.Chart = newChart(overview.Days, overview.Recorded, overview.Groups)
	v.controls(all.Groups)
	if f := &v.q.Filter; len(f.Repos) == 1 {
		if len(page.Rows) == 0 {
			v.Problem = fmt.Sprintf("There is no repository %s in the history.", f.Repos[0])
			return nil
		}
		// A model and a dataset may share the name.
		v.q.Filter.RepoTypes = []history.RepoType{page.Rows[0].Repo.Type}
		if len(page.Rows) > 1 {
			*v = view{Options: v.Options, q: v.q}
			return v.load(ctx, store)
		}
		return v.loadRepo(ctx, store, &page.Rows[0])
	}
	v.table(&page)
	return v.loadGroups(ctx, store)
}

// cardOf returns the sums of g.
func (v *view) cardOf(title, class string, g history.Group) card {
	c := card{Title: title, Class: class, Repos: g.Repos, Downloads: g.Downloads, Total: g.Total, Change: v.changeOf(g.Downloads, g.Before)}
	if g.Records == 0 {
		c.Downloads, c.Change = history.Unknown, change{}
	}
	return c
}

// cards are the sums of all, and of each type.
func (v *view) cards(groups []history.Group) {
	add := func(title, class string, g history.Group) { v.Cards = append(v.Cards, v.cardOf(title, class, g)) }
	if len(groups) != 1 {
		add("All repositories", "", history.SumOf(groups))
	}
	for i, g := range groups {
		add(picture.TypeName(g.RepoType), typeClass(i), g)
	}
}

// typeClass is the class of the color of the i-th type.
func typeClass(i int) string { return "type" + strconv.Itoa(i%6) }

// changeOf compares numbers of downloads.
func (v *view) changeOf(downloads, before int64) change {
	if !v.Compared || before == 0 {
		return change{}
	}
	percent := (float64(downloads) - float64(before)) / float64(before) * 100
	switch {
	case percent >= 1000:
		return change{fmt.Sprintf("×%.0f", float64(downloads)/float64(before)), "up"}
	case percent > 0:
		return change{fmt.Sprintf("+%.1f%%", percent), "up"}
	case percent < 0:
		return change{fmt.Sprintf("−%.1f%%", -percent), "down"}
	}
	return change{"0%", ""}
}

// table has the rows of a page, and the ways to other ones.
func (v *view) table(page *history.ReposPage) {
	for _, c := range []struct {
		text string
		sort history.Sort
		show bool
	}{
		{"Repository", history.SortName, true},
		{"Downloads", history.SortDownloads, true},
		{"Change", history.SortChange, v.Compared},
		{"Total", history.SortTotal, true},
	} {
		if !c.show {
			continue
		}
		byName := c.sort == history.SortName
		col := column{Text: c.text, Number: !byName}
		ascending := byName
		if v.q.Sort == c.sort {
			ascending = !v.q.Ascending
			col.Sorted = "descending"
			if v.q.Ascending {
				col.Sorted = "ascending"
			}
		}
		col.Address = v.with(func(q *history.ReposQuery) { q.Sort, q.Ascending = c.sort, ascending })
		v.Columns = append(v.Columns, col)
	}
	for _, r := range page.Rows {
		// The last point may be of fewer days than the others, which is not a fall.
		if page.TrendStep > 1 && page.Days.Len()%page.TrendStep != 0 && len(r.Trend) > 0 {
			r.Trend = r.Trend[:len(r.Trend)-1]
		}
		if r.Recorded.Len() == 0 {
			r.Downloads = history.Unknown
		}
		v.Rows = append(v.Rows, row{
			RepoRow: r, Address: v.repoAddress(r.Repo), Change: v.changeOf(r.Downloads, r.Before), Trend: newSparkline(r.Trend),
		})
	}
	v.Matched = page.Matched
	v.First, v.Last = v.q.Offset+1, v.q.Offset+len(page.Rows)
	to := func(offset int) string {
		q := v.q
		q.Offset = offset
		return address(q)
	}
	if v.q.Offset > 0 {
		v.Previous = to(max(v.q.Offset-v.q.Limit, 0))
	}
	if v.Last < v.Matched {
		v.Next = to(v.q.Offset + v.q.Limit)
	}
}

// repoAddress is the address of the page of a repository.
func (v *view) repoAddress(r history.Repo) string {
	return address(history.ReposQuery{
		Filter: history.Filter{RepoTypes: []history.RepoType{r.Type}, Repos: []string{r.Name}}, Period: v.q.Period, Limit: v.q.Limit,
	})
}
