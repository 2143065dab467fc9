package hubsync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/queue"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/schedule"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// leaving is a store that is away now and then.
type leaving struct {
	keeper
	// away: nothing can be asked or written. inMidst: a write breaks off.
	away, inMidst bool
}

var errAway = errors.New("the storage is away")

func (l *leaving) Refresh(context.Context) (bool, error) {
	if l.away {
		return false, errAway
	}
	return false, nil
}

func (l *leaving) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	if l.away || l.inMidst {
		return history.Change{}, errAway
	}
	return l.keeper.Append(ctx, b)
}

func (l *leaving) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	if l.away {
		return func(yield func(history.RepoMeta, error) bool) { yield(history.RepoMeta{}, errAway) }
	}
	return l.keeper.Meta(ctx, q)
}

func (l *leaving) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	if l.away {
		return func(yield func(*history.Rows, error) bool) { yield(nil, errAway) }
	}
	return l.keeper.Records(ctx, q)
}

// newLeaving makes a world whose store can be away, and whose listings then wait in a
// folder, or in memory.
func newLeaving(t *testing.T, o options, dir string, most int64) (*world, *leaving) {
	t.Helper()
	w := newWorld(t, o)
	l := &leaving{keeper: w.store}
	w.store = l
	w.restartWith(dir, most)
	return w, l
}

// restartWith makes the collector anew, and what waits in memory is gone.
func (w *world) restartWith(dir string, most int64) {
	w.Helper()
	w.restart()
	q, err := queue.New(dir, most, w.registry, w.logger())
	if err != nil {
		w.Fatal(err)
	}
	w.collector.Queue = q
}

// ask has the Hub asked, whatever waits.
func (w *world) ask(day, hour int) *Report {
	w.Helper()
	w.running.schedule = schedule.New(w.running.job.Interval)
	return w.try(day, hour)
}

func (w *world) expectWaiting(n int) {
	w.Helper()
	w.expectMetric("huggingface_exporter_collection_queue_listings", fmt.Sprint(n))
}

// While the store is away the days are observed all the same, renames included, and are
// stored in their order once it is back.
func TestListingsWaitForTheStore(t *testing.T) {
	t.Parallel()
	f := func(name, dir string, leave func(*leaving, bool)) {
		t.Helper()
		w, l := newLeaving(t, options{source: SourceListings}, dir, 1<<20)
		add(model, "o/m", 100)(w.hub)
		w.collect(1, 6)
		leave(l, true)
		for d := range 3 {
			total(model, "o/m", int64(110+10*d))(w.hub)
			o := w.ask(2+d, 6)
			if o.OK() || o.Reason != ReasonStore || !strings.Contains(o.Err.Error(), "it is queued") {
				t.Fatalf("%s: expected a listing that is kept, got %v", name, o.Err)
			}
			w.expectWaiting(d + 1)
		}
		total(model, "o/m", 125)(w.hub) // a fall, which the last answer takes back
		all(rename(model, "o/m", "o/n"), total(model, "o/n", 126))(w.hub)
		w.ask(5, 6)
		w.expectWaiting(4)
		w.expectMetric("huggingface_exporter_collection_success{org=\"o\"}", "0")
		if dir != "" {
			w.restartWith(dir, 1<<20)
			w.expectWaiting(4)
		}
		leave(l, false)
		total(model, "o/n", 136)(w.hub)
		if o := w.ask(6, 6); !o.OK() {
			t.Fatalf("%s: %v", name, o.Err)
		}
		// Without the listings between, days 1 to 5 would be one sum, spread.
		if got, want := w.records(), "o/n 1:10 2:10 3:10 4:3 5:3"; got != want {
			t.Errorf("%s: records are\n%s\nwant\n%s", name, got, want)
		}
		if got, want := w.exposed(), "o/n 136"; got != want {
			t.Errorf("%s: exposed is\n%s\nwant\n%s", name, got, want)
		}
		w.expectWaiting(0)
		w.expectMetric("huggingface_exporter_collection_queue_bytes", "0")
		if dir != "" {
			if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
				t.Errorf("%s: left behind: %q, %v", name, left, err)
			}
		}
	}
	away := func(l *leaving, is bool) { l.away = is }
	inMidst := func(l *leaving, is bool) { l.inMidst = is }
	f("away", "", away)
	f("away, on disk", t.TempDir(), away)
	f("in the midst of a write", "", inMidst)
	f("in the midst of a write, on disk", filepath.Join(t.TempDir(), "made", "anew"), inMidst)
}

