package main

import (
	"bufio"
	"context"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// generateCommand writes a synthetic export to standard output.
func generateCommand(app *kingpin.Application) command {
	cmd := app.Command("generate", "Write a synthetic CSV export to standard output, for trials and load tests. The same flags give the same bytes.")
	repos := cmd.Flag("repos", "Number of repositories.").Default("100").Int()
	days := cmd.Flag("days", "Number of days, up to "+synthetic.DefaultLast.String()+".").Default("365").Int()
	seed := cmd.Flag("seed", "Chooses among the exports of that size.").Default("1").Uint64()
	org := cmd.Flag("org", "Organisation of the repositories.").Default(synthetic.DefaultOrg).String()
	order := orderFlag(cmd)
	return command{cmd.FullCommand(), func(_ context.Context, p *program) error {
		o := synthetic.Options{Repos: *repos, Days: *days, Seed: *seed, Org: *org}
		var err error
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

// orderFlag declares --order.
func orderFlag(cmd *kingpin.CmdClause) *string {
	return cmd.Flag("order", "Order of the records: time (by day, as the Hub does) or repo (grouped by repository).").
		Default(history.OrderTime.String()).Enum(history.OrderTime.String(), history.OrderRepo.String())
}
