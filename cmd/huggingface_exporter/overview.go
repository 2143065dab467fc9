package main

import (
	"context"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/internal/report"
)

// overviewCommand shows the history on the terminal.
func overviewCommand(app *kingpin.Application) command {
	cmd := app.Command("overview", "Print totals by repository type, and the most downloaded repositories of the last month.")
	cmd.HelpLong("CSV has the totals by repository type alone; the command repos writes repositories as CSV.")
	storage := addStorageFlags(cmd)
	filter := addFilterFlags(cmd)
	format := addFormatFlag(cmd)
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		store, groups, err := storage.openGroups(ctx, p, true)
		if err != nil {
			return err
		}
		defer store.Close()
		return report.Overview(ctx, p.stdout, groups.Reader(store), filter.filter(), report.Screen{Format: report.Format(*format), Width: p.columns()})
	}}
}
