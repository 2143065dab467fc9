package report

import (
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// largestRepos is how many repositories an overview shows.
const largestRepos = 10

// sums are those of the repositories of a type, or of a group.
type sums struct {
	Group     string           `json:"group,omitempty"`
	RepoType  history.RepoType `json:"repo_type,omitempty"`
	Repos     int              `json:"repos"`
	Total     int64            `json:"total"`
	AllTime   int64            `json:"all_time"`
	LastMonth int64            `json:"last_month"`
	compared
}

func sumsOf(all, month history.Group, hasBefore bool) sums {
	return sums{all.Group, all.RepoType, all.Repos, all.Total, all.Downloads, month.Downloads, compare(month.Downloads, month.Before, hasBefore)}
}

// overviews are sums over all time and over the last month.
type overviews struct{ all, month history.Overview }

func ask(ctx context.Context, store history.Reader, q history.OverviewQuery) (o overviews, err error) {
	if o.all, err = store.Overview(ctx, q); err != nil {
		return o, err
	}
	q.Period.Kind = history.LastMonth
	o.month, err = store.Overview(ctx, q)
	return o, err
}

// rows pairs the sums of both by what they are of: the history may have changed between the
// two questions.
func (o *overviews) rows() []sums {
	rows := make([]sums, len(o.all.Groups))
	for i, g := range o.all.Groups {
		var month history.Group
		if j := slices.IndexFunc(o.month.Groups, func(m history.Group) bool { return m.Group == g.Group && m.RepoType == g.RepoType }); j >= 0 {
			month = o.month.Groups[j]
		}
		rows[i] = sumsOf(g, month, o.month.HasBefore)
	}
	return rows
}

// Overview writes sums by repository type and by group, and the repositories with the most
// downloads of the last month.
func Overview(ctx context.Context, w io.Writer, store history.Reader, f history.Filter, s Screen) error {
	types, err := ask(ctx, store, history.OverviewQuery{Filter: f, ByRepoType: true})
	if err != nil {
		return err
	}
	groups, err := ask(ctx, store, history.OverviewQuery{Filter: f, ByGroup: true})
	if err != nil {
		return err
	}
	all, month := types.all, types.month
	q := history.ReposQuery{Filter: f, Period: history.Period{Kind: history.LastMonth}, Limit: largestRepos, Trend: history.LastMonthDays}
	byType, byGroup := types.rows(), groups.rows()
	sum := sumsOf(all.Sum(), month.Sum(), month.HasBefore)
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
			Groups    []sums        `json:"groups,omitempty"`
			Repos     []repo        `json:"repos"`
		}{month.Recorded.NilIfEmpty(), month.Days.NilIfEmpty(), sum, byType, byGroup, reposOf(&page)})
	case len(all.Groups) == 0:
		return noMatch(w)
	}
	if month.Recorded.Len() > 0 {
		if err := s.title(w, "Recorded %s to %s; the last month is %s to %s.", month.Recorded.From, month.Recorded.To, month.Days.From, month.Days.To); err != nil {
			return err
		}
	}
	if len(byType) > 1 {
		sum.RepoType = "all"
		byType = append(byType, sum)
	}
	if err := s.sums(w, "<TYPE", byType); err != nil {
		return err
	}
	if len(byGroup) > 0 {
		if err := s.title(w, "\nGroups, which may share repositories"); err != nil {
			return err
		}
		if err := s.sums(w, "<GROUP", byGroup); err != nil {
			return err
		}
	}
	if month.Days.Len() == 0 {
		return nil
	}
	return s.repos(ctx, w, store, q, func(page *history.ReposPage) error {
		if page.Matched == len(page.Rows) {
			return s.title(w, "\nRepositories by downloads in the last month")
		}
		return s.title(w, "\nThe %d largest of %s repositories in the last month", len(page.Rows), textenc.Grouped(int64(page.Matched)))
	})
}

// sums writes a table of sums.
func (s Screen) sums(w io.Writer, heading string, rows []sums) error {
	t := terminal.NewTable(heading, ">REPOS", ">TOTAL", ">ALL TIME", ">LAST MONTH", ">CHANGE")
	for _, r := range rows {
		change := "-"
		if r.Before != nil {
			change = terminal.Change(r.LastMonth, *r.Before, true)
		}
		t.Add(terminal.Printable(r.Group+string(r.RepoType)), textenc.Grouped(int64(r.Repos)), count(r.Total), count(r.AllTime), count(r.LastMonth), change)
	}
	return s.write(w, t)
}
