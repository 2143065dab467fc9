package victoria

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// commit is an append that counts: appendsSeries has its first number at its last one.
type commit struct {
	first, last seq
	versions    []history.Version // of the numbers from first on
}

// orgLog is the appends of an organization that count. It never changes.
type orgLog struct {
	commits []commit // ascending
	seen    seq      // the last number that is in use, by whatever append
}

// emptyLog is that of an organization that nothing is stored of.
var emptyLog = new(orgLog)

// last returns the last number that counts.
func (l *orgLog) last() seq {
	if len(l.commits) == 0 {
		return 0
	}
	return l.commits[len(l.commits)-1].last
}

// find returns the append that a number is of, nil if it does not count.
func (l *orgLog) find(n seq) *commit {
	at, _ := slices.BinarySearchFunc(l.commits, n, func(c commit, n seq) int { return cmp.Compare(c.last, n) })
	if at == len(l.commits) || l.commits[at].first > n {
		return nil
	}
	return &l.commits[at]
}

// The sources of numbers under which no record is stored: of readings and metadata, and of days
// that follow from readings, which are shown with the source that is left without derived.
const (
	notStored history.Source = 0
	derived   history.Source = 4
)

// isStored reports whether what is written under a number of version v is a record that came.
func isStored(v history.Version) bool { return v.Source != notStored && v.Source&derived == 0 }

// version returns the version of a number that counts.
func (l *orgLog) version(n seq) history.Version {
	if c := l.find(n); c != nil {
		return c.versions[n-c.first]
	}
	return history.Version{}
}

// extends reports whether the log is an earlier one with more appends at its end.
func (l *orgLog) extends(old *orgLog) bool {
	n := len(old.commits)
	return n == 0 || n <= len(l.commits) && l.commits[n-1].last == old.last()
}

// state is what counts, as of one moment. It never changes.
type state struct {
	serial   int64              // grows from state to state of a Store
	logs     map[string]*orgLog // by organization
	revision string
}

// log returns the log of an organization.
func (st *state) log(org string) *orgLog {
	if l := st.logs[org]; l != nil {
		return l
	}
	return emptyLog
}

// newState names the state by what was appended last to each organization.
func (s *Store) newState(serial int64, logs map[string]*orgLog) *state {
	var sum uint64
	for org, l := range logs {
		h := fnv.New64a()
		fmt.Fprintf(h, "%d %s", l.last(), org)
		sum += h.Sum64()
	}
	return &state{serial, logs, s.history + "-" + strconv.FormatUint(sum, 36)}
}

