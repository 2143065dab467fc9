package server

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/archive"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/infile"
)

// retryInterval is how long after a failure that was not the fault of its content a file
// is tried again.
const retryInterval = time.Minute

// fileImporter imports the files of the configuration: each once, and again when it has
// changed. It belongs to one goroutine.
type fileImporter struct {
	store   history.Appender
	config  func() *config.Config
	log     *slog.Logger
	imports *prometheus.CounterVec

	seen      map[string]*seenFile
	unmatched []string // the globs that matched nothing at the last poll
}

// seenFile is what is known of a file from earlier polls.
type seenFile struct {
	// last is the state at the last poll, imported that at the last import, whether it
	// succeeded or not.
	last, imported infile.State
	// retry is when to import the file again though it is the same, zero for never.
	retry time.Time
}

func newFileImporter(store history.Appender, c func() *config.Config, imports *prometheus.CounterVec, log *slog.Logger) *fileImporter {
	return &fileImporter{store: store, config: c, log: log, imports: imports, seen: make(map[string]*seenFile)}
}

// poll imports the files that are new or changed. One that has changed since the last
// poll is left for the next, as it may still be being written; at the start none is left.
func (f *fileImporter) poll(ctx context.Context, start bool) {
	files, unmatched, err := f.config().MatchFiles()
	if err != nil {
		f.log.Error("Cannot look for files to import", "err", err)
		return
	}
	for _, glob := range unmatched {
		if !slices.Contains(f.unmatched, glob) {
			f.log.Warn("No file matches a glob in files", "glob", glob)
		}
	}
	f.unmatched = unmatched
	maps.DeleteFunc(f.seen, func(name string, _ *seenFile) bool {
		return !slices.ContainsFunc(files, func(file config.File) bool { return file.Name == name })
	})
	for _, file := range files {
		name := file.Name
		if ctx.Err() != nil {
			return
		}
		info, err := os.Stat(name)
		if err != nil {
			continue // gone since it was found
		}
		s := f.seen[name]
		if s == nil {
			s = new(seenFile)
			f.seen[name] = s
		}
		state := infile.StateOf(info)
		written := start || state == s.last // to its end
		s.last = state
		retry := !s.retry.IsZero() && !time.Now().Before(s.retry)
		if !written || state == s.imported && !retry {
			continue
		}
		s.imported, s.retry = state, time.Time{}
		if !f.importFile(ctx, file) {
			s.retry = time.Now().Add(retryInterval)
		}
	}
}

// importFile imports a file. It returns false if it should be tried again later: if it
// was not the file's content that was at fault.
func (f *fileImporter) importFile(ctx context.Context, file config.File) bool {
	start := time.Now()
	name := file.Name
	change, readings, err := f.appendFile(ctx, file)
	if err == nil {
		f.imports.WithLabelValues("success").Inc()
		f.log.Info("Imported a file", "file", name, "readings", readings, "records", change.Records, "repos", change.Repos, "days", change.Days,
			"new", change.New, "changed", change.Changed, "unchanged", change.Unchanged, "outdated", change.Outdated,
			"removed", change.Removed, "duration", time.Since(start))
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	f.imports.WithLabelValues("failure").Inc()
	_, ofContent := errors.AsType[*infile.ContentError](err)
	again := "when the file changes"
	if !ofContent {
		again = "in " + retryInterval.String()
	}
	f.log.Error("Importing a file failed; still serving earlier data", "file", name, "err", err, "again", again)
	return ofContent
}

// appendFile stores what a file holds. readings is how many it had, if it is an archive.
func (f *fileImporter) appendFile(ctx context.Context, file config.File) (change history.Change, readings int64, err error) {
	in, err := infile.Open(file.Name)
	if err != nil {
		return history.Change{}, 0, err
	}
	defer in.Close()
	batch := history.Batch{Rows: in.Rows(nil)}
	if file.Readings != nil {
		batch = history.Batch{Readings: func(yield func(history.Reading, error) bool) {
			for r, err := range in.Readings(archiveOptions(file.Readings), func(int) {}) {
				if readings++; !yield(r, err) {
					return
				}
			}
		}}
	}
	change, err = f.store.Append(ctx, batch)
	if err == nil {
		for _, notice := range in.Notes.Notices() {
			f.log.Warn("Imported a file with warnings", "file", file.Name, "notice", notice)
		}
	}
	return change, readings, in.Blame(err)
}

// archiveOptions returns how an archive is read, which the configuration has checked.
func archiveOptions(r *config.Readings) archive.Options {
	o := archive.Options{Columns: r.Columns, Wide: r.Wide, Orgs: r.Organizations, RepoType: history.RepoType(r.RepoType), Day: history.NoDay}
	if day, err := history.ParseDay(r.Day); err == nil {
		o.Day = day
	}
	return o
}
