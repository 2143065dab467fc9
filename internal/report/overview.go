package report

import (
	"context"
	"io"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// largestRepos is how many repositories an overview shows.
const largestRepos = 10

// sums are those of the repositories of a type.
type sums struct {
	RepoType  history.RepoType `json:"repo_type,omitempty"`
	Repos     int              `json:"repos"`
	Total     int64            `json:"total"`
	AllTime   int64            `json:"all_time"`
	LastMonth int64            `json:"last_month"`
	compared
}

func sumsOf(t history.RepoType, all, month history.Group, hasBefore bool) sums {
	return sums{t, all.Repos, all.Total, all.Downloads, month.Downloads, compare(month.Downloads, month.Before, hasBefore)}
}

// Overview writes sums by repository type, and the repositories with the most downloads of the
// last month.
func Overview(ctx context.Context, w io.Writer, store history.Reader, f history.Filter, s Screen) error {
	ask := func(kind history.PeriodKind) (history.Overview, error) {
		return store.Overview(ctx, history.OverviewQuery{Filter: f, Period: history.Period{Kind: kind}, ByRepoType: true})
	}
	all, err := ask(history.AllTime)
	if err != nil {
		return err
	}
	month, err := ask(history.LastMonth)
	if err != nil {
		return err
	}
	q := history.ReposQuery{Filter: f, Period: history.Period{Kind: history.LastMonth}, Limit: largestRepos, Trend: history.LastMonthDays}
	byType := make([]sums, len(all.Groups))
	for i, g := range all.Groups {
		byType[i] = sumsOf(g.RepoType, g, month.Groups[i], month.HasBefore)
	}
	sum := sumsOf("", all.Sum(), month.Sum(), month.HasBefore)
	switch {
	case s.Format == CSV:
		var rows [][]string
		for _, t := range byType {
			rows = append(rows, append([]string{string(t.RepoType), strconv.Itoa(t.Repos), digits(&t.Total), digits(&t.AllTime), digits(&t.LastMonth)}, t.cells()...))
		}
		return writeCSV(w, []string{"repo_type", "repos", "total", "all_time", "last_month", "before", "change"}, rows)
	case s.Format == JSON:
		page, err := store.Repos(ctx, q)
		if err != nil {
			return err
		}
		return writeJSON(w, struct {
			Recorded  *history.Days `json:"recorded"`
			LastMonth *history.Days `json:"last_month"`
			Sum       sums          `json:"sum"`
			Types     []sums        `json:"types"`
			Repos     []repo        `json:"repos"`
		}{daysOf(month.Recorded), daysOf(month.Days), sum, byType, reposOf(&page)})
	case len(all.Groups) == 0:
		return noMatch(w)
	}
	if month.Recorded.Len() > 0 {
		if err := s.title(w, "Recorded %s to %s; the last month is %s to %s.", month.Recorded.From, month.Recorded.To, month.Days.From, month.Days.To); err != nil {
			return err
		}
	}
	t := terminal.NewTable("<TYPE", ">REPOS", ">TOTAL", ">ALL TIME", ">LAST MONTH", ">CHANGE")
	if len(byType) > 1 {
		sum.RepoType = "all"
		byType = append(byType, sum)
	}
	for _, r := range byType {
		change := "-"
		if r.Before != nil {
			change = terminal.Change(r.LastMonth, *r.Before, true)
		}
		t.Add(terminal.Printable(string(r.RepoType)), textenc.Grouped(int64(r.Repos)), count(r.Total), count(r.AllTime), count(r.LastMonth), change)
	}
	if err := s.write(w, t); err != nil || month.Days.Len() == 0 {
		return err
	}
	return s.repos(ctx, w, store, q, func(page *history.ReposPage) error {
		if page.Matched == len(page.Rows) {
			return s.title(w, "\nRepositories by downloads in the last month")
		}
		return s.title(w, "\nThe %d largest of %s repositories in the last month", len(page.Rows), textenc.Grouped(int64(page.Matched)))
	})
}

// daysOf is nil for no days.
func daysOf(d history.Days) *history.Days {
	if d.Len() == 0 {
		return nil
	}
	return &d
}
