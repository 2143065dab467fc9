package victoria

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmlines"
)

// The fields of appendsSeries. Each has a sample at the last number of an append.
const (
	firstField = "first" // the first number
	// baseField and wholeField are the number that counted last when the append was worked
	// out. An append with wholeField summed up all of the organization.
	baseField  = "base"
	wholeField = "whole"
)

// commit is an append that counts.
type commit struct {
	first, last, base seq
	whole             bool
	// versions are those of the numbers from first on.
	versions []history.Version
}

// orgLog is the appends of an organization that count. It never changes.
type orgLog struct {
	commits []commit // ascending
	// seen is the last number that is in use, by whatever append.
	seen seq
	// forked says that an append did not know of the one before, so that the sums lack one
	// of them, and that nobody has summed up the whole since.
	forked bool
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

// with returns the log with appends that came after all it has.
func (l *orgLog) with(fresh []commit, seen seq) *orgLog {
	out := &orgLog{commits: append(slices.Clip(l.commits), fresh...), seen: max(l.seen, seen), forked: l.forked}
	last := l.last()
	for i := range fresh {
		switch c := &fresh[i]; {
		case c.base != last || c.first <= last:
			out.forked = true
		case c.whole:
			out.forked = false
		}
		last = fresh[i].last
	}
	return out
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
	firsts, err := s.lastAppends(ctx)
	if err != nil {
		return nil, err
	}
	logs := make(map[string]*orgLog, len(firsts))
	var changed []string
	for org, first := range firsts {
		l := known.log(org)
		switch n := len(l.commits); {
		case n > 0 && l.commits[n-1].first == first:
			logs[org] = l
			continue
		case n > 0 && l.commits[n-1].first < first:
			logs[org] = l
		default:
			logs[org] = emptyLog // new, or the engine lost some
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
		known = s.newState(known.serial+1, logs)
		s.state.Store(known)
	}
	s.asked = asked
	s.forget(known)
	return known, nil
}

// lastAppends returns the first number of the last append to each organization.
func (s *Store) lastAppends(ctx context.Context) (map[string]seq, error) {
	selector := s.selector(newNonce(), appendsSeries, `field="`+firstField+`"`)
	form := url.Values{
		"query": {"last_over_time(" + selector + "[1d])"}, "time": {strconv.Itoa((numbersDay + 1) * msPerDay / 1000)},
		"nocache": {"1"}, "deny_partial_response": {"1"},
	}
	resp, err := s.post(ctx, "/api/v1/query", form)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Result []struct {
				Metric struct{ Org string }
				Value  [2]json.RawMessage
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, s.readError(ctx, err)
	}
	out := make(map[string]seq, len(answer.Data.Result))
	for _, r := range answer.Data.Result {
		var text string
		err := json.Unmarshal(r.Value[1], &text)
		if err == nil {
			var n float64
			n, err = strconv.ParseFloat(text, 64)
			out[r.Metric.Org] = seq(n)
		}
		if err != nil {
			return nil, fmt.Errorf("reading from VictoriaMetrics: expected a number, got %q", r.Value[1])
		}
	}
	return out, nil
}

// newNonce returns a nonce of no selector that was asked before.
func newNonce() string { return strconv.FormatInt(time.Now().UnixNano(), 36) }

// ErrOldLayout says that a history is of an earlier version.
var ErrOldLayout = errors.New("the history was stored by an earlier version, in another layout: " +
	"move it out with that version (huggingface_exporter migrate --to=embedded), and back with this one " +
	"under another name (storage.victoriametrics.history)")

func (s *Store) refuseOldLayout(ctx context.Context) error {
	err := s.export(ctx, []string{s.selector(newNonce(), oldJournal)}, 0, msPerDay-1, func(*vmlines.Line) error { return ErrOldLayout })
	if errors.Is(err, ErrOldLayout) {
		return fmt.Errorf("reading the history %q from VictoriaMetrics: %w", s.history, err)
	}
	return err
}

// catchUp reads what was appended to organizations since logs.
func (s *Store) catchUp(ctx context.Context, logs map[string]*orgLog, orgs []string) error {
	for len(orgs) > 0 {
		from := maxSeq
		for _, org := range orgs {
			from = min(from, logs[org].last()+1)
		}
		r := make(logReader)
		where, nonce := conditions(history.Filter{Orgs: orgs}), newNonce()
		selectors := []string{s.selector(nonce, appendsSeries, where...), s.selector(nonce, versionSeries, where...)}
		if err := s.export(ctx, selectors, from.ms(), maxSeq.ms(), r.add); err != nil {
			return err
		}
		var again []string
		for _, org := range orgs {
			l := logs[org]
			fresh, seen, err := r.commits(org, l.last())
			if err != nil {
				return err
			}
			if len(fresh) > 0 && l != emptyLog && (fresh[0].whole || fresh[0].base != l.last()) {
				// There may be others that were seen later than those that followed them.
				logs[org] = emptyLog
				again = append(again, org)
				continue
			}
			logs[org] = l.with(fresh, seen)
		}
		orgs = again
	}
	return nil
}

// logReader gathers the samples of logs: by organization and number.
type logReader map[string]map[seq]logEntry

// logEntry is what the samples of a number say: of all of them its version, of the last of
// an append what that is.
type logEntry struct {
	seconds, detail int64
	first, base     seq // 0 and -1: there is no sample yet
	whole           bool
}

func (r logReader) add(l *vmlines.Line) error {
	org, field := l.Label("org"), l.Label("field")
	if r[org] == nil {
		r[org] = make(map[seq]logEntry)
	}
	for i, v := range l.Values {
		n := seqAt(l.Times[i])
		e, ok := r[org][n]
		if !ok {
			e.base = -1
		}
		switch field {
		case firstField:
			e.first = seq(v)
		case baseField, wholeField:
			e.base, e.whole = seq(v), field == wholeField
		case secondsField:
			e.seconds = v
		case detailField:
			e.detail = v
		}
		r[org][n] = e
	}
	return nil
}

// commits returns the appends of an organization after a number, and the last number that
// is in use.
func (r logReader) commits(org string, after seq) (out []commit, seen seq, err error) {
	for _, n := range slices.Sorted(maps.Keys(r[org])) {
		seen = n
		e := r[org][n]
		if e.first == 0 || e.base < 0 || n <= after {
			continue // it does not count, not yet, or is known
		}
		if e.first < 1 || e.first > n {
			return nil, 0, fmt.Errorf("expected an append of numbers from 1 to %d, got %d to %d", maxSeq, e.first, n)
		}
		c := commit{first: e.first, last: n, base: e.base, whole: e.whole}
		for k := e.first; k <= n; k++ {
			c.versions = append(c.versions, r[org][k].version())
		}
		out = append(out, c)
	}
	return out, seen, nil
}

// The fields of versionSeries: an age in whole seconds, and its microseconds with the source.
const (
	secondsField = "seconds"
	detailField  = "detail"
	sources      = 4
)

func (e logEntry) version() history.Version {
	return history.Version{
		Source: history.Source(e.detail % sources),
		AsOf:   history.AsOf(e.seconds*1e6 + e.detail/sources),
	}
}

// writeVersions writes what the numbers from first on are of.
func (w *writer) writeVersions(org string, first seq, versions []history.Version) {
	for _, field := range []string{secondsField, detailField} {
		w.series(versionSeries, labels{"org", org, "field", field})
		for i, v := range versions {
			micros := (int64(v.AsOf)%1e6 + 1e6) % 1e6
			value := (int64(v.AsOf) - micros) / 1e6
			if field == detailField {
				value = micros*sources + int64(v.Source)
			}
			w.Add((first + seq(i)).ms(), value)
		}
	}
}
