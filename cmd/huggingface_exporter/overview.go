package main

import (
	"context"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"
	"golang.org/x/term"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	largestRepos = 10
	plainWidth   = 120 // columns where there is no terminal to ask
)

// overviewCommand shows the history on the terminal.
func overviewCommand(app *kingpin.Application) command {
	cmd := app.Command("overview", "Print totals by repository type, and the most downloaded repositories of the last month.")
	storage := addStorageFlags(cmd)
	filter := addFilterFlags(cmd)
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		store, groups, err := storage.openGroups(ctx, p, true)
		if err != nil {
			return err
		}
		defer store.Close()
		width := plainWidth
		if terminal.Is(p.stdout) {
			if w, _, err := term.GetSize(int(p.stdout.Fd())); err == nil && w > 0 {
				width = w
			}
		}
		return writeOverview(ctx, p.stdout, groups.Reader(store), filter.filter(), width)
	}}
}

// writeOverview writes what store answers, for a screen of that many columns.
func writeOverview(ctx context.Context, w io.Writer, store history.Reader, filter history.Filter, width int) error {
	sums := func(kind history.PeriodKind, byType bool) (history.Overview, error) {
		return store.Overview(ctx, history.OverviewQuery{Filter: filter, Period: history.Period{Kind: kind}, ByRepoType: byType})
	}
	var answers [4]history.Overview
	for i := range answers {
		kind := history.AllTime
		if i%2 == 1 {
			kind = history.LastMonth
		}
		var err error
		if answers[i], err = sums(kind, i < 2); err != nil {
			return err
		}
	}
	allTime, month := answers[0], answers[1]
	if len(allTime.Groups) == 0 {
		_, err := fmt.Fprintln(w, "No repository matches.")
		return err
	}
	if month.Recorded.Len() > 0 {
		if _, err := fmt.Fprintf(w, "Recorded %s to %s; the last month is %s to %s.\n\n",
			month.Recorded.From, month.Recorded.To, month.Days.From, month.Days.To); err != nil {
			return err
		}
	}

	t := terminal.NewTable("<TYPE", ">REPOS", ">TOTAL", ">ALL TIME", ">LAST MONTH", ">CHANGE")
	for i, g := range allTime.Groups {
		addSums(t, string(g.RepoType), g, month.Groups[i], month.HasBefore)
	}
	if len(allTime.Groups) > 1 {
		addSums(t, "all", answers[2].Groups[0], answers[3].Groups[0], month.HasBefore)
	}
	if err := t.Write(w); err != nil {
		return err
	}
	return writeLargest(ctx, w, store, filter, width)
}

func addSums(t *terminal.Table, name string, all, month history.Group, hasBefore bool) {
	t.Add(terminal.Printable(name), textenc.Grouped(int64(all.Repos)), textenc.Grouped(all.Total), textenc.Grouped(all.Downloads),
		textenc.Grouped(month.Downloads), terminal.Change(month.Downloads, month.Before, hasBefore))
}

// writeLargest writes the table of the largest repositories, as wide as there is
// room: first the trend becomes coarser, then the names are cut.
func writeLargest(ctx context.Context, w io.Writer, store history.Reader, filter history.Filter, width int) error {
	q := history.ReposQuery{
		Filter: filter,
		Period: history.Period{Kind: history.LastMonth},
		Sort:   history.SortDownloads,
		Limit:  largestRepos,
		Trend:  history.LastMonthDays,
	}
	page, err := store.Repos(ctx, q)
	if err != nil || page.Days.Len() == 0 {
		return err
	}
	t := largestTable(page)
	if over := t.Width() - width; over > 0 {
		const least = 10
		q.Trend = max(least, q.Trend-over)
		if page, err = store.Repos(ctx, q); err != nil {
			return err
		}
		t = largestTable(page)
		t.Shorten(1, width, least)
	}
	title := fmt.Sprintf("\nThe %d largest of %s repositories in the last month\n\n", len(page.Rows), textenc.Grouped(int64(page.Matched)))
	if page.Matched == len(page.Rows) {
		title = "\nRepositories by downloads in the last month\n\n"
	}
	if _, err := io.WriteString(w, title); err != nil {
		return err
	}
	return t.Write(w)
}

func largestTable(page history.ReposPage) *terminal.Table {
	t := terminal.NewTable("<TYPE", "<REPOSITORY", ">TOTAL", ">LAST MONTH", ">CHANGE", "<TREND")
	for _, r := range page.Rows {
		total := "unknown"
		if r.Total != history.Unknown {
			total = textenc.Grouped(r.Total)
		}
		t.Add(terminal.Printable(string(r.Repo.Type)), terminal.Printable(r.Repo.Name), total, textenc.Grouped(r.Downloads),
			terminal.Change(r.Downloads, r.Before, page.HasBefore), terminal.Sparkline(r.Trend))
	}
	return t
}