// A store that comes back gets what waits without the Hub being asked again.
func TestStoringAgainDoesNotAskTheHub(t *testing.T) {
	t.Parallel()
	w, l := newLeaving(t, options{source: SourceListings}, "", 1<<20)
	add(model, "o/m", 100)(w.hub)
	l.away = true
	w.ask(1, 6)
	failing(fakehub.Models, fakehub.Status(503))(w.hub)
	if o := w.try(1, 7); o.Reason != ReasonStore {
		t.Errorf("expected the store to be asked and nobody else, got %v", o.Err)
	}
	l.away = false
	if o := w.try(1, 8); !o.OK() || o.Repos != 1 || o.AsOf != at(1, 6).Time() {
		t.Errorf("expected the listing of six o'clock, got %+v", o)
	}
	if got, want := w.exposed(), "o/m 100"; got != want {
		t.Errorf("exposed is %s, want %s", got, want)
	}
}

// Each listing is judged by what is missing since the one before it, waiting or not.
func TestWaitingListingsAreJudgedOneByOne(t *testing.T) {
	t.Parallel()
	w, l := newLeaving(t, options{source: SourceListings}, "", 1<<20)
	name := func(i int) string { return fmt.Sprintf("o/m%02d", i) }
	for i := range 20 {
		add(model, name(i), 100)(w.hub)
	}
	w.collect(1, 6)
	l.away = true
	for i := range 8 {
		remove(model, name(i))(w.hub)
	}
	w.ask(2, 6)
	remove(model, name(8))(w.hub)
	remove(model, name(9))(w.hub)
	w.ask(2, 7)
	w.expectWaiting(2)
	l.away = false
	o := w.try(2, 8)
	if !o.OK() || len(o.Gone) != 10 || o.Repos != 10 || o.AsOf != at(2, 7).Time() {
		t.Errorf("expected both listings to be stored, got %+v\n%s", o, w.log.String())
	}
	if got := len(splitLines(w.exposed())); got != 10 {
		t.Errorf("expected 10 repositories that are exposed, got %d", got)
	}
	if strings.Contains(w.log.String(), "is refused") {
		t.Errorf("a listing is refused:\n%s", w.log.String())
	}
}

// A waiting listing that lost much since the one before it is refused, as if it had been
// stored at once.
func TestAWaitingListingIsRefused(t *testing.T) {
	t.Parallel()
	w, l := newLeaving(t, options{source: SourceListings}, "", 1<<20)
	name := func(i int) string { return fmt.Sprintf("o/m%02d", i) }
	for i := range 20 {
		add(model, name(i), 100)(w.hub)
	}
	w.collect(1, 6)
	l.away = true
	w.ask(2, 6)
	for i := range 12 {
		remove(model, name(i))(w.hub)
	}
	w.ask(2, 7)
	l.away = false
	if o := w.try(2, 8); !o.OK() || len(o.Gone) != 0 || !strings.Contains(w.log.String(), "A queued listing was rejected") {
		t.Errorf("got %+v\n%s", o, w.log.String())
	}
	if o := w.ask(3, 7); !o.OK() || len(o.Gone) != 12 {
		t.Errorf("expected one that is like it a day later to be stored, got %+v", o)
	}
}

// There is an end to what waits; what comes later is counted as lost.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	f := func(dir string, most int64) {
		t.Helper()
		w, l := newLeaving(t, options{source: SourceListings}, dir, most)
		add(model, "o/m", 100)(w.hub)
		l.away = true
		w.ask(1, 6)
		if o := w.ask(2, 6); !errors.Is(o.Err, queue.ErrFull) {
			t.Errorf("expected queue.ErrFull, got %v", o.Err)
		}
		w.expectWaiting(1)
		w.expectMetric("huggingface_exporter_collection_queue_queued_total", "1")
		w.expectMetric("huggingface_exporter_collection_queue_dropped_total", "1")
		if dir != "" {
			if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
				t.Errorf("expected one file, got %q, %v", left, err)
			}
		}
	}
	f("", 300)
	f(t.TempDir(), 250)
}

// A file that is not what it should be is left alone, and the others are taken.
func TestQueueWithADamagedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	damaged := filepath.Join(dir, "1-o.listing.json.gz")
	if err := os.WriteFile(damaged, []byte("no gzip"), 0o666); err != nil {
		t.Fatal(err)
	}
	w, l := newLeaving(t, options{source: SourceListings}, dir, 1<<20)
	add(model, "o/m", 100)(w.hub)
	l.away = true
	w.ask(1, 6)
	w.restartWith(dir, 1<<20)
	w.expectWaiting(1)
	if !strings.Contains(w.log.String(), damaged) {
		t.Errorf("the log does not name %s:\n%s", damaged, w.log.String())
	}
	if _, err := os.Stat(damaged); err != nil {
		t.Error(err)
	}
	b, err := queue.New(filepath.Join(damaged, "x"), 1, prometheus.NewRegistry(), w.logger())
	if err == nil {
		t.Errorf("expected a folder that cannot be made to be an error, got %+v", b)
	}
}
