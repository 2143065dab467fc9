package main

import (
	"context"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
)

// pollInterval is how often the store and the files are looked at. A look lists
// folders and reads no file that is still the same.
const pollInterval = time.Second

// openPause is the time between two attempts to reach an engine elsewhere.
const openPause = 2 * time.Second

// work loads the store and keeps store, files and page up to date until ctx ends.
func (s *server) work(ctx context.Context, storage string) error {
	begin := time.Now()
	defer s.collects.stop(s.log)
	e, err := s.open(ctx, storage)
	if err != nil {
		return err
	}
	s.store.opened.Store(&e)
	s.files.poll(ctx, true)
	if err := ctx.Err(); err != nil {
		return err
	}
	shown := s.show(nil)
	s.loaded.Store(true)
	c := e.content()
	if !c.onDisk {
		storage = string(s.reloader.Config().Storage.Engine)
	}
	s.log.Info("Ready", "storage", storage, "repos", c.repos, "records", c.records, "after", time.Since(begin))

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
		shown = s.show(shown)
	}
}

// refresh takes in what other processes have stored. A failure is logged when it
// begins: it comes with every look until its cause is gone.
func (s *server) refresh(ctx context.Context) {
	_, err := s.store.Refresh(ctx)
	if ctx.Err() != nil {
		return
	}
	if !s.store.get().content().onDisk {
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

// show renders the metrics page anew if the store no longer holds what the page
// shows, and returns what it now shows.
func (s *server) show(shown any) any {
	e := s.store.get()
	c := e.content()
	if c.as == shown {
		return shown
	}
	s.page.Update(e.Counts())
	if shown != nil || c.repos > 0 {
		s.changes.changed()
	}
	return c.as
}

// open opens the store of the configuration. It waits for an engine elsewhere until
// that answers.
func (s *server) open(ctx context.Context, folder string) (engine, error) {
	c := s.reloader.Config()
	if c.Storage.Engine != config.EngineVictoriaMetrics {
		l, err := localstore.Open(ctx, folder, localstore.Options{Logger: s.log})
		return embedded{l}, err
	}
	store, err := openRemote(&c.Storage.VictoriaMetrics)
	if err != nil {
		return nil, err
	}
	r := &remote{Store: store}
	for waiting := ""; ; {
		_, err := r.Refresh(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.reached(err)
		if err == nil {
			return r, nil
		}
		// It may be away for long. What is collected meanwhile waits.
		s.collects.start(ctx)
		if text := err.Error(); text != waiting {
			waiting = text
			s.log.Warn("The storage does not answer; trying again until it does", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(openPause):
		}
	}
}
