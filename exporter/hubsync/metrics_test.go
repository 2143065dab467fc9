package hubsync

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

func TestMetricsAreClean(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Team, source: SourceAuto})
	day(model, "o/m", 1, 10)(w.hub)
	w.collect(2, 6)
	problems, err := testutil.GatherAndLint(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for line := range strings.Lines(w.metricsText()) {
		if fields := strings.Fields(line); fields[1] == "HELP" && len(fields) < 8 {
			t.Errorf("%s says nothing", strings.TrimSpace(line))
		}
	}
}

func TestMetricsTellWhatHappened(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Free, source: SourceAuto})
	add(model, "o/m", 100)(w.hub)
	add(dataset, "o/d", 5)(w.hub)
	add(space, "o/s", 0)(w.hub)
	expect := func(when string, want map[string]string) {
		t.Helper()
		for series, v := range want {
			if got := w.metric("huggingface_exporter_" + series); got != v {
				t.Errorf("%s: %s is %q, want %q", when, series, got, v)
			}
		}
	}
	expect("before the first collection", map[string]string{
		`collection_success{org="o"}`:                                "",
		`collection_last_success_timestamp_seconds{org="o"}`:         "",
		`collection_failures_total{org="o",reason="auth"}`:           "0",
		`collection_failures_total{org="o",reason="store"}`:          "0",
		`collection_removed_downloads_total{org="o"}`:                "0",
		`hub_request_duration_seconds_count{route="models"}`:         "0",
		`hub_requests_total{code="200",route="models"}`:              "",
		`hub_rate_limit_remaining{bucket="api"}`:                     "",
		`collection_source{org="o",source="listings"}`:               "",
		`hub_request_duration_seconds_bucket{route="models",le="1"}`: "0",
	})
	before := time.Now()
	w.collect(1, 6)
	expect("after a collection", map[string]string{
		`collection_success{org="o"}`:                                   "1",
		`collection_repos{org="o"}`:                                     "3",
		`collection_source{org="o",source="listings"}`:                  "1",
		`collection_source{org="o",source="publisher_analytics"}`:       "0",
		`hub_requests_total{code="200",route="models"}`:                 "1",
		`hub_requests_total{code="403",route="publisher_analytics"}`:    "1",
		`hub_request_duration_seconds_count{route="models"}`:            "1",
		`hub_request_duration_seconds_bucket{route="models",le="+Inf"}`: "1",
		`hub_rate_limit_remaining{bucket="api"}`:                        "2997",
		`hub_rate_limit_requests{bucket="api"}`:                         "3000",
		`hub_rate_limit_remaining{bucket="pages"}`:                      "399",
		`collection_failures_total{org="o",reason="forbidden"}`:         "0",
	})
	var at float64
	if _, err := fmt.Sscan(w.metric(`huggingface_exporter_collection_last_success_timestamp_seconds{org="o"}`), &at); err != nil ||
		at < float64(before.Unix()) || at > float64(time.Now().Unix()+1) {
		t.Errorf("the last success was at %v, %v", at, err)
	}
	total(model, "o/m", 90)(w.hub)
	w.collect(2, 6)
	w.hub.Fail(fakehub.On{Route: fakehub.Spaces}, fakehub.Always, fakehub.Reset(-1))
	w.try(2, 7)
	w.hub.Heal()
	w.collect(2, 8)
	expect("later", map[string]string{
		`collection_success{org="o"}`:                         "1",
		`collection_failures_total{org="o",reason="network"}`: "1",
		`collection_removed_downloads_total{org="o"}`:         "0", // the fall may be none
		`hub_requests_total{code="none",route="spaces"}`:      "1",
	})
	w.collect(6, 6)
	expect("once the fall has lasted", map[string]string{`collection_removed_downloads_total{org="o"}`: "10"})
}

// The names of rate limits are the Hub's, and do not make series without end.
func TestRateLimitSeriesAreBounded(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	hooks := w.metrics.Hooks(w.clock)
	hooks.RateLimit(hub.RateLimit{Bucket: "api", Remaining: 1, Limit: 2})
	for i := range 100 {
		hooks.RateLimit(hub.RateLimit{Bucket: fmt.Sprint("b", i), Remaining: 1, Limit: 2})
	}
	hooks.RateLimit(hub.RateLimit{Bucket: "api", Remaining: 7, Limit: 9})
	if n := testutil.CollectAndCount(w.metrics.remaining); n > maxBuckets {
		t.Errorf("%d series", n)
	}
	w.expectMetric(`huggingface_exporter_hub_rate_limit_remaining{bucket="api"}`, "7")
	w.expectMetric(`huggingface_exporter_hub_rate_limit_requests{bucket="api"}`, "9")
}

// A store that takes nothing is a failure of its own kind, and no page is lost.
func TestAStoreThatTakesNothing(t *testing.T) {
	for _, source := range []Source{SourceAnalytics, SourceListings} {
		w := newWorld(t, options{plan: fakehub.Team, source: source})
		day(model, "o/m", 1, 10)(w.hub)
		w.store = fullStore{w.store}
		w.use(source)
		if o := w.try(2, 6); o.Reason != ReasonStore || !strings.Contains(o.Err.Error(), "no space left") {
			t.Errorf("%s: got reason %q, error %v", source, o.Reason, o.Err)
		}
		w.expectMetric(`huggingface_exporter_collection_failures_total{org="o",reason="store"}`, "1")
	}
}

type fullStore struct{ keeper }

func (s fullStore) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	if b.Rows != nil {
		for _, err := range b.Rows {
			if err != nil {
				return history.Change{}, err
			}
		}
	}
	return history.Change{}, errors.New("no space left on device")
}
