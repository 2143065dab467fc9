package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/archive"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/infile"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// archiveFlags say how archives of listings are read.
type archiveFlags struct {
	on                  *bool
	columns, orgs       *[]string
	wide, day, repoType *string
}

func addArchiveFlags(cmd *kingpin.CmdClause) archiveFlags {
	return archiveFlags{
		on: cmd.Flag("readings", "Import saved listings of the Hub: JSON, Parquet, or CSV, plain or compressed.").Bool(),
		columns: cmd.Flag("columns", "With --readings: column names that differ from the Hub's API, such as repo=model_url,day=date, "+
			"for repo, repo_type, org, day, total, last_month, and likes. An empty name means no column. Repeatable.").PlaceHolder("OURS=NAME,...").Strings(),
		wide: cmd.Flag("wide", "With --readings: the files are CSV with a row per day and a column per repository, and contain this number: total, last_month, or likes.").
			PlaceHolder("NUMBER").String(),
		orgs: cmd.Flag("org", "With --readings: import only repositories of this organization. With --wide, also the organization of names without one. Repeatable.").
			PlaceHolder("NAME").Strings(),
		day: cmd.Flag("day", "With --readings: the day of files without a day in a column or in their name.").PlaceHolder("DATE").String(),
		repoType: cmd.Flag("repo-type", "With --readings: the type of repositories if it is not in the files. Default: the type that their fields indicate, or model.").
			PlaceHolder("TYPE").String(),
	}
}

// options returns how archives are read, nil for CSV exports.
func (f *archiveFlags) options(asOf string) (*archive.Options, error) {
	if !*f.on {
		for flag, given := range map[string]bool{"columns": len(*f.columns) > 0, "wide": *f.wide != "", "org": len(*f.orgs) > 0, "day": *f.day != "", "repo-type": *f.repoType != ""} {
			if given {
				return nil, fmt.Errorf("--%s: expected --readings as well; it does not apply to CSV exports of the Hub", flag)
			}
		}
		return nil, nil
	}
	if asOf != "" {
		return nil, errors.New("--as-of: expected no --readings; readings have their own day, and --day sets it for files without one")
	}
	o := &archive.Options{Wide: *f.wide, Orgs: *f.orgs, RepoType: history.RepoType(*f.repoType), Day: history.NoDay, LastDay: infile.LastDay()}
	var err error
	if o.Columns, err = archive.ParseColumns(*f.columns); err != nil {
		return nil, fmt.Errorf("--columns: %w", err)
	}
	if *f.day != "" {
		if o.Day, err = history.ParseDay(*f.day); err != nil {
			return nil, fmt.Errorf("--day: %w", err)
		}
	}
	return o, o.Check()
}

// importReadings stores the readings of all inputs in one append: all of them, or none.
func importReadings(ctx context.Context, p *program, storage storageFlags, inputs []*infile.File, o archive.Options) error {
	store, err := storage.open(ctx, p, false)
	if err != nil {
		return err
	}
	defer store.Close()
	counts := make([]readingCounts, len(inputs))
	var bad error
	change, err := store.Append(ctx, history.Batch{Readings: func(yield func(history.Reading, error) bool) {
		for i, in := range inputs {
			err := counts[i].read(ctx, p, in, o, func(r history.Reading) bool { return bad != nil || yield(r, nil) })
			if bad = errors.Join(bad, err); ctx.Err() != nil || counts[i].left {
				break
			}
		}
		if bad != nil {
			yield(history.Reading{}, bad)
		}
	}})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("nothing was stored:\n%w", err)
	}
	for i, in := range inputs {
		c := &counts[i]
		printNotices(p, in)
		if _, err := fmt.Fprintf(p.stdout, "%s: %s, %s, %s\n", in.Name, textenc.Plural(c.readings, "reading", "readings"),
			textenc.Repositories(len(c.repos)), textenc.Plural(len(c.days), "day", "days")); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(p.stdout, "days of downloads: %s new, %s changed\n", textenc.Grouped(change.New), textenc.Grouped(change.Changed))
	return err
}

// readingCounts is what an archive held.
type readingCounts struct {
	readings int64
	repos    map[history.Repo]bool
	days     map[history.Day]bool
	left     bool // nobody asks for more
}

func (c *readingCounts) read(ctx context.Context, p *program, in *infile.File, o archive.Options, yield func(history.Reading) bool) error {
	c.repos, c.days = make(map[history.Repo]bool), make(map[history.Day]bool)
	bar := terminal.NewBytesBar(p.stderr, in.Name, in.Size)
	defer bar.Done()
	for r, err := range in.Readings(o, bar.Add) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		c.readings++
		c.repos[r.Repo], c.days[history.DayOf(r.AsOf.Time())] = true, true
		if !yield(r) {
			c.left = true
			return nil
		}
	}
	return nil
}
