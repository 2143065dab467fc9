package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

// checkConfigCommand checks a configuration file and prints what it amounts to.
func checkConfigCommand(app *kingpin.Application) command {
	cmd := app.Command("check-config", "Check a configuration file and print the configuration that it gives, secrets masked.")
	file := cmd.Arg("file", "The configuration file.").Required().String()
	return command{cmd.FullCommand(), func(_ context.Context, p *program) error {
		c, err := config.Load(*file)
		if config.IsFault(err) {
			return fmt.Errorf("the configuration is not valid:\n%w", err)
		}
		if err != nil {
			return err
		}
		text, err := c.YAML()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "# %s: ok. In effect, with the defaults of what it does not say:\n%s", *file, text)
		return err
	}}
}
