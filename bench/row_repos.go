package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// What the page of the repository table shows: the largest of those whose name
// holds a word, over a year, with a point of the trend for each so many days.
const (
	pageSearch = "-En"
	pageDays   = 360
	pageTrend  = 30
	pageLimit  = 50
)

// pageRow is a row of that page.
type pageRow struct {
	repo                     history.Repo
	total, downloads, before int64
	trend                    []int64
}

func (r pageRow) equal(s pageRow) bool {
	return r.repo == s.repo && r.total == s.total && r.downloads == s.downloads && r.before == s.before &&
		slices.Equal(r.trend, s.trend)
}

// runRepos asks for a page of the table of repositories, with a search and trends.
func runRepos(b *bench) ([]verdict, error) {
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	d, err := b.duckdb()
	if err != nil {
		return nil, err
	}
	last := table.Recorded().To
	days, before, compared := history.RangeOf(last-pageDays+1, last).Resolve(table.Recorded())
	if !compared { // the history does not cover that period
		before = history.Days{From: days.From, To: days.From - 1}
	}

	var ours, theirs []pageRow
	t, err := race(wallTime, b.rounds,
		contestant{name: "exporter", run: func() error { ours = pageOf(table, days); return nil }},
		contestant{name: "DuckDB", run: func() (err error) { theirs, err = pageInDuck(d, days, before); return err }},
	)
	if err != nil {
		return nil, err
	}
	if len(ours) == 0 || !slices.EqualFunc(ours, theirs, pageRow.equal) {
		return nil, fmt.Errorf("expected the same page, got from the exporter %+v\nand from DuckDB %+v", ours, theirs)
	}
	what := fmt.Sprintf("repository table, search, the first %d of %d, with trend", pageLimit, table.NumRepos())
	return []verdict{atLeast(what, 10, t[0], t[1])}, nil
}

func pageOf(t *memtable.Table, days history.Days) []pageRow {
	page := t.Repos(history.ReposQuery{
		Filter: history.Filter{Search: pageSearch},
		Period: history.RangeOf(days.From, days.To),
		Limit:  pageLimit,
		Trend:  pageTrend,
	})
	out := make([]pageRow, len(page.Rows))
	for i, r := range page.Rows {
		out[i] = pageRow{r.Repo, r.Total, r.Downloads, r.Before, r.Trend}
	}
	return out
}

// pageInDuck asks for the page and for the trends of the repositories on it, in
// one statement. To make trends for all repositories would be slower, and so
// would ILIKE.
func pageInDuck(d *duck, days, before history.Days) ([]pageRow, error) {
	step := history.TrendStep(days.Len(), pageTrend)
	query := fmt.Sprintf(`
		WITH page AS (
			SELECT repo_type, repo, max(total) AS total,
				coalesce(sum(downloads) FILTER (day BETWEEN DATE '%[1]s' AND DATE '%[2]s'), 0) AS downloads,
				coalesce(sum(downloads) FILTER (day BETWEEN DATE '%[3]s' AND DATE '%[4]s'), 0) AS before
			FROM records
			WHERE contains(lower(repo), %[5]s)
			GROUP BY repo_type, repo
			ORDER BY downloads DESC, repo_type <> 'model', repo_type, repo
			LIMIT %[6]d
		), points AS (
			SELECT r.repo_type, r.repo, (r.day - DATE '%[1]s') // %[7]d AS point, sum(r.downloads) AS n
			FROM records r SEMI JOIN page USING (repo_type, repo)
			WHERE r.day BETWEEN DATE '%[1]s' AND DATE '%[2]s'
			GROUP BY ALL
		)
		SELECT repo_type, repo, total, CAST(downloads AS BIGINT), CAST(before AS BIGINT), coalesce(point, -1), CAST(coalesce(n, 0) AS BIGINT)
		FROM page LEFT JOIN points USING (repo_type, repo)
		ORDER BY downloads DESC, repo_type <> 'model', repo_type, repo, point`,
		days.From, days.To, before.From, before.To,
		quote(strings.ToLower(pageSearch)), pageLimit, step)

	points := (days.Len() + step - 1) / step
	var out []pageRow
	var typ, name string
	var r pageRow
	var point, n int64
	err := d.query(query, []any{&typ, &name, &r.total, &r.downloads, &r.before, &point, &n}, func() {
		r.repo = history.Repo{Type: history.RepoType(typ), Name: name}
		if len(out) == 0 || out[len(out)-1].repo != r.repo {
			r.trend = make([]int64, points)
			for i := range r.trend {
				r.trend[i] = history.Unknown
			}
			out = append(out, r)
		}
		if point >= 0 {
			out[len(out)-1].trend[point] = n
		}
	})
	return out, err
}
