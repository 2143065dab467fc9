package victoria

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// ErrConcurrent is wrapped by the error of an append that others came in between of,
// again and again. Nothing of it is stored; it may be repeated.
var ErrConcurrent = errors.New("others append to the same organisations of the same history")

func (s *Store) concurrent() error {
	return fmt.Errorf("writing to VictoriaMetrics: %w (%q); nothing was stored, try again", ErrConcurrent, s.history)
}

// watched is an open append of another Store, and since when nothing was heard of it.
type watched struct {
	alive int64
	since time.Time
}

// watch notes which appends of others go on. s.mu is held.
func (s *Store) watch(j *journal) {
	seen := make(map[claimKey]watched, len(j.open))
	for i := range j.open {
		x := &j.open[i]
		w, ok := s.watched[x.key()]
		if !ok || w.alive != x.alive {
			w = watched{x.alive, time.Now()}
		}
		seen[x.key()] = w
	}
	s.watched = seen
}

// dead returns the open appends that nothing was heard of for long, or that this
// Store gave up itself.
func (s *Store) dead(j *journal) []claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []claim
	for _, x := range j.open {
		if x.owner == s.owner {
			if !s.active[x.first] {
				out = append(out, x)
			}
			continue
		}
		if w, ok := s.watched[x.key()]; ok && time.Since(w.since) > s.patience {
			out = append(out, x)
		}
	}
	return out
}

// clear returns the journal once no other Store is at any of the organisations. What
// another left behind is ended.
func (s *Store) clear(ctx context.Context, sc scope) (journal, error) {
	for begin := time.Now(); ; {
		j, err := s.refresh(ctx)
		if err != nil {
			return j, err
		}
		if dead := s.dead(&j); len(dead) > 0 {
			if err := s.end(ctx, dead...); err != nil {
				return j, err
			}
			if err := s.settle(ctx); err != nil {
				return j, err
			}
			continue
		}
		if !s.busy(&j, sc) {
			return j, nil
		}
		if time.Since(begin) > s.waitFor {
			return j, s.concurrent()
		}
		if err := s.pause(ctx, s.patience/20); err != nil {
			return j, err
		}
	}
}

// busy reports whether another Store is at any of the organisations.
func (s *Store) busy(j *journal, sc scope) bool {
	return slices.ContainsFunc(j.open, func(x claim) bool { return x.owner != s.owner && x.scope.meets(sc) })
}

// untilItAnswers waits until the engine answers.
func (s *Store) untilItAnswers(ctx context.Context) error {
	_, err := backoff.Retry(ctx, func() (journal, error) { return s.refresh(ctx) },
		backoff.WithBackOff(backoff.NewExponentialBackOff()), backoff.WithMaxElapsedTime(s.retryFor))
	return err
}

// pause waits for about d.
func (s *Store) pause(ctx context.Context, d time.Duration) error {
	return s.wait(ctx, d/2+rand.N(d+1))
}

func (s *Store) wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// begin takes the next numbers, one for each version and each organisation. j is the
// journal that the append was worked out on. When it returns without an error, no
// other Store has taken any of the numbers or is at any of the organisations, and none
// will be until this append is committed or ended.
func (s *Store) begin(ctx context.Context, j *journal, sc scope, versions []history.Version) (claim, error) {
	now, err := s.refresh(ctx)
	if err != nil {
		return claim{}, err
	}
	if s.busy(&now, sc) || now.committedSince(j, s.owner, sc) {
		return claim{}, s.concurrent()
	}
	x := s.take(&now, sc, seq(max(len(versions), len(sc), 1)))
	if x.last > maxSeq {
		return x, fmt.Errorf("expected a history of at most %d appends, got more", maxSeq)
	}
	w := s.newWriter(ctx)
	err = w.one(journalSeries, s.journalLabels(beginField, s.owner), int64(x.first), int64(x.last))
	for i, v := range sc {
		err = errors.Join(err, w.one(journalSeries, s.journalLabels(scopeField, s.owner), int64(x.first)+int64(i), v))
	}
	if err := errors.Join(err, w.flush()); err != nil {
		return x, err
	}
	if err := s.settle(ctx); err != nil {
		return x, err
	}
	if now, err = s.refresh(ctx); err != nil {
		return x, err
	}
	meets := func(y claim) bool { return y.owner != s.owner && (y.overlaps(&x) || y.scope.meets(sc)) }
	if slices.ContainsFunc(now.open, meets) || slices.ContainsFunc(now.recent, func(y claim) bool { return y.owner != s.owner && y.overlaps(&x) }) {
		return x, s.concurrent()
	}
	return x, s.undisturbed(&now, j, &x)
}

