package main

import (
	"context"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/columns"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/ledger"
)

// pollInterval is how often the store and the files are looked at. A look lists
// folders and reads no file that is still the same.
const pollInterval = time.Second

// work loads the store and keeps store, files and page up to date until ctx ends.
func (s *server) work(ctx context.Context, storage string) error {
	begin := time.Now()
	l, err := ledger.Open(ctx, storage, ledger.Options{Logger: s.log})
	if err != nil {
		return err
	}
	s.store.opened.Store(l)
	s.files.poll(ctx, true)
	if err := ctx.Err(); err != nil {
		return err
	}
	shown := s.show(nil)
	s.loaded.Store(true)
	t := l.Table()
	s.log.Info("Ready", "storage", storage, "repos", t.NumRepos(), "records", t.NumRecords(), "after", time.Since(begin))

	s.collects.start(ctx)
	defer s.collects.manager.Stop()

	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		s.refresh(ctx)
		s.files.poll(ctx, false)
		shown = s.show(shown)
	}
}

// refresh takes in what other processes have stored. A failure is logged when it
// begins: it comes with every look until its cause is gone.
func (s *server) refresh(ctx context.Context) {
	_, err := s.store.get().Refresh(ctx)
	if ctx.Err() != nil {
		return
	}
	s.changes.refreshed(s.log, err)
}

// show renders the metrics page anew if the store no longer holds the table that
// the page shows, and returns the one that it now shows.
func (s *server) show(shown *columns.Table) *columns.Table {
	t := s.store.get().Table()
	if t == shown {
		return shown
	}
	s.page.Update(t.Counts())
	if shown != nil || !t.IsEmpty() {
		s.changes.changed()
	}
	return t
}
