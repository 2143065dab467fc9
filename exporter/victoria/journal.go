package victoria

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// journal says which sequence numbers count, and what version each is of.
type journal struct {
	// entries are by sequence number, up to the last that was committed. They
	// never change, so that who reads keeps the slice it began with.
	entries []entry
	// open are the appends that were begun and neither committed nor ended, recent
	// those that were committed last.
	open, recent []claim
	// ended has those of the open ones that were ended after all.
	ended []claim
	// begun is the last number that any append began.
	begun seq
	// sum names the numbers that count, appends is how many appends they are of.
	sum     uint64
	appends int
}

type entry struct {
	version history.Version
	// counts says that the append was committed.
	counts bool
}

// claim is the numbers of an append.
type claim struct {
	first, last seq
	// owner names the Store that appends.
	owner string
	scope scope
	// alive grows while the append goes on.
	alive int64
}

// claimKey tells appends apart: two may have begun with the same number before they
// saw each other.
type claimKey struct {
	owner string
	first seq
}

func (x *claim) key() claimKey { return claimKey{x.owner, x.first} }

// overlaps reports whether two appends took some number both.
func (x *claim) overlaps(y *claim) bool { return x.first <= y.last && y.first <= x.last }

const (
	// keepRecent is how many committed appends a journal remembers.
	keepRecent = 1024
	// lateNumbers is how many numbers before those that are still open are read
	// again, for a write that was seen later than it should.
	lateNumbers = 64
)

func (j *journal) last() seq { return seq(max(len(j.entries)-1, 0)) }

// counts reports whether what was written under n is seen.
func (j *journal) counts(n seq) bool {
	return n >= 0 && int(n) < len(j.entries) && j.entries[n].counts
}

// from is the first number of which more may come to be known.
func (j *journal) from() seq {
	from := j.last() + 1
	for i := range j.open {
		from = min(from, j.open[i].first)
	}
	return max(from-lateNumbers, 1)
}

// committedSince reports whether an append of another Store, of some of the
// organisations of sc, came to count after old was read.
func (j *journal) committedSince(old *journal, owner string, sc scope) bool {
	if len(j.recent) == keepRecent && j.recent[0].last > old.last() {
		return true // more than is remembered
	}
	for i := range j.recent {
		x := &j.recent[i]
		if x.owner != owner && !old.counts(x.last) && x.scope.meets(sc) {
			return true
		}
	}
	return false
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
	r := newJournalReader()
	// Engines keep for some seconds which series a selector matches, and that none
	// do. One that is asked for the first time finds all.
	nonce := strconv.FormatInt(time.Now().UnixNano(), 36)
	selectors := []string{s.selector(nonce, journalSeries), s.selector(nonce, versionSeries)}
	asked := time.Now()
	if err := s.export(ctx, selectors, int64(known.from()), int64(maxSeq), r.take); err != nil {
		return journal{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Somebody else may have been faster; what it knows stays known.
	now, err := r.onto(s.journal)
	if err != nil {
		return journal{}, fmt.Errorf("reading the journal of the history %q: %w", s.history, err)
	}
	s.journal, s.refreshed = now, asked
	s.watch(&now)
	return now, nil
}

// endOfTime is later than any sample, in milliseconds.
const endOfTime = math.MaxInt32 * 1000 * 2

// revision names the state of the history.
func (s *Store) revision(j *journal) string {
	return s.history + "-" + strconv.FormatInt(int64(j.last()), 10) + "-" + strconv.FormatUint(j.sum, 36)
}
