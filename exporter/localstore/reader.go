package localstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore/segment"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// reader opens files and then makes tables of them, with all processors.
type reader struct {
	ctx context.Context
	dir string
	// readings is the directory of readings in dir.
	readings string
	open     []interface{ Close() error }
	paths    []string // of the files opened
	jobs     []job
	// replaced are the files that those opened were merged from, as records/NAME and
	// readings/NAME.
	replaced map[string]bool
}

func (r *reader) noteReplaced(dir string, names []string) {
	for _, name := range names {
		r.replaced[dir+"/"+name] = true
	}
}

// job reads a part of a file.
type job struct {
	name  string
	build func(ctx context.Context) (*memtable.Part, error)
}

func newReader(ctx context.Context, dir, readings string) *reader {
	return &reader{ctx: ctx, dir: dir, readings: readings, replaced: make(map[string]bool)}
}

func (r *reader) close() {
	for _, f := range r.open {
		f.Close()
	}
}

// records opens a file of records. Each row group becomes a part: they share no
// repository, so that their union costs next to nothing.
func (r *reader) records(name string) (file, error) {
	path := filepath.Join(r.dir, recordsDir, name)
	s, err := segment.OpenRecords(path)
	if err != nil {
		return file{}, advise(err)
	}
	r.open, r.paths = append(r.open, s), append(r.paths, path)
	r.noteReplaced(recordsDir, s.Replaces())
	for g := range s.NumGroups() {
		r.jobs = append(r.jobs, job{path, func(ctx context.Context) (*memtable.Part, error) {
			return memtable.BuildPart(ctx, s.Group(g))
		}})
	}
	return file{size: s.Size()}, nil
}

// meta opens a file of metadata. waits reports that it belongs to a file of
// records that is not among those given, and so does not count.
func (r *reader) meta(name string, records files) (f file, waits bool, err error) {
	path := filepath.Join(r.dir, r.readings, name)
	s, err := segment.OpenReadings(path)
	if err != nil {
		return file{}, false, advise(err)
	}
	r.open, r.paths = append(r.open, s), append(r.paths, path)
	f = file{size: s.Size(), companionOf: s.CompanionOf()}
	if f.companionOf != "" {
		if _, ok := records[f.companionOf]; !ok {
			return f, true, nil
		}
	}
	r.noteReplaced(readingsDir, s.Replaces())
	for g := range s.NumGroups() {
		r.jobs = append(r.jobs, job{path, func(ctx context.Context) (*memtable.Part, error) {
			return memtable.BuildReadingsPart(ctx, s.Group(g))
		}})
	}
	return f, false, nil
}

// union makes one table of all that was opened, with all processors.
func (r *reader) union() (*memtable.Table, error) {
	parts := make([]*memtable.Part, len(r.jobs))
	g, ctx := errgroup.WithContext(r.ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, j := range r.jobs {
		g.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			parts[i], err = j.build(ctx)
			if bad := (*history.InputErrors)(nil); errors.As(err, &bad) {
				err = fmt.Errorf("%s is %w: it contradicts itself: %w", j.name, segment.ErrDamaged, err)
			}
			return advise(err)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	// Merged pairwise, none is copied more often than need be.
	for len(parts) > 1 {
		half := make([]*memtable.Part, (len(parts)+1)/2)
		var done sync.WaitGroup
		for i := range half {
			done.Go(func() {
				half[i] = parts[2*i]
				if 2*i+1 < len(parts) {
					half[i] = half[i].Union(parts[2*i+1])
				}
			})
		}
		done.Wait()
		parts = half
	}
	if len(parts) == 0 {
		return memtable.Empty(), nil
	}
	return parts[0].Table(), nil
}

// advise adds to an error about the content of a file what can be done about it.
func advise(err error) error {
	if errors.Is(err, segment.ErrDamaged) || errors.Is(err, segment.ErrForeign) {
		return fmt.Errorf("%w; nothing was changed: restore the file from a backup, or move it out of the directory to continue without it", err)
	}
	return err
}
