package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/migrate"
	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// migration is one run of migrate, with its flags.
type migration struct {
	storage, configFile, target, resume string
	verifyOnly                          bool
	batch                               int64

	from, to engine.Engine
	settings map[string][]string
}

// migrateCommand moves the history from one engine to the other.
func migrateCommand(app *kingpin.Application) command {
	cmd := app.Command("migrate", "Copy the stored history from one storage engine to the other, and compare both.")
	cmd.HelpLong("One engine is the directory --storage.path, the other the VictoriaMetrics configured in storage.victoriametrics, " +
		"regardless of storage.engine. Everything is copied: records with their sources and dates, totals, " +
		"counters, ids, and renames. The source does not change. Exits with 0 if both have the same history in the end.")
	storage := storageFlag(cmd)
	m := new(migration)
	cmd.Flag("config.file", "Configuration file with the connection to VictoriaMetrics.").Required().PlaceHolder("FILE").StringVar(&m.configFile)
	cmd.Flag("to", "The engine to copy to: embedded or victoriametrics.").Required().
		EnumVar(&m.target, string(config.EngineEmbedded), string(config.EngineVictoriaMetrics))
	cmd.Flag("resume", "File that records the progress. If it exists, continue from there. It is deleted on completion.").
		PlaceHolder("FILE").StringVar(&m.resume)
	cmd.Flag("verify-only", "Only compare, and copy nothing.").BoolVar(&m.verifyOnly)
	cmd.Flag("batch", "Approximate number of records to copy at a time. They are kept in memory.").
		Default(fmt.Sprint(migrate.DefaultBatch)).Int64Var(&m.batch)
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		m.storage = *storage
		return m.run(ctx, p)
	}}
}

func (m *migration) run(ctx context.Context, p *program) error {
	if m.batch < 1 {
		return fmt.Errorf("--batch: expected at least 1, got \"%d\"", m.batch)
	}
	c, err := config.Load(m.configFile, exposition.Families()...)
	if err != nil {
		return err
	}
	v := &c.Storage.VictoriaMetrics
	if v.InsertURL == "" {
		return fmt.Errorf("%s: storage.victoriametrics.insert_url: expected a URL like http://localhost:8428, got none", m.configFile)
	}
	m.settings = map[string][]string{"to": {m.target}, "storage.path": {m.storage}, "insert_url": {v.InsertURL}, "history": {v.History}}
	c.Storage.Engine = config.EngineVictoriaMetrics
	there, err := engine.Open(ctx, p.engine(c.Storage, "", false))
	if err != nil {
		return err
	}
	defer there.Close()
	toEmbedded := m.target == string(config.EngineEmbedded)
	here, err := engine.Open(ctx, p.engine(config.Storage{}, m.storage, !toEmbedded || m.verifyOnly))
	if err != nil {
		return err
	}
	defer here.Close()
	if m.from, m.to = here, there; toEmbedded {
		m.from, m.to = there, here
	}
	return m.move(ctx, p)
}

// move copies what is not there yet, and compares both.
func (m *migration) move(ctx context.Context, p *program) error {
	if _, err := m.from.Refresh(ctx); err != nil {
		return err
	}
	revision := m.from.Revision()
	stats, err := m.from.Stats(ctx)
	if err != nil {
		return err
	}
	var resume *outfile.Resume
	if !m.verifyOnly {
		resume, err = outfile.OpenResume(p.stderr, m.resume, "migrate", m.settings, revision, time.Time{})
		if err != nil {
			return err
		}
		bar := terminal.NewBar(p.stderr, "moving repositories", stats.Repos)
		defer bar.Done()
		o := migrate.Options{Batch: m.batch, Moved: func(last history.Repo, n int) error {
			bar.Add(n)
			return resume.Reached(last)
		}}
		if resume != nil {
			o.After = resume.Last
		}
		err := migrate.Copy(ctx, m.from, m.to, o)
		bar.Done()
		if err != nil {
			return resume.Interrupted(p.stderr, err)
		}
	}
	if err := m.verify(ctx, p, revision, stats.Repos); err != nil {
		return err
	}
	return resume.Done()
}

// verify compares both, and says what they hold.
func (m *migration) verify(ctx context.Context, p *program, revision string, repos int) error {
	bar := terminal.NewBar(p.stderr, "comparing repositories", repos)
	defer bar.Done()
	s, err := migrate.Verify(ctx, m.from, m.to, bar.Step)
	bar.Done()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, refreshErr := m.from.Refresh(ctx)
	switch {
	case refreshErr != nil:
		return errors.Join(err, refreshErr)
	case m.from.Revision() != revision:
		return errors.New("the history changed during the migration; run the same command again (without the file of --resume) to copy the new data")
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "Both engines have the same history: %s, %s, %s, %s.\n", textenc.Repositories(s.Repos), textenc.Records(s.Records),
		textenc.Plural(s.Readings, "reading", "readings"), textenc.Plural(s.Downloads, "download", "downloads"))
	return err
}
