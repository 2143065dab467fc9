package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/internal/hubclient"
)

// checkConfigCommand checks a configuration file and prints what it amounts to.
func checkConfigCommand(app *kingpin.Application) command {
	cmd := app.Command("check-config", "Validate a configuration file and print the effective configuration with secrets masked.")
	file := cmd.Arg("file", "The configuration file.").Required().String()
	return command{cmd.FullCommand(), func(_ context.Context, p *program) error {
		c, err := loadConfig(*file)
		if err != nil {
			return err
		}
		for _, o := range c.Hub.Organizations {
			if _, err := hubclient.Token(&c.Hub, o, os.Getenv); errors.Is(err, hubclient.ErrInsecure) {
				return err
			}
			if err := hubclient.Exposed(&c.Hub, o, os.Getenv); errors.Is(err, hubclient.ErrInsecure) {
				p.log.Warn("The Hub's token is sent without TLS and can be read on the network, because hub.allow_insecure_token is set", "err", err)
				break
			}
		}
		for _, err := range c.Exposed() {
			p.log.Warn("Credentials can be read on the way", "err", err)
		}
		text, err := c.YAML()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "# %s: ok. The effective configuration, including defaults:\n%s", *file, text)
		return err
	}}
}

// loadConfig reads a configuration file, "" for the defaults.
func loadConfig(file string) (*config.Config, error) {
	if file == "" {
		return config.Default(exposition.Families()...), nil
	}
	c, err := config.Load(file, exposition.Families()...)
	if config.IsFault(err) {
		err = fmt.Errorf("the configuration is invalid:\n%w", err)
	}
	return c, err
}
