package main

import (
	"context"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// pollInterval is how often the store and the files are looked at. A look lists
// folders and reads no file that is still the same.
const pollInterval = time.Second

// work loads the store and keeps store, files and page up to date until ctx ends.
func (s *server) work(ctx context.Context, storage string) error {
	begin := time.Now()
	defer s.collects.stop(s.log)
	if err := s.open(ctx, storage); err != nil {
		return err
	}
	s.files.poll(ctx, true)
	if err := ctx.Err(); err != nil {
		return err
	}
	shown := s.show(ctx, "")
	s.loaded.Store(true)
	stats, err := s.store.Stats(ctx)
	if err != nil {
		return err
	}
	if !stats.OnDisk {
		storage = string(s.reloader.Config().Storage.Engine)
	}
	s.log.Info("Ready", "storage", storage, "repos", stats.Repos, "records", stats.Records, "after", time.Since(begin))

	s.collects.start(ctx)
	s.collects.manager.Wake()
	pushed := make(chan struct{})
	go func() {
		defer close(pushed)
		s.pusher.Run(ctx)
	}()
	defer func() { <-pushed }()

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
		shown = s.show(ctx, shown)
	}
}

// refresh takes in what other processes have stored. A failure is logged when it
// begins: it comes with every look until its cause is gone.
func (s *server) refresh(ctx context.Context) {
	_, err := s.store.Refresh(ctx)
	if ctx.Err() != nil {
		return
	}
	if s.remote {
		s.reached(err)
	}
	s.changes.refreshed(s.log, err)
}

// reached notes whether a storage elsewhere answers. Once it does again, what waited for
// it is stored.
func (s *server) reached(err error) {
	if err != nil {
		text := err.Error()
		s.away.Store(&text)
		s.changes.up.Set(0)
		return
	}
	s.changes.up.Set(1)
	if s.away.Swap(nil) != nil {
		s.collects.manager.Wake()
	}
}

// show renders the metrics page anew if the store has another revision than what the
// page shows, and returns the revision that it now shows.
func (s *server) show(ctx context.Context, shown string) string {
	revision := s.store.Revision()
	if revision == shown {
		return shown
	}
	// The page reads them again after ctx has ended.
	counts := s.store.Counts(context.WithoutCancel(ctx), history.Filter{})
	s.page.Update(func(yield func(history.Counts) bool) {
		for c, err := range counts {
			if err != nil {
				s.log.Error("The metrics page is incomplete", "err", err)
				return
			}
			if !yield(c) {
				return
			}
		}
	})
	if stats, err := s.store.Stats(ctx); shown != "" || err == nil && stats.Repos > 0 {
		s.changes.changed()
	}
	return revision
}

// open opens the store of the configuration. It waits for an engine elsewhere until
// that answers.
func (s *server) open(ctx context.Context, folder string) error {
	c := s.reloader.Config()
	s.remote = c.Storage.Engine == config.EngineVictoriaMetrics
	waiting := ""
	err := s.store.Open(ctx, engine.Options{
		Storage: c.Storage, Path: folder, Cache: true, UserAgent: userAgent(), Logger: s.log,
		Unreachable: func(err error) {
			s.reached(err)
			// It may be away for long. What is collected meanwhile waits.
			s.collects.start(ctx)
			if text := err.Error(); text != waiting {
				waiting = text
				s.log.Warn("The storage does not answer; trying again until it does", "err", err)
			}
		},
	})
	if err == nil && s.remote {
		s.reached(nil)
	}
	return err
}
