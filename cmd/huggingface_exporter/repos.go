package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/report"
)

// reposCommand writes the table of repositories.
func reposCommand(app *kingpin.Application) command {
	cmd := app.Command("repos", "Print the table of repositories: totals, downloads in a period, their change and trend.")
	storage := addStorageFlags(cmd)
	filter := addFilterFlags(cmd)
	period := addPeriodFlags(cmd, history.LastMonth.String())
	sort := cmd.Flag("sort", "Sort by downloads (in the period), total, change, name, or removed.").Default(history.SortDownloads.String()).
		Enum(history.SortDownloads.String(), history.SortTotal.String(), history.SortChange.String(), history.SortName.String(), history.SortRemoved.String())
	order := cmd.Flag("order", "Order: asc or desc. Default: asc for names, desc for numbers.").Enum("asc", "desc")
	limit := cmd.Flag("limit", "Maximum number of repositories; 0 is no limit.").Default("50").Int()
	offset := cmd.Flag("offset", "How many repositories to skip.").Default("0").Int()
	format := addFormatFlag(cmd)
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		days, err := period.period()
		if err != nil {
			return err
		}
		for name, n := range map[string]int{"limit": *limit, "offset": *offset} {
			if n < 0 || n > wire.MaxPoints {
				return fmt.Errorf("--%s: expected a whole number from 0 to %d, got %d", name, wire.MaxPoints, n)
			}
		}
		q := history.ReposQuery{Filter: filter.filter(), Period: days, Limit: *limit, Offset: *offset, Trend: history.LastMonthDays}
		if q.Sort, err = history.ParseSort(*sort); err != nil {
			return err
		}
		q.Ascending = *order == "asc" || *order == "" && q.Sort == history.SortName
		store, groups, err := storage.openGroups(ctx, p, true)
		if err != nil {
			return err
		}
		defer store.Close()
		return report.Repos(ctx, p.stdout, groups.Reader(store), q, report.Screen{Format: report.Format(*format), Width: p.columns()})
	}}
}
