package server

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
)

// pollInterval is the time between two looks at the store and the files. A look lists
// directories and reads no file that is unchanged.
const pollInterval = time.Second

// work opens the store and keeps store, files and page up to date until ctx ends.
func (s *Server) work(ctx context.Context) error {
	start := time.Now()
	defer s.collects.queue.Close()
	defer s.manager.Stop()
	if err := s.open(ctx); err != nil {
		return err
	}
	s.files.poll(ctx, true)
	if err := ctx.Err(); err != nil {
		return err
	}
	stats, err := s.store.Stats(ctx)
	if err != nil {
		return err
	}
	s.metrics.watchStore(s.store, stats.OnDisk)
	s.updatePage(ctx, stats.Repos > 0)
	settleMemory()
	s.loaded.Store(true)
	storage := s.Engine.Path
	if !stats.OnDisk {
		storage = string(s.config.Load().Storage.Engine)
	}
	s.Log.Info("Ready", "storage", storage, "repos", stats.Repos, "records", stats.Records, "after", time.Since(start))

	s.manager.Start(ctx)
	s.manager.Wake()
	var running sync.WaitGroup
	running.Go(func() { s.pusher.Run(ctx) })
	running.Go(func() { s.fetchCollections(ctx) })
	defer running.Wait()

	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		s.refresh(ctx, !stats.OnDisk)
		s.files.poll(ctx, false)
		if s.revision() != s.shown {
			s.updatePage(ctx, true)
		}
	}
}

// garbagePercent is how much garbage there may be for what is in use, unless the variable of
// the environment GOGC says it. Most of what is in use is the history, which stays: to look at
// it more often than the 100 that Go uses by itself costs little, and saves a quarter.
const garbagePercent = 50

// settleMemory gives back what opening the store took, which is several times what is in use
// then.
func settleMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	debug.FreeOSMemory()
}

// open opens the store of the configuration. It waits for an engine elsewhere until that
// answers, and collects meanwhile: what is collected waits, too.
func (s *Server) open(ctx context.Context) error {
	o := s.Engine
	o.Storage = s.config.Load().Storage
	o.Cache = true
	logged := ""
	o.Unreachable = func(err error) {
		s.setReachable(err)
		s.manager.Start(ctx)
		if text := err.Error(); text != logged {
			logged = text
			s.Log.Warn("The storage does not respond; retrying", "err", err)
		}
	}
	if err := s.store.Open(ctx, o); err != nil {
		return err
	}
	s.setReachable(nil)
	if o.Storage.Embedded() {
		if err := outfile.CheckWritable(o.Path); err != nil {
			s.Log.Warn("The storage directory is not writable: the stored history is served, but nothing new can be stored. "+
				"Change the owner of the directory to the user of the exporter", "err", err)
		}
	}
	return nil
}

// refresh takes in what other processes have stored. A failure is logged when its error
// changes: it comes with every refresh until its cause is gone.
func (s *Server) refresh(ctx context.Context, elsewhere bool) {
	_, err := s.store.Refresh(ctx)
	if ctx.Err() != nil {
		return
	}
	went := errors.Is(err, history.ErrWentBack)
	if elsewhere && !went { // it answers if it went back
		s.setReachable(err)
	}
	s.logSetbacks()
	if err == nil {
		if s.refreshError != "" {
			s.Log.Info("Reading the store works again")
		}
		s.refreshError = ""
		return
	}
	s.metrics.refreshFailures.Inc()
	if text := err.Error(); text != s.refreshError && !went {
		s.Log.Error("Cannot load new data of the store; still serving earlier data", "err", err)
		s.refreshError = text
	}
}

// logSetbacks logs when the store went back, when it was made good, and when it cannot be.
func (s *Server) logSetbacks() {
	was, now := s.setbacks, s.store.Setbacks()
	s.setbacks = now
	if now.Times > was.Times {
		s.Log.Error("The store went back: it holds less than it did, or is another one", "found", now.Last)
	}
	switch {
	case now.Restored > was.Restored:
		s.Log.Warn("What this process knows of what the store lost was written back", "found", now.Last)
	case now.Missing == nil && was.Missing != nil:
		s.Log.Info("The store has again what was missing in it")
	case now.Missing != nil && (was.Missing == nil || now.Missing.Error() != was.Missing.Error()):
		s.Log.Error("Something is missing in the store, and cannot be written back", "err", now.Missing)
	}
}

// setReachable notes whether an engine elsewhere answers. Once it does again, what waited
// for it is stored.
func (s *Server) setReachable(err error) {
	if err != nil {
		s.away.Store(&err)
		s.metrics.storeUp.Set(0)
		return
	}
	s.metrics.storeUp.Set(1)
	if s.away.Swap(nil) != nil {
		s.manager.Wake()
	}
}

// updatePage renders the metrics page anew from what the store holds now.
func (s *Server) updatePage(ctx context.Context, changed bool) {
	s.shown = s.revision()
	// The page reads them again after ctx has ended.
	counts := s.store.Counts(context.WithoutCancel(ctx), history.Filter{})
	o, err := s.store.Overview(ctx, history.OverviewQuery{ByOrg: true})
	if err != nil && ctx.Err() == nil {
		s.Log.Error("The metrics page does not say what is stored of organizations", "err", err)
	}
	stored := exposition.Stored{Orgs: make([]exposition.StoredOrg, len(o.Groups))}
	for i, g := range o.Groups {
		stored.Orgs[i] = exposition.StoredOrg{Org: g.Org, Repos: int64(g.Repos), Records: g.Records}
	}
	sums, err := s.groups.Count(s.store.Meta(ctx, history.MetaQuery{}))
	if err != nil && ctx.Err() == nil {
		s.Log.Error("The counters of groups may fall to 0 at the next restart, or are not up to date", "err", err)
	}
	for _, g := range sums {
		stored.Groups = append(stored.Groups, exposition.Group{Name: g.Group, Downloads: g.Downloads, AllTime: g.AllTime, Repos: g.Repos})
	}
	s.page.Update(func(yield func(history.Counts) bool) {
		for c, err := range counts {
			if err != nil {
				s.Log.Error("The metrics page is incomplete", "err", err)
				return
			}
			if !yield(c) {
				return
			}
		}
	}, stored)
	if changed {
		setToNow(s.metrics.storeChanged)
	}
}
