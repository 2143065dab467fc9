package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/infile"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// importCommand stores what CSV exports, and archives of listings, hold.
func importCommand(app *kingpin.Application) command {
	cmd := app.Command("import", "Import CSV exports, or, with --readings, saved listings. You can run it while serve is running.")
	cmd.HelpLong("All files are checked first. If one of them is invalid, nothing is stored. " +
		"Files are imported in the order of their modification times. If two files have different numbers for the same day, " +
		"the newer file wins, so importing an older export late does not undo a newer one. " +
		"Standard input counts as written now. With --readings, the day of a number is in the files or in their names.")
	storage := addStorageFlags(cmd)
	asOf := cmd.Flag("as-of", "When the Hub wrote the exports, such as 2024-05-01T12:00:00Z. Default: the modification time of each file.").
		PlaceHolder("TIME").String()
	skipBadRows := cmd.Flag("skip-bad-rows", "Skip invalid rows, up to one row or 1% of the rows of a file.").Bool()
	archives := addArchiveFlags(cmd)
	names := cmd.Arg("file", "CSV files, plain (.csv) or compressed (.csv.gz, .csv.zst), or, with --readings, archives; - is standard input.").Required().Strings()
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		readings, err := archives.options(*asOf)
		if err != nil {
			return err
		}
		inputs, err := openInputs(p, *names)
		defer func() {
			for _, in := range inputs {
				in.Close()
			}
		}()
		if err != nil {
			return err
		}
		if *asOf != "" {
			t, err := parsePast("--as-of", *asOf, time.Now())
			if err != nil {
				return err
			}
			for _, in := range inputs {
				in.AsOf = history.AsOfTime(t)
			}
		}
		for _, in := range inputs {
			in.SkipBadRows = *skipBadRows
		}
		if readings != nil {
			return importReadings(ctx, p, storage, inputs, *readings)
		}
		return importInputs(ctx, p, storage, inputs)
	}}
}

// openInputs opens all inputs, so that a name that is wrong ends the command
// before anything is read.
func openInputs(p *program, names []string) ([]*infile.File, error) {
	var inputs []*infile.File
	stdin := false
	for _, name := range names {
		// The flag library gives "-" as "".
		if name == "" && slices.Contains(p.args, "-") {
			if stdin {
				return inputs, errors.New("expected - only once, got it twice: standard input can be read only once")
			}
			stdin = true
			inputs = append(inputs, infile.Pipe("standard input", p.stdin))
			continue
		}
		if name == "" {
			return inputs, errors.New(`expected the name of a file, got ""`)
		}
		in, err := infile.Open(name)
		if err != nil {
			return inputs, err
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

// importInputs checks all inputs and then stores them.
func importInputs(ctx context.Context, p *program, storage storageFlags, inputs []*infile.File) error {
	tables := make([]*memtable.Table, len(inputs))
	var faults []error
	for i, in := range inputs {
		var err error
		if tables[i], err = readTable(ctx, p, in); err != nil {
			faults = append(faults, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("nothing was stored:\n%w", errors.Join(faults...))
	}
	store, err := storage.open(ctx, p, false)
	if err != nil {
		return err
	}
	defer store.Close()
	order := make([]int, len(inputs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(inputs[a].AsOf, inputs[b].AsOf) })
	var printErr error
	for n, i := range order {
		change, err := store.Append(ctx, history.Batch{Table: tables[i]})
		if err != nil {
			return fmt.Errorf("%s was not stored (%d of %s stored before it): %w", inputs[i].Name, n, textenc.Plural(len(order), "file", "files"), err)
		}
		// What cannot be printed is stored all the same.
		printErr = cmp.Or(printErr, printChange(p, inputs[i], change))
	}
	return printErr
}

// readTable reads the whole input.
func readTable(ctx context.Context, p *program, in *infile.File) (*memtable.Table, error) {
	bar := terminal.NewBytesBar(p.stderr, in.Name, in.Size)
	defer bar.Done()
	t, err := memtable.Build(ctx, in.Rows(bar.Reader), nil)
	return t, in.Blame(err)
}

// printNotices writes what was noticed of a file.
func printNotices(p *program, in *infile.File) {
	for _, notice := range in.Notes.Notices() {
		fmt.Fprintf(p.stderr, "%s: %s\n", in.Name, terminal.Printable(notice))
	}
}

// changeText says what a change did to the records of the history.
func changeText(c history.Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s new, %s changed, %s unchanged", textenc.Grouped(c.New), textenc.Grouped(c.Changed), textenc.Grouped(c.Unchanged))
	if c.Outdated > 0 {
		fmt.Fprintf(&b, ", %s outdated", textenc.Grouped(c.Outdated))
	}
	if c.Removed > 0 {
		fmt.Fprintf(&b, "; %s removed by the Hub", textenc.Plural(c.Removed, "download", "downloads"))
	}
	return b.String()
}

// printChange writes the line that says what an import has done, and, beside it, what was
// noticed of the file.
func printChange(p *program, in *infile.File, c history.Change) error {
	printNotices(p, in)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s, %s: %s", in.Name, textenc.Records(c.Records), textenc.Repositories(c.Repos),
		textenc.Plural(c.Days, "day", "days"), changeText(c))
	if c.Outdated > 0 {
		b.WriteString("; the stored data is newer than this file; set --as-of if the file is newer")
	}
	_, err := fmt.Fprintln(p.stdout, b.String())
	return err
}