// take takes n numbers that no append of this Store has taken.
func (s *Store) take(j *journal, sc scope, n seq) claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := max(j.last(), j.begun, s.begun) + 1
	s.begun = first + n - 1
	s.active[first] = true
	return claim{first: first, last: s.begun, owner: s.owner, scope: sc}
}

// undisturbed returns an error if, since old was read, others ended this append, or
// stored something of its organisations: what it writes would count on what is no
// longer so. Others that began after this append saw it, and wait.
func (s *Store) undisturbed(now, old *journal, x *claim) error {
	ended := slices.ContainsFunc(now.ended, func(y claim) bool { return y.key() == x.key() })
	if ended || now.committedSince(old, s.owner, x.scope) {
		return s.concurrent()
	}
	return nil
}

// giveUp ends an append that will not be committed. If the engine does not take that
// either, the next append of this Store ends it, or another after some time.
func (s *Store) giveUp(ctx context.Context, x claim) {
	s.inactive(x)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveUpWithin)
	defer cancel()
	_ = s.end(ctx, x)
}

const giveUpWithin = time.Second

// inactive notes that an append is over.
func (s *Store) inactive(x claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.active, x.first)
}

// end says of appends that they will not be committed.
func (s *Store) end(ctx context.Context, claims ...claim) error {
	w := s.newWriter(ctx)
	defer w.stop()
	for _, x := range claims {
		if err := w.one(journalSeries, s.journalLabels(endField, x.owner), int64(x.first), 1); err != nil {
			return err
		}
	}
	return w.flush()
}

// keepAlive tells others that an append goes on, until stop is called.
func (s *Store) keepAlive(ctx context.Context, x claim) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(s.patience / 4)
		defer tick.Stop()
		for n := int64(1); ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			w := s.newWriter(ctx)
			// If it does not get there, the append itself will not either.
			_ = errors.Join(w.one(journalSeries, s.journalLabels(aliveField, x.owner), int64(x.first), n), w.flush())
		}
	}()
	return func() { cancel(); <-done }
}

// commit makes the numbers of an append count. It goes on where ctx ends, for the
// samples are all there. It is tried once: an engine that takes it later may have lost
// what it was to commit.
func (s *Store) commit(ctx context.Context, x claim) error {
	defer s.inactive(x)
	w := s.newWriter(context.WithoutCancel(ctx))
	w.once = true
	defer w.stop()
	if err := w.one(journalSeries, s.journalLabels(commitField, x.owner), int64(x.last), int64(x.first)); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		if e := pushclient.As(err); e != nil && e.Temporary() {
			return fmt.Errorf("%w: whether it was committed is not known: %w", errIncomplete, err)
		}
		return err
	}
	err := s.settle(context.WithoutCancel(ctx))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.committed = time.Now()
	return err
}

func (s *Store) journalLabels(field, owner string) labels {
	return labels{"field", field, "owner", owner}
}

// writeVersions says what the numbers from first on are of.
func writeVersions(w *writer, first seq, versions []history.Version) error {
	for _, field := range []string{"source", "age", "age_high"} {
		if err := w.begin(versionSeries, labels{"field", field}); err != nil {
			return err
		}
		for i, v := range versions {
			low, high := split53(int64(v.AsOf))
			value := low
			switch field {
			case "source":
				value = int64(v.Source)
			case "age_high":
				if value = high; high == 0 {
					continue
				}
			}
			if err := w.add(int64(first)+int64(i), value); err != nil {
				return err
			}
		}
	}
	return nil
}
