package victoria

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// identity returns the identity of the history: every append that counts has it, so that
// another history under the same name is noticed.
func (s *Store) identity() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id == "" {
		s.id = rand.Text()
	}
	return s.id
}

// identify compares the identities of the history with the one that it had. There may be
// several, of processes that appended first at the same time.
func (s *Store) identify(ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(ids) == 0:
		return nil
	case slices.Contains(ids, s.id):
		s.hadID = true
	case !s.hadID:
		// This one has none yet, or has not appended with its own: another was first.
		s.id, s.hadID = slices.Min(ids), true
	default:
		text := fmt.Sprintf("expected the history %q with the identity %s, got one with %s", s.history, s.id, slices.Min(ids))
		if s.setbacks.Last != text {
			s.setbacks.Times, s.setbacks.Last = s.setbacks.Times+1, text
		}
		s.setbacks.Missing = fmt.Errorf("%w: %s: bring the engine's data back, or restart to go on with what is there", history.ErrWentBack, text)
		return s.setbacks.Missing
	}
	if len(s.missing) == 0 {
		s.setbacks.Missing = nil
	}
	return nil
}

// notice compares a state with the one before it: an organization whose last number is smaller
// than it was has lost appends.
func (s *Store) notice(was, now *state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lost []string
	for org, old := range was.logs {
		if l := now.log(org); l.last() < old.last() && s.missing[org] == nil {
			s.missing[org] = old
			lost = append(lost, fmt.Sprintf("%s had append %d and has %d", org, old.last(), l.last()))
		}
	}
	if len(lost) > 0 {
		slices.Sort(lost)
		s.setbacks.Times++
		s.setbacks.Last = fmt.Sprintf("the history %q in VictoriaMetrics lost appends of %s: %s",
			s.history, textenc.Plural(len(lost), "organization", "organizations"), strings.Join(lost[:min(len(lost), 3)], ", "))
	}
	s.caughtUp(now)
}

// caughtUp lets go the organizations that have what they lost again: the engine has it, or
// their owner wrote it back. Who has s.mu calls it.
func (s *Store) caughtUp(now *state) {
	maps.DeleteFunc(s.missing, func(org string, was *orgLog) bool { return now.log(org).last() >= was.last() })
	s.setbacks.Missing = nil
	if len(s.missing) > 0 {
		s.setbacks.Missing = fmt.Errorf("%w: %s: restore a backup that is not older, or restart to go on with what is there",
			history.ErrWentBack, s.setbacks.Last)
	}
}

// restorable returns what the engine lost of an organization, if this Store has all of that,
// else nil. Who has s.mu calls it.
func (s *Store) restorable(org string, log *orgLog) *memtable.Table {
	own, was := s.own[org], s.missing[org]
	switch {
	case own == nil || was == nil:
		return nil
	case own.known != nil && own.isAll && own.wroteSince(was, own.log.last()):
		return own.known
	case own.delta != nil && own.wroteSince(was, own.last) && (own.before == 0 || log.find(own.before) != nil):
		return own.delta
	}
	return nil
}

// wroteSince reports whether this Store made all appends of a log after a number. What it tried
// and was not told of as stored brings nothing that anybody relies on.
func (o *ownAppend) wroteSince(l *orgLog, n seq) bool {
	for _, c := range slices.Backward(l.commits) {
		if c.last <= n {
			return c.last == n
		}
		if !slices.Contains(o.tries, c.last) {
			return false
		}
	}
	return false
}

// writeBack writes again what the engine lost and this Store has: of the organizations that it
// is the owner of.
func (s *Store) writeBack(ctx context.Context) error {
	s.mu.Lock()
	now := s.state.Load()
	var orgs []string
	for org := range s.missing {
		if s.restorable(org, now.log(org)) != nil {
			orgs = append(orgs, org)
		}
	}
	s.mu.Unlock()
	slices.Sort(orgs)
	for _, org := range orgs {
		err := s.inTurn(ctx, []string{org}, func(a *appending) error {
			_, err := a.append(memtable.Empty())
			return err
		})
		if err != nil {
			return fmt.Errorf("writing back what VictoriaMetrics lost of %s: %w", org, err)
		}
	}
	if len(orgs) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.caughtUp(s.state.Load()); len(s.missing) == 0 {
		s.setbacks.Restored++
	}
	return nil
}

// stands returns an error if the engine lost appends of the state since that was read: it may
// have crashed, and what was read be of before them.
func (v *snapshot) stands() error {
	now, err := v.s.refresh(v.ctx, 0)
	if err != nil {
		return err
	}
	for org, l := range v.logs {
		if now.log(org).last() < l.last() {
			return fmt.Errorf("reading from VictoriaMetrics: %w: it lost appends to %q meanwhile", ErrLost, org)
		}
	}
	return nil
}

// Setbacks says what the engine lost while the Store was open.
func (s *Store) Setbacks() history.Setbacks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.setbacks
}

// isEmpty reports whether nothing is yielded.
func isEmpty[A, B any](all iter.Seq2[A, B]) bool {
	for range all {
		return false
	}
	return true
}