// refresh returns what counts now, or counted maxAge ago.
func (s *Store) refresh(ctx context.Context, maxAge time.Duration) (*state, error) {
	latest := time.Now().Add(-maxAge)
	select {
	case s.reading <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.reading }()
	known := s.state.Load()
	if s.asked.After(latest) {
		return known, ctx.Err()
	}
	asked := time.Now()
	firsts, ids, err := s.lastAppends(ctx)
	if err == nil {
		err = s.identify(ids)
	}
	if err != nil {
		return nil, err
	}
	logs := make(map[string]*orgLog, len(firsts))
	var changed []string
	for org, first := range firsts {
		l := known.log(org)
		if logs[org] = l; l.find(first) != nil && l.find(first).last == l.last() {
			continue
		}
		if first <= l.last() {
			logs[org] = emptyLog // the engine lost some
		}
		changed = append(changed, org)
	}
	if s.asked.IsZero() {
		if err := s.refuseOldLayout(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.catchUp(ctx, logs, changed); err != nil {
		return nil, fmt.Errorf("reading what was appended to the history %q: %w", s.history, err)
	}
	if len(changed) > 0 || len(logs) < len(known.logs) {
		was := known
		known = s.newState(known.serial+1, logs)
		s.state.Store(known)
		s.notice(was, known)
	}
	s.asked = asked
	s.letGo(known)
	return known, nil
}

// lastAppends returns the first number of the last append to each organization, and the
// identities of the history.
func (s *Store) lastAppends(ctx context.Context) (firsts map[string]seq, ids []string, err error) {
	selector := s.selector(newNonce(), appendsSeries)
	results, err := s.engine.Query(ctx, "last_over_time("+selector+"[1d])", (numbersDay+1)*msPerDay/1000)
	if err != nil {
		return nil, nil, err
	}
	firsts = make(map[string]seq, len(results))
	for _, r := range results {
		org, id := r.Metric["org"], r.Metric["id"]
		firsts[org] = max(firsts[org], seq(r.Value))
		if id != "" {
			ids = append(ids, id)
		}
	}
	return firsts, ids, nil
}

// newNonce returns a nonce of no selector that was asked before.
func newNonce() string { return strconv.FormatInt(time.Now().UnixNano(), 36) }

// ErrOldLayout says that a history is of an earlier version.
var ErrOldLayout = errors.New("the history was stored by an earlier version in another layout: " +
	"move it to the embedded store with that version (huggingface_exporter migrate --to=embedded), and back with this one " +
	"under another name (storage.victoriametrics.history)")

func (s *Store) refuseOldLayout(ctx context.Context) error {
	err := s.engine.Export(ctx, []string{s.selector(newNonce(), oldJournal)}, 0, msPerDay-1, func(*vmapi.Line) error { return ErrOldLayout })
	if errors.Is(err, ErrOldLayout) {
		return fmt.Errorf("reading the history %q from VictoriaMetrics: %w", s.history, err)
	}
	return err
}

// lateNumbers is how many numbers before the last one are read again: another process may
// have taken one of them, and have been seen later than who took a larger one.
const lateNumbers = 4 * numberGap

// catchUp reads what was appended to organizations since logs.
func (s *Store) catchUp(ctx context.Context, logs map[string]*orgLog, orgs []string) error {
	if len(orgs) == 0 {
		return nil
	}
	from := maxSeq
	for _, org := range orgs {
		from = min(from, max(logs[org].last()-lateNumbers, 1))
	}
	r := make(logReader)
	where, nonce := conditions(history.Filter{Orgs: orgs}), newNonce()
	selectors := []string{s.selector(nonce, appendsSeries, where...), s.selector(nonce, versionSeries, where...)}
	if err := s.engine.Export(ctx, selectors, from.ms(), maxSeq.ms(), r.add); err != nil {
		return err
	}
	for _, org := range orgs {
		l, err := r.log(org, logs[org])
		if err != nil {
			return err
		}
		logs[org] = l
	}
	return nil
}

// logReader gathers the samples of logs: by organization and number.
type logReader map[string]map[seq]logEntry

// logEntry is what the samples of a number say: its version, and, where an append ends, the
// first number of that.
type logEntry struct {
	seconds, detail int64
	first           seq
}

func (r logReader) add(l *vmapi.Line) error {
	org, field := l.Label("org"), l.Label("field")
	if r[org] == nil {
		r[org] = make(map[seq]logEntry)
	}
	for i, v := range l.Values {
		e := r[org][seqAt(l.Times[i])]
		switch field {
		case secondsField:
			e.seconds = v
		case detailField:
			e.detail = v
		default:
			e.first = seq(v)
		}
		r[org][seqAt(l.Times[i])] = e
	}
	return nil
}

// log returns a log with what was read.
func (r logReader) log(org string, known *orgLog) (*orgLog, error) {
	out := &orgLog{commits: slices.Clone(known.commits), seen: known.seen}
	for _, n := range slices.Sorted(maps.Keys(r[org])) {
		out.seen = max(out.seen, n)
		first := r[org][n].first
		if first == 0 || known.find(n) != nil {
			continue
		}
		if first < 1 || first > n {
			return nil, fmt.Errorf("expected an append of numbers from 1 to %d, got %d to %d", maxSeq, first, n)
		}
		c := commit{first: first, last: n}
		for k := first; k <= n; k++ {
			c.versions = append(c.versions, r[org][k].version())
		}
		out.commits = append(out.commits, c)
	}
	slices.SortFunc(out.commits, func(a, b commit) int { return cmp.Compare(a.last, b.last) })
	return out, nil
}

// The fields of versionSeries: an age in whole seconds, and its microseconds with the source.
const (
	secondsField = "seconds"
	detailField  = "detail"
	sources      = 4
)

// derivedMicros is added to the microseconds of what is derived.
const derivedMicros = 1e6

func (e logEntry) version() history.Version {
	source, micros := history.Source(e.detail%sources), e.detail/sources
	if micros >= derivedMicros {
		source, micros = source|derived, micros-derivedMicros
	}
	return history.Version{Source: source, AsOf: history.AsOf(e.seconds*1e6 + micros)}
}

// writeVersions writes what the numbers from first on are of.
func (w *writer) writeVersions(org string, first seq, versions []history.Version) {
	for _, field := range []string{secondsField, detailField} {
		w.series(versionSeries, labels{"org", org, "field", field})
		for i, v := range versions {
			micros := (int64(v.AsOf)%1e6 + 1e6) % 1e6
			value := (int64(v.AsOf) - micros) / 1e6
			if v.Source&derived != 0 {
				micros += derivedMicros
			}
			if field == detailField {
				value = micros*sources + int64(v.Source&^derived)
			}
			w.Add((first + seq(i)).ms(), value)
		}
	}
}
