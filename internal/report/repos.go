package report

import (
	"context"
	"fmt"
	"io"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// repo is a repository as JSON.
type repo struct {
	RepoType  history.RepoType `json:"repo_type"`
	Repo      string           `json:"repo"`
	Total     *int64           `json:"total"`
	Downloads int64            `json:"downloads"`
	compared
	Recorded *history.Days `json:"recorded"`
	Trend    []*int64      `json:"trend"`
}

func reposOf(page *history.ReposPage) []repo {
	repos := make([]repo, len(page.Rows))
	for i := range page.Rows {
		r := &page.Rows[i]
		repos[i] = repo{r.Repo.Type, r.Repo.Name, history.Known(&r.Total), r.Downloads, compare(r.Downloads, r.Before, page.HasBefore), r.Recorded.NilIfEmpty(), []*int64{}}
		for j := range r.Trend {
			repos[i].Trend = append(repos[i].Trend, history.Known(&r.Trend[j]))
		}
	}
	return repos
}

// Repos writes the table of repositories that q asks for.
func Repos(ctx context.Context, w io.Writer, store history.Reader, q history.ReposQuery, s Screen) error {
	if s.Format == Table || s.Format == Markdown {
		var page history.ReposPage
		err := s.repos(ctx, w, store, q, func(p *history.ReposPage) error {
			if page = *p; len(page.Rows) == 0 {
				return nil
			}
			return s.title(w, "%s to %s", page.Days.From, page.Days.To)
		})
		if err != nil {
			return err
		}
		if page.Matched == 0 {
			return noMatch(w)
		}
		if shown := q.Offset + len(page.Rows); len(page.Rows) < page.Matched {
			_, err = fmt.Fprintf(w, "\n%s to %s of %s\n", textenc.Grouped(int64(min(q.Offset+1, shown))), textenc.Grouped(int64(shown)), textenc.Repositories(page.Matched))
		}
		return err
	}
	page, err := store.Repos(ctx, q)
	if err != nil {
		return err
	}
	repos := reposOf(&page)
	if s.Format == JSON {
		return writeJSON(w, struct {
			Days      *history.Days `json:"days"`
			Matched   int           `json:"matched"`
			TrendStep int           `json:"trend_step"`
			Repos     []repo        `json:"repos"`
		}{page.Days.NilIfEmpty(), page.Matched, page.TrendStep, repos})
	}
	var rows [][]string
	for _, r := range repos {
		row := append([]string{string(r.RepoType), r.Repo, digits(r.Total), digits(&r.Downloads)}, r.cells()...)
		if r.Recorded != nil {
			row = append(row, r.Recorded.From.String(), r.Recorded.To.String())
		} else {
			row = append(row, "", "")
		}
		rows = append(rows, row)
	}
	return writeCSV(w, []string{"repo_type", "repo", "total", "downloads", "before", "change", "first_day", "last_day"}, rows)
}

// repos writes the table of repositories, as wide as there is room: first the trend becomes
// coarser, then the names are cut. before writes what stands above it.
func (s Screen) repos(ctx context.Context, w io.Writer, store history.Reader, q history.ReposQuery, before func(*history.ReposPage) error) error {
	page, err := store.Repos(ctx, q)
	if err != nil {
		return err
	}
	t := reposTable(&page, q.Period)
	if over := t.Width() - s.Width; over > 0 && s.Format == Table {
		const least = 10
		q.Trend = max(least, q.Trend-over)
		if page, err = store.Repos(ctx, q); err != nil {
			return err
		}
		t = reposTable(&page, q.Period)
		t.Shorten(1, s.Width, least)
	}
	if err := before(&page); err != nil || len(page.Rows) == 0 {
		return err
	}
	return s.write(w, t)
}

func reposTable(page *history.ReposPage, p history.Period) *terminal.Table {
	downloads := ">DOWNLOADS"
	if p.Kind == history.LastMonth {
		downloads = ">LAST MONTH"
	}
	t := terminal.NewTable("<TYPE", "<REPOSITORY", ">TOTAL", downloads, ">CHANGE", "<TREND")
	for _, r := range page.Rows {
		t.Add(terminal.Printable(string(r.Repo.Type)), terminal.Printable(r.Repo.Name), count(r.Total), count(r.Downloads),
			terminal.Change(r.Downloads, r.Before, page.HasBefore), terminal.Sparkline(r.Trend))
	}
	return t
}
