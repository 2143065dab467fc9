package victoria

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// journal says which sequence numbers count, and what version each is of.
type journal struct {
	// entries are by sequence number, up to the last that was committed. They
	// never change, so that who reads keeps the slice it began with.
	entries []entry
	// begun is the last number that any append began, others the last that one of
	// another process did.
	begun, others seq
}

type entry struct {
	version history.Version
	// counts says that the append was committed.
	counts bool
}

func (j *journal) last() seq { return seq(max(len(j.entries)-1, 0)) }

// counts reports whether what was written under n is seen.
func (j *journal) counts(n seq) bool {
	return n >= 0 && int(n) < len(j.entries) && j.entries[n].counts
}

// refresh reads what was appended since the last time and returns the journal as it
// is now.
func (s *Store) refresh(ctx context.Context) (journal, error) {
	if err := ctx.Err(); err != nil {
		return journal{}, err
	}
	s.mu.Lock()
	known := s.journal
	s.mu.Unlock()
	from := known.last() + 1
	type span struct{ first, last seq }
	var commits []span
	sources, ages, highs := map[seq]int64{}, map[seq]int64{}, map[seq]int64{}
	now := journal{begun: known.begun, others: known.others}
	// Engines keep for some seconds which series a selector matches, and that none
	// do. One that is asked for the first time finds all.
	nonce := strconv.FormatInt(time.Now().UnixNano(), 36)
	selectors := []string{s.selector(nonce, journalSeries), s.selector(nonce, versionSeries)}
	err := s.export(ctx, selectors, int64(from), int64(maxSeq), func(l *line) error {
		var into map[seq]int64
		switch l.labels["field"] {
		case "begin":
			for _, v := range l.values {
				now.begun = max(now.begun, seq(v))
				if l.labels["owner"] != s.owner {
					now.others = max(now.others, seq(v))
				}
			}
		case "commit":
			for i, v := range l.values {
				commits = append(commits, span{seq(v), seq(l.times[i])})
			}
		case "source":
			into = sources
		case "age":
			into = ages
		case "age_high":
			into = highs
		}
		for i, v := range l.values {
			if into != nil {
				into[seq(l.times[i])] = v
			}
		}
		return nil
	})
	if err != nil {
		return journal{}, err
	}
	last := from - 1
	for _, c := range commits {
		if c.first < from || c.last < c.first || c.last > maxSeq {
			return journal{}, fmt.Errorf("expected an append of numbers from %d to %d in the journal, got %d to %d: is another process appending to the history %q?",
				from, maxSeq, c.first, c.last, s.history)
		}
		last = max(last, c.last)
	}
	if len(known.entries) == 0 {
		known.entries = make([]entry, 1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal.last() >= last && len(s.journal.entries) > 0 { // somebody else was faster
		s.journal.begun = max(s.journal.begun, now.begun)
		s.journal.others = max(s.journal.others, now.others)
		return s.journal, nil
	}
	grown := make([]entry, last-from+1)
	for _, c := range commits {
		for n := c.first; n <= c.last; n++ {
			grown[n-from] = entry{counts: true, version: history.Version{
				Source: history.Source(sources[n]), AsOf: history.AsOf(join53(ages[n], highs[n])),
			}}
		}
	}
	now.entries = append(slices.Clip(known.entries), grown...)
	s.journal = now
	return now, nil
}

// begin takes the next numbers, one for each version, at least one. When it returns
// without an error, no other process has taken any of them or will.
func (s *Store) begin(ctx context.Context, j journal, versions []history.Version) (first, last seq, err error) {
	first = max(j.last(), j.begun, s.begun) + 1
	last = first + seq(max(len(versions), 1)) - 1
	if last > maxSeq {
		return 0, 0, fmt.Errorf("expected a history of at most %d appends, got more", maxSeq)
	}
	w := s.newWriter(ctx)
	if err := w.one(journalSeries, labels{"field", "begin", "owner", s.owner}, int64(first), int64(last)); err != nil {
		return 0, 0, err
	}
	s.begun = last
	if err := w.flush(); err != nil {
		return 0, 0, err
	}
	if err := s.settle(ctx); err != nil {
		return 0, 0, err
	}
	return first, last, s.alone(ctx, j, first)
}

// ErrConcurrent is wrapped by the error of an append that another process came in
// between of. Nothing of it is stored; it may be repeated.
var ErrConcurrent = errors.New("another process appends to the same history")

// alone returns an error if another process began or committed an append since this
// one, whose first number is given, looked at the journal: what it writes would count
// on what is no longer so.
func (s *Store) alone(ctx context.Context, j journal, first seq) error {
	now, err := s.refresh(ctx)
	if err != nil {
		return err
	}
	if now.others >= first || now.last() != j.last() {
		return fmt.Errorf("writing to VictoriaMetrics: %w (%q); nothing was stored, try again", ErrConcurrent, s.history)
	}
	return nil
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

// commit makes the numbers first to last count. It goes on where ctx ends, for the
// samples are all there.
func (s *Store) commit(ctx context.Context, first, last seq) error {
	w := s.newWriter(context.WithoutCancel(ctx))
	if err := w.one(journalSeries, labels{"field", "commit"}, int64(last), int64(first)); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	return s.settle(context.WithoutCancel(ctx))
}

// endOfTime is later than any sample, in milliseconds.
const endOfTime = math.MaxInt32 * 1000 * 2

// revision names the state of the history after the append of a number.
func (s *Store) revision(n seq) string { return s.history + "-" + strconv.FormatInt(int64(n), 10) }
