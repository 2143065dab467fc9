package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// forgetCommand takes a part of the history out.
func forgetCommand(app *kingpin.Application) command {
	cmd := app.Command("forget", "Delete organizations, repositories, days, or the data of a source from the stored history.")
	cmd.HelpLong("Prints what it would delete, and deletes it with --yes. Only another collection, an import, or a backup can restore it. " +
		"Flags combine: --org=acme --to=2024-12-31 deletes the days of acme up to that day. Counters are recomputed from the remaining data. " +
		"A running exporter loads the change within seconds.")
	storage := addStorageFlags(cmd)
	orgs := cmd.Flag("org", "Delete repositories of this organization. Repeatable.").PlaceHolder("ORG").Strings()
	repos := cmd.Flag("repo", "Delete this repository (full name). Repeatable.").PlaceHolder("ORG/NAME").Strings()
	from := cmd.Flag("from", "First day to delete, such as 2021-01-22. Default: the first recorded day.").PlaceHolder("DAY").String()
	to := cmd.Flag("to", "Last day to delete, such as 2021-01-22. Default: the last recorded day.").PlaceHolder("DAY").String()
	source := cmd.Flag("source", "Delete only data of this source: export (the Hub's CSV), listing, or archive (import --readings).").
		PlaceHolder("SOURCE").Enum(history.Export.String(), history.Listing.String(), history.Archive.String())
	yes := cmd.Flag("yes", "Delete the data.").Bool()
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		q := history.ForgetQuery{Filter: history.Filter{Orgs: *orgs, Repos: *repos}}
		if *from != "" || *to != "" {
			var err error
			if q.Period, err = parseDays("--from", *from, "--to", *to); err != nil {
				return err
			}
		}
		if *source != "" {
			var err error
			if q.Origin, err = history.ParseOrigin(*source); err != nil {
				return err
			}
		}
		if q.IsWhole() && q.Filter.IsZero() {
			return errors.New("expected at least one of --org, --repo, --from, --to, or --source, got none")
		}
		c, err := loadConfig(*storage.configFile)
		if err != nil {
			return err
		}
		if q.IsWhole() {
			if err := stillCollected(c, q.Filter); err != nil {
				return fmt.Errorf("%s: %w", *storage.configFile, err)
			}
		}
		store, err := engine.Open(ctx, p.engine(c.Storage, *storage.path, !*yes))
		if err != nil {
			return err
		}
		defer store.Close()
		return forget(ctx, p, store, q, *yes)
	}}
}

// stillCollected returns an error if an organization that is to be forgotten would come back.
func stillCollected(c *config.Config, f history.Filter) error {
	for i := range c.Hub.Organizations {
		name := c.Hub.Organizations[i].Name
		for _, org := range f.Orgs {
			if strings.EqualFold(org, name) {
				return fmt.Errorf("organizations: expected %s not to be collected, because the data would come back; remove it from the configuration and reload the exporter first", name)
			}
		}
	}
	return nil
}

// forget says what goes, and takes it out if it is sure.
func forget(ctx context.Context, p *program, store engine.Engine, q history.ForgetQuery, sure bool) error {
	if _, err := store.Refresh(ctx); err != nil {
		return err
	}
	gone, err := store.Forget(ctx, q, !sure)
	if err != nil {
		return err
	}
	count := func(n int64, one, many string) string {
		if n == 1 {
			many = one
		}
		return fmt.Sprint(n, " ", many)
	}
	text := fmt.Sprintf("%s, %s and %s", count(gone.Repos, "whole repository", "whole repositories"),
		count(gone.Records, "record", "records"), count(gone.Readings, "reading", "readings"))
	switch {
	case gone.IsZero():
		_, err = fmt.Fprintln(p.stdout, "Nothing matches.")
	case sure:
		_, err = fmt.Fprintf(p.stdout, "Forgot %s.\n", text)
	default:
		_, err = fmt.Fprintf(p.stdout, "Would delete %s. Nothing was changed. To delete, add --yes.\n", text)
	}
	return err
}
