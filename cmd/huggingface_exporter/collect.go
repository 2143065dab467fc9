package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/server"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// collectCommand collects once, for those who have a scheduler already.
func collectCommand(app *kingpin.Application) command {
	cmd := app.Command("collect", "Collect all configured organizations from the Hub once, and exit.")
	cmd.HelpLong("Exits with 0 if all organizations were collected, otherwise with 1 and the reasons. " +
		"You can run it while serve is running.")
	storage := storageFlag(cmd)
	configFile := cmd.Flag("config.file", "Configuration file.").Required().PlaceHolder("FILE").String()
	shard := addShardFlags(cmd)
	accept := cmd.Flag("accept", "Accept implausible responses of the Hub, such as one in which half of the known repositories are missing.").Bool()
	dryRun := cmd.Flag("dry-run", "Print what would change, and store nothing.").Bool()
	orgs := cmd.Flag("org", "Collect only this organization. Repeatable. Default: all configured organizations.").PlaceHolder("NAME").Strings()
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		if err := shard.Check(); err != nil {
			return fmt.Errorf("--%w", err)
		}
		c, err := config.Load(*configFile, exposition.Families()...)
		if err != nil {
			return err
		}
		wanted, err := organizations(c.Hub.Organizations, *orgs)
		if err != nil {
			return fmt.Errorf("%s: %w", *configFile, err)
		}
		c.Hub.Organizations = wanted
		options := p.engine(c.Storage, *storage, false)
		if *dryRun {
			store, err := tryOut(ctx, options)
			if err != nil {
				return err
			}
			return collectOnce(ctx, p, c, store, collecting{*shard, *accept, true})
		}
		options.Cache = true
		store, err := engine.Open(ctx, options)
		if err != nil {
			return err
		}
		defer store.Close()
		err = collectOnce(ctx, p, c, store, collecting{*shard, *accept, false})
		if len(*orgs) == 0 && len(c.Groups) > 0 {
			err = errors.Join(err, fetchCollections(ctx, p, c, store, *storage))
		}
		return err
	}}
}

// fetchCollections fetches the collections of groups once.
func fetchCollections(ctx context.Context, p *program, c *config.Config, store history.Appender, path string) error {
	g, err := groups.Open(c.Storage.StateDir(path))
	if err != nil {
		return err
	}
	g.Set(server.Groups(c))
	client, err := server.NewCollectors(store, prometheus.NewRegistry(), hubsync.Shard{}, p.log).CollectionClients(&c.Hub, c.Groups)
	if err != nil {
		return err
	}
	if err := g.Fetch(ctx, client, store); err != nil {
		return fmt.Errorf("collections of groups could not be fetched; their last known repositories stay in the groups:\n%w", err)
	}
	for _, s := range g.Status() {
		if _, err := fmt.Fprintf(p.stdout, "collection %s: %s\n", s.Slug, textenc.Repositories(s.Repos)); err != nil {
			return err
		}
	}
	return nil
}

// tryOut returns a store in memory that begins with what is stored, or with nothing if
// the folder is not there.
func tryOut(ctx context.Context, o engine.Options) (*memtable.Store, error) {
	if _, err := os.Stat(o.Path); o.Storage.Embedded() && errors.Is(err, fs.ErrNotExist) {
		return memtable.NewStore(), nil
	}
	o.ReadOnly = true
	stored, err := engine.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer stored.Close()
	t, err := stored.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return memtable.NewStoreOf(t), nil
}

// organizations returns those that are named, all if none is.
func organizations(all []config.Organization, names []string) ([]config.Organization, error) {
	if len(all) == 0 {
		return nil, errors.New("hub.organizations: expected at least one organization to collect, got none")
	}
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(o config.Organization) bool { return strings.EqualFold(o.Name, name) }) {
			return nil, fmt.Errorf("hub.organizations: expected one named %q, which --org asks for, got none", name)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(o config.Organization) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(o.Name, name) })
	}), nil
}

// collecting says how to collect.
type collecting struct {
	shard          hubsync.Shard
	accept, dryRun bool
}

// collectOnce collects every organization, side by side, and prints a line for
// each.
func collectOnce(ctx context.Context, p *program, c *config.Config, store history.Appender, how collecting) error {
	collectors := server.NewCollectors(store, prometheus.NewRegistry(), how.shard, p.log)
	collectors.Accept = how.accept
	if !how.dryRun && c.Storage.QueuePath != "" {
		if err := collectors.OpenQueue(&c.Storage); err != nil {
			return err
		}
	}
	jobs, err := collectors.Jobs(&c.Hub)
	if err != nil {
		return err
	}
	reports := make([]hubsync.Report, len(jobs))
	bar := terminal.NewBar(p.stderr, "collecting", len(jobs))
	var g errgroup.Group
	for i, j := range jobs {
		g.Go(func() error {
			reports[i] = j.Collector.Collect(ctx)
			bar.Step()
			return nil
		})
	}
	_ = g.Wait() // no error: they are in the reports
	bar.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	var failed []error
	for i := range reports {
		o := &reports[i]
		if !o.OK() {
			failed = append(failed, fmt.Errorf("%s: %w", o.Org, o.Err))
			continue
		}
		if err := printReport(p.stdout, o, how.dryRun); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %s could not be collected:\n%w", len(failed), textenc.Plural(len(jobs), "organization", "organizations"), errors.Join(failed...))
	}
	return nil
}

// printReport writes a line that says what a collection did, or would have done,
// and one for each repository that moved or is gone, for a dry run also for each
// that is new.
func printReport(w io.Writer, o *hubsync.Report, dryRun bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", o.Org)
	if dryRun {
		b.WriteString("dry run, nothing is stored: ")
	}
	fmt.Fprintf(&b, "%s from %s, %s: %s (%s)\n", textenc.Repositories(o.Repos), o.Source, textenc.Records(o.Change.Records), changeText(o.Change), o.Duration.Round(time.Millisecond))
	list := func(what string, n int, name func(int) string) {
		const most = 20
		for i := range min(n, most) {
			fmt.Fprintf(&b, "  %s: %s\n", what, terminal.Printable(name(i)))
		}
		if n > most {
			fmt.Fprintf(&b, "  %s: and %d more\n", what, n-most)
		}
	}
	if o.Note != "" {
		fmt.Fprintf(&b, "  note: %s\n", o.Note)
	}
	list("moved", len(o.Moved), func(i int) string { return o.Moved[i].From.String() + " to " + o.Moved[i].To.Name })
	list("gone", len(o.Gone), func(i int) string { return o.Gone[i].String() })
	if dryRun {
		list("new", len(o.Appeared), func(i int) string { return o.Appeared[i].String() })
	}
	_, err := io.WriteString(w, b.String())
	return err
}
