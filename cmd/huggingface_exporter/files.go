package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// retryInterval is how long after a failure that was not the file's own fault
// the file is tried again.
const retryInterval = time.Minute

// fileImporter imports the files of the configuration: each once, and again when
// it has changed. It is for one goroutine.
type fileImporter struct {
	store   history.Appender
	config  func() *config.Config
	log     *slog.Logger
	imports *prometheus.CounterVec

	seen      map[string]*seenFile
	unmatched []string // the globs that matched nothing at the last look
}

// seenFile is what is known of a file from earlier looks.
type seenFile struct {
	// stamp is of the last look, imported that of the last import, whether it
	// succeeded or not.
	stamp, imported stamp
	// retry is when to import the file again though it is the same, zero for
	// never.
	retry time.Time
}

func newFileImporter(store history.Appender, c func() *config.Config, log *slog.Logger) *fileImporter {
	f := &fileImporter{
		store: store, config: c, log: log, seen: make(map[string]*seenFile),
		imports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "huggingface_exporter_file_imports_total",
			Help: "Imports of the files that the configuration names, by outcome; what was stored before a failure stays.",
		}, []string{"outcome"}),
	}
	f.imports.WithLabelValues("success")
	f.imports.WithLabelValues("failure")
	return f
}

// poll looks at the files and imports those that are new or changed. One that
// has changed since the last look is left for the next one, as it may still be
// being written; at the start nothing is left.
func (f *fileImporter) poll(ctx context.Context, start bool) {
	names, unmatched, err := f.config().MatchFiles()
	if err != nil {
		f.log.Error("Cannot look for files to import", "err", err)
		return
	}
	for _, glob := range unmatched {
		if !slices.Contains(f.unmatched, glob) {
			f.log.Warn("No file matches a glob of the configuration's files", "glob", glob)
		}
	}
	f.unmatched = unmatched
	maps.DeleteFunc(f.seen, func(name string, _ *seenFile) bool {
		_, found := slices.BinarySearch(names, name)
		return !found
	})
	for _, name := range names {
		if ctx.Err() != nil {
			return
		}
		f.look(ctx, name, start)
	}
}

// look imports a file if it is time to.
func (f *fileImporter) look(ctx context.Context, name string, start bool) {
	info, err := os.Stat(name)
	if err != nil {
		return // gone since it was found
	}
	s := f.seen[name]
	if s == nil {
		s = new(seenFile)
		f.seen[name] = s
	}
	now, before := stampOf(info), s.stamp
	s.stamp = now
	again := !s.retry.IsZero() && !time.Now().Before(s.retry)
	if now.equal(s.imported) && !again || !now.equal(before) && !start {
		return
	}
	s.imported, s.retry = now, time.Time{}
	if theirs := f.importFile(ctx, name); !theirs {
		s.retry = time.Now().Add(retryInterval)
	}
}

// importFile imports a file. It reports false if it should be tried again later:
// if it was not the file's content that was at fault.
func (f *fileImporter) importFile(ctx context.Context, name string) bool {
	begin := time.Now()
	change, err := importOne(ctx, f.store, name)
	if err == nil {
		f.imports.WithLabelValues("success").Inc()
		f.log.Info("Imported a file", "file", name, "records", change.Records, "repos", change.Repos, "days", change.Days,
			"new", change.New, "changed", change.Changed, "unchanged", change.Unchanged, "outdated", change.Outdated,
			"corrected", change.Corrected, "duration", time.Since(begin))
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	f.imports.WithLabelValues("failure").Inc()
	_, theirs := errors.AsType[*contentError](err)
	again := "when the file changes"
	if !theirs {
		again = "in " + retryInterval.String()
	}
	f.log.Error("A file was not imported, what was stored before stays", "file", name, "err", err, "again", again)
	return theirs
}

// importOne appends what is in a file to the store.
func importOne(ctx context.Context, store history.Appender, name string) (history.Change, error) {
	in, err := openInput(name)
	if err != nil {
		return history.Change{}, err
	}
	defer in.close()
	change, err := store.Append(ctx, history.Batch{Rows: in.rows(nil)})
	return change, in.fault(err)
}

// contentError is an error that the content of an input has caused.
type contentError struct{ error }

func (e *contentError) Unwrap() error { return e.error }

// fault returns err, marked as a contentError if the content of in has caused
// it: it could be read, and is not what it should be.
func (in *input) fault(err error) error {
	var faults *history.InputErrors
	var path *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &faults):
		if faults.File == "" {
			faults.File = in.name
		}
	case in.failed == nil || errors.As(err, &path):
		return err
	}
	return &contentError{err}
}
