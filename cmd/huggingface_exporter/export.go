package main

import (
	"context"
	"errors"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
)

// exportCommand writes records or readings as CSV, JSON lines or Parquet.
func exportCommand(app *kingpin.Application) command {
	cmd := app.Command("export", "Write stored records or readings as CSV, JSON lines, or Parquet.")
	storage := addStorageFlags(cmd)
	filter := addFilterFlags(cmd)
	period := addPeriodFlags(cmd, history.AllTime.String())
	order := orderFlag(cmd)
	what := cmd.Flag("what", "What to write: records (the downloads of each day) or readings (the Hub's totals, 30-day downloads, and likes "+
		"by day; --order does not apply).").Default("records").Enum("records", "readings")
	formatName := cmd.Flag("format", "Format: csv, jsonl, or parquet.").Default(format.CSV.String()).Enum(formatNames()...)
	output := cmd.Flag("output", "Output file. It is replaced when the export is complete. Default: standard output.").
		Short('o').PlaceHolder("FILE").String()
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		q := history.RecordsQuery{Filter: filter.filter()}
		var err error
		if q.Period, err = period.period(); err != nil {
			return err
		}
		if q.Order, err = history.ParseOrder(*order); err != nil {
			return err
		}
		f, err := format.Parse(*formatName)
		if err != nil {
			return err
		}
		if *output == "" && f == format.Parquet && terminal.Is(p.stdout) {
			return errors.New("refusing to write Parquet to a terminal; set a file with --output")
		}
		store, groups, err := storage.openGroups(ctx, p, true)
		if err != nil {
			return err
		}
		defer store.Close()
		reader := groups.Reader(store)
		write := func(w *os.File) error {
			if *what == "readings" {
				return export.WriteReadings(w, f, reader.Readings(ctx, history.ReadingsQuery{Filter: q.Filter, Period: q.Period}))
			}
			_, err := export.Write(ctx, w, f, false, reader.Records(ctx, q))
			return err
		}
		if *output == "" {
			return write(p.stdout)
		}
		return outfile.Replace(*output, write)
	}}
}

func formatNames() []string {
	var names []string
	for _, f := range format.Files() {
		names = append(names, f.String())
	}
	return names
}
