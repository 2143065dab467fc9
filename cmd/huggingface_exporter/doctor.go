package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/internal/doctor"
)

// doctorCommand checks all that serve needs.
func doctorCommand(app *kingpin.Application) command {
	cmd := app.Command("doctor", "Check what serve needs: configuration, tokens, the Hub, the store, permissions, the clock, the port. Each line says what to do.")
	cmd.HelpLong("Give it the flags that serve gets, and run it as the user that serve runs as. " +
		"It changes nothing. Each organization is asked for as serve does, which counts as one to six requests at the Hub.\n" +
		"Exits with 0, or with 1 if a line begins with fail.")
	var o doctor.Options
	cmd.Flag("config.file", "Configuration file. Default: none, which is the same as an empty one.").PlaceHolder("FILE").StringVar(&o.ConfigFile)
	storage := storageFlag(cmd)
	cmd.Flag("web.listen-address", "Address that serve is to listen on; repeatable.").Default(defaultAddress).StringsVar(&o.Addresses)
	cmd.Flag("web.config.file", "The file of TLS and authentication. Default: none.").PlaceHolder("FILE").StringVar(&o.WebConfigFile)
	paths := addPathFlags(cmd)
	cmd.Flag("offline", "Ask neither the Hub nor a storage engine.").BoolVar(&o.Offline)
	format := cmd.Flag("format", "Format: text or json.").Default("text").Enum("text", "json")
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
