package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/internal/doctor"
)

// doctorCommand checks all that serve needs.
func doctorCommand(app *kingpin.Application) command {
	cmd := app.Command("doctor", "Check the configuration, tokens, the Hub, the store, permissions, the clock, and the port, and suggest fixes.")
	cmd.HelpLong("Run it with the same flags and as the same user as serve. It changes nothing. It queries the Hub for each organization " +
		"like serve, which takes one to six requests.\n" +
		"Exits with 1 if a line starts with fail, otherwise with 0.")
	var o doctor.Options
	cmd.Flag("config.file", "Configuration file. Default: none, which is the same as an empty file.").PlaceHolder("FILE").StringVar(&o.ConfigFile)
	storage := storageFlag(cmd)
	cmd.Flag("web.listen-address", "Address that serve listens on. Repeatable.").Default(defaultAddress).StringsVar(&o.Addresses)
	cmd.Flag("web.config.file", "File with TLS and authentication settings. Default: none.").PlaceHolder("FILE").StringVar(&o.WebConfigFile)
	paths := addPathFlags(cmd)
	cmd.Flag("offline", "Query neither the Hub nor VictoriaMetrics.").BoolVar(&o.Offline)
	format := cmd.Flag("format", "Output format: text or json.").Default("text").Enum("text", "json")
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		var err error
		if o.RoutePrefix, err = paths.prefix(); err != nil {
			return err
		}
		o.StoragePath, o.Log = *storage, p.log
		report := doctor.Run(ctx, o)
		if err := ctx.Err(); err != nil {
			return err
		}
		write := report.WriteText
		if *format == "json" {
			write = report.WriteJSON
		}
		if err := write(p.stdout); err != nil {
			return err
		}
		if n := report.Count(doctor.Fail); n > 0 {
			return fmt.Errorf("%d of %d checks failed", n, len(report))
		}
		return nil
	}}
}
