package main

import (
	"bufio"
	"context"
	"fmt"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// generateCommand writes a synthetic export to standard output.
func generateCommand(app *kingpin.Application) command {
	cmd := app.Command("generate", "Write a synthetic CSV export to standard output, for load tests. The same flags give the same output.")
	repos := cmd.Flag("repos", "Number of repositories.").Default("100").Int()
	days := cmd.Flag("days", "Number of days.").Default("365").Int()
	last := cmd.Flag("last", "Last day, such as 2025-12-31, or yesterday (in UTC).").
		Default(synthetic.DefaultLast.String()).String()
	seed := cmd.Flag("seed", "Seed of the random numbers.").Default("1").Uint64()
	org := cmd.Flag("org", "Organization of the repositories.").Default(synthetic.DefaultOrg).String()
	order := orderFlag(cmd)
	return command{cmd.FullCommand(), func(_ context.Context, p *program) error {
		o := synthetic.Options{Repos: *repos, Days: *days, Seed: *seed, Org: *org}
		var err error
		if o.Last, err = parseLast(*last, time.Now()); err != nil {
			return err
		}
		if o.Order, err = history.ParseOrder(*order); err != nil {
			return err
		}
		w := bufio.NewWriterSize(p.stdout, 1<<16)
		if err := synthetic.Write(w, o); err != nil {
			return err
		}
		return w.Flush()
	}}
}

// parseLast reads a day, or yesterday as seen from now.
func parseLast(s string, now time.Time) (history.Day, error) {
	if s == "yesterday" {
		return history.DayOf(now) - 1, nil
	}
	d, err := history.ParseDay(s)
	if err == nil && d == history.MinDay {
		err = fmt.Errorf("expected a day after %s, got %q", history.MinDay, s)
	}
	if err != nil {
		return history.NoDay, fmt.Errorf("--last: %w, or yesterday", err)
	}
	return d, nil
}

// orderFlag declares --order.
func orderFlag(cmd *kingpin.CmdClause) *string {
	return cmd.Flag("order", "Order of the records: time (by day, as on the Hub) or repo (by repository).").
		Default(history.OrderTime.String()).Enum(history.OrderTime.String(), history.OrderRepo.String())
}
