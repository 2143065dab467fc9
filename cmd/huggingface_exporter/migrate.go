package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/migrate"
)

// migrateFlags are the flags of migrate.
type migrateFlags struct {
	storage, configFile, to, resume *string
	verifyOnly                      *bool
	batch                           *int64
}

// migrateCommand moves the history from one engine to the other.
func migrateCommand(app *kingpin.Application) command {
	cmd := app.Command("migrate", "Move the stored history from one storage engine to the other, and compare both afterwards.")
	cmd.HelpLong("One engine is the folder of --storage.path, the other the VictoriaMetrics of the configuration's " +
		"storage.victoriametrics, whichever storage.engine names. Everything comes along: records with their sources and ages, totals, " +
		"counters, ids, moves. The history that is moved stays as it is. Exits with 0 if both hold the same in the end.")
	f := &migrateFlags{
		storage:    storageFlag(cmd),
		configFile: cmd.Flag("config.file", "Configuration file that says how VictoriaMetrics is reached.").Required().PlaceHolder("FILE").String(),
		to: cmd.Flag("to", "The engine that the history goes to: embedded or victoriametrics.").Required().
			Enum(string(config.EngineEmbedded), string(config.EngineVictoriaMetrics)),
		resume: cmd.Flag("resume", "File that notes how far it came: if it is there, go on from it; it is gone when all is done.").
			PlaceHolder("FILE").String(),
		verifyOnly: cmd.Flag("verify-only", "Move nothing, and compare.").Bool(),
		batch: cmd.Flag("batch", "About how many records are moved at a time; they lie in memory.").
			Default(fmt.Sprint(migrate.DefaultBatch)).Int64(),
	}
	return command{cmd.FullCommand(), f.run}
}

func (f *migrateFlags) run(ctx context.Context, p *program) error {
	if *f.batch < 1 {
		return fmt.Errorf("--batch: expected at least 1, got \"%d\"", *f.batch)
	}
	c, err := config.Load(*f.configFile, exposition.Families()...)
	if err != nil {
		return err
	}
	v := &c.Storage.VictoriaMetrics
	if v.InsertURL == "" {
		return fmt.Errorf("%s: storage.victoriametrics.insert_url: expected a URL like http://localhost:8428, got none", *f.configFile)
	}
	toEmbedded := *f.to == string(config.EngineEmbedded)
	elsewhere := c.Storage
	elsewhere.Engine = config.EngineVictoriaMetrics
	there, err := engine.Open(ctx, p.engine(elsewhere, "", false))
	if err != nil {
		return err
	}
	defer there.Close()
	here, err := engine.Open(ctx, p.engine(config.Storage{}, *f.storage, !toEmbedded || *f.verifyOnly))
	if err != nil {
		return err
	}
	defer here.Close()
	m := &migration{migrateFlags: f, p: p, from: here, to: there}
	if toEmbedded {
		m.from, m.to = there, here
	}
	m.settings = map[string][]string{"to": {*f.to}, "storage.path": {*f.storage}, "insert_url": {v.InsertURL}, "history": {v.History}}
	return m.run(ctx)
}

// migration is one run of migrate.
type migration struct {
	*migrateFlags
	p        *program
	from, to engine.Engine
	settings map[string][]string
	mark     *mark // nil if nothing is noted
}

func (m *migration) run(ctx context.Context) error {
	if _, err := m.from.Refresh(ctx); err != nil {
		return err
	}
	revision := m.from.Revision()
	stats, err := m.from.Stats(ctx)
	if err != nil {
		return err
	}
	if !*m.verifyOnly {
		if err := m.move(ctx, revision, stats.Repos); err != nil {
			return err
		}
	}
	if err := m.verify(ctx, revision, stats.Repos); err != nil {
		return err
	}
	if m.mark != nil {
		return m.mark.remove()
	}
	return nil
}

// move copies what is not there yet.
func (m *migration) move(ctx context.Context, revision string, repos int) error {
	o := migrate.Options{Batch: *m.batch}
	if *m.resume != "" {
		var err error
		if m.mark, err = openMark(*m.resume, "migrate", m.settings, revision); err != nil {
			return err
		}
		if m.mark.found {
			fmt.Fprintln(m.p.stderr, m.mark)
		} else if err := m.mark.save(); err != nil { // a name that cannot be written to ends the run at once
			return err
		}
		o.After = m.mark.Last
	}
	bar := newSteps(m.p.stderr, "moving repositories", repos)
	defer bar.done()
	o.Moved = func(last history.Repo, n int) error {
		bar.add(n)
		if m.mark == nil {
			return nil
		}
		m.mark.Last = &last
		return m.mark.save()
	}
	err := migrate.Copy(ctx, m.from, m.to, o)
	bar.done()
	if err != nil && m.mark != nil {
		fmt.Fprintf(m.p.stderr, "%s\nThe same command goes on from there.\n", m.mark)
	}
	return err
}

// verify compares both, and says what they hold.
func (m *migration) verify(ctx context.Context, revision string, repos int) error {
	bar := newSteps(m.p.stderr, "comparing repositories", repos)
	defer bar.done()
	s, err := migrate.Verify(ctx, m.from, m.to, bar.step)
	bar.done()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, refreshErr := m.from.Refresh(ctx)
	switch {
	case refreshErr != nil:
		return errors.Join(err, refreshErr)
	case m.from.Revision() != revision:
		return errors.New("the history was appended to while it was moved; run the same command again (without the file of --resume), which moves what is new")
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(m.p.stdout, "Both hold the same: %s repositories, %s records, %s downloads in all.\n",
		grouped(s.Repos), grouped(s.Records), grouped(s.Downloads))
	return err
}
