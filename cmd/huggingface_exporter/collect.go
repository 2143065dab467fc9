package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/collect"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/columns"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// collectCommand collects once, for those who have a scheduler already.
func collectCommand(app *kingpin.Application) command {
	cmd := app.Command("collect", "Collect the organisations of the configuration from the Hub once, and exit.")
	cmd.HelpLong("Exits with 0 if every organisation was collected, and with 1 and the reasons otherwise. " +
		"Works beside a running serve.")
	storage := storageFlag(cmd)
	configFile := cmd.Flag("config.file", "Configuration file.").Required().PlaceHolder("FILE").String()
	dryRun := cmd.Flag("dry-run", "Say what would change, and store nothing.").Bool()
	orgs := cmd.Flag("org", "Collect this organisation alone; may be repeated. Default: all of the configuration.").PlaceHolder("NAME").Strings()
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		c, err := config.Load(*configFile)
		if err != nil {
			return err
		}
		wanted, err := organizations(c.Hub.Organizations, *orgs)
		if err != nil {
			return fmt.Errorf("%s: %w", *configFile, err)
		}
		c.Hub.Organizations = wanted
		store, err := openStorage(ctx, p, *storage)
		if err != nil {
			return err
		}
		defer store.Close()
		var target collect.Store = store
		if *dryRun {
			target = columns.NewStoreOf(store.Table())
		}
		return collectOnce(ctx, p, &c.Hub, target, *dryRun)
	}}
}

// organizations returns those that are named, all if none is.
func organizations(all []config.Organization, names []string) ([]config.Organization, error) {
	if len(all) == 0 {
		return nil, errors.New("hub.organizations: expected at least one organisation to collect, got none")
	}
	if len(names) == 0 {
		return all, nil
	}
	var out []config.Organization
next:
	for _, name := range names {
		for _, o := range all {
			if strings.EqualFold(o.Name, name) {
				out = append(out, o)
				continue next
			}
		}
		return nil, fmt.Errorf("hub.organizations: expected one named %q, which --org asks for, got none", name)
	}
	return out, nil
}

// collectOnce collects every organisation, side by side, and prints a line for
// each.
func collectOnce(ctx context.Context, p *program, h *config.Hub, store collect.Store, dryRun bool) error {
	jobs, err := newOrgCollectors(store, prometheus.NewRegistry(), p.log).jobs(h)
	if err != nil {
		return err
	}
	outcomes := make([]collect.Outcome, len(jobs))
	bar := newSteps(p.stderr, "collecting", len(jobs))
	var g errgroup.Group
	for i, j := range jobs {
		g.Go(func() error {
			outcomes[i] = j.Collector.Collect(ctx)
			bar.step()
			return nil
		})
	}
	_ = g.Wait() // no error: they are in the outcomes
	bar.done()
	if err := ctx.Err(); err != nil {
		return err
	}
	var failed []error
	for i := range outcomes {
		o := &outcomes[i]
		if !o.OK() {
			failed = append(failed, fmt.Errorf("%s: %w", o.Org, o.Err))
			continue
		}
		if err := printOutcome(p.stdout, o, dryRun); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d organisations were not collected:\n%w", len(failed), len(jobs), errors.Join(failed...))
	}
	return nil
}

// printOutcome writes a line that says what a collection did; for a dry run also
// which repositories it is about.
func printOutcome(w io.Writer, o *collect.Outcome, dryRun bool) error {
	var b strings.Builder
	c := o.Change
	fmt.Fprintf(&b, "%s: ", o.Org)
	switch {
	case o.NotModified:
		b.WriteString("nothing changed since the last collection")
	default:
		if dryRun {
			b.WriteString("would store, ")
		}
		fmt.Fprintf(&b, "from %s: %d repos, %d records: %d new, %d changed, %d unchanged", o.Source, o.Repos, c.Records, c.New, c.Changed, c.Unchanged)
		if c.Outdated > 0 {
			fmt.Fprintf(&b, ", %d outdated", c.Outdated)
		}
		if c.Corrected > 0 {
			fmt.Fprintf(&b, "; %d downloads taken back by the Hub", c.Corrected)
		}
	}
	fmt.Fprintf(&b, " (%s)\n", o.Duration.Round(time.Millisecond))
	for _, m := range o.Moved {
		fmt.Fprintf(&b, "  moved: %s to %s\n", m.From, m.To.Name)
	}
	repos := func(what string, list []history.Repo) {
		const most = 20
		for i, r := range list {
			if i == most {
				fmt.Fprintf(&b, "  %s: and %d more\n", what, len(list)-most)
				return
			}
			fmt.Fprintf(&b, "  %s: %s\n", what, r)
		}
	}
	repos("gone", o.Gone)
	if dryRun {
		repos("new", o.Appeared)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
