package promapi

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

func TestWhatIsEvaluatedInBatches(t *testing.T) {
	t.Parallel()
	a := New(memtable.NewStore(), Options{})
	f := func(text string, want ...string) {
		t.Helper()
		q, err := a.engine.NewRangeQuery(t.Context(), a, nil, text, now.Add(-time.Hour), now, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, one := range aggregations(q) {
			got = append(got, one.node.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	f(`sum(m)`, `sum(m)`)
	f(`count by (a) (increase(m{b=~"x.*"}[30d] offset 1d) > 5)`, `count by (a) (increase(m{b=~"x.*"}[30d] offset 1d) > 5)`)
	f(`max without (a) (-clamp_min(rate(m[1d]), 1) * 86400)`, `max without (a) (-clamp_min(rate(m[1d]), 1) * 86400)`)
	f(`min(max_over_time(rate(m[1d])[30d:1d]))`, `min(max_over_time(rate(m[1d])[30d:1d]))`)
	f(`group(m @ 1728133200)`, `group(m @ 1728133200.000)`)
	f(`sum(rate(m[1d])) / sum(m) or vector(1)`, `sum(rate(m[1d]))`, `sum(m)`)
	f(`topk(3, sum by (a) (m))`, `sum by (a) (m)`)
	f(`sum(m * scalar(sum(m)))`, `sum(m)`)
	// These need several series for one result, or may give several series the same labels.
	f(`avg(m)`)
	f(`topk(3, m)`)
	f(`sum(m + m)`)
	f(`sum(m * on () vector(1))`)
	f(`sum(scalar(m) + vector(1))`)
	f(`sum(scalar(m) + n)`)
	f(`sum(clamp_max(n, scalar(m)))`)
	f(`sum(absent_over_time(m[1d]))`)
	f(`sum(label_replace(m, "a", "$1", "b", "(.*)"))`)
	f(`sum(rate({__name__=~"m|n"}[1d]))`)
	f(`sum(topk(3, m))`)
	// It has times of its own.
	f(`max_over_time(sum(m)[30d:1d])`)
}

// TestBatchesAreOne compares answers from batches, each of a few series, with the engine's own
// over all series at once: over random histories with gaps, late first days, and repositories
// that are only listed.
func TestBatchesAreOne(t *testing.T) {
	t.Parallel()
	queries := 0
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, seed))
		a := New(randomStore(t, rng), Options{Now: func() time.Time { return now }})
		pick := func(of ...string) string { return of[rng.IntN(len(of))] }
		inner := func() string {
			selector := pick("huggingface_repo_downloads_total", "huggingface_repo_downloads_per_day", "huggingface_repo_likes") + pick("", "", `{repo_type="model"}`, `{org!="acme"}`)
			times := pick("", "", " offset 3d", " offset -2d", " @ start()", " @ end() offset 5d", fmt.Sprint(" @ ", now.Add(-400*time.Hour).Unix()))
			days := fmt.Sprintf("[%dh]", 24+rng.IntN(900))
			of := pick("increase", "rate", "delta", "max_over_time", "avg_over_time", "changes", "last_over_time")
			return pick(selector+times, of+"("+selector+days+times+")", "max_over_time("+of+"("+selector+days+")[9d:1d]"+times+")") + pick("", "", " * 3", " > 20", " > bool 20", " / 0", " % 0")
		}
		sum := func() string {
			return pick("sum", "min", "max", "count", "group") + pick("", " by (repo_type)", " by (org)", " without (repo)", " by (repo)") + " (" + inner() + ")"
		}
		for range 40 {
			text := sum()
			switch rng.IntN(4) {
			case 0:
				text += pick(" / on () group_left () ", " or ", " - on (org) ", " and on () ") + "count(" + inner() + ")"
			case 1:
				text = pick("quantile(0.4, ", "abs(", "avg(", "sort(") + text + ")"
			}
			e := evaluation{API: a, text: text, opts: promql.NewPrometheusQueryOpts(false, 0, nil)}
			e.end = now.Add(-time.Duration(rng.IntN(900)) * time.Hour)
			e.start = e.end
			if rng.IntN(4) > 0 {
				e.step = []time.Duration{250 * time.Millisecond, time.Hour, 17 * time.Hour, 24 * time.Hour, 48 * time.Hour}[rng.IntN(5)]
				e.start = e.end.Add(-time.Duration(rng.IntN(40)) * e.step)
			}
			a.batchValues = math.MaxInt
			want, whole := e.answer(t, false)
			if whole != nil {
				continue // as a matching of several series
			}
			a.batchValues = 1 + rng.IntN(300)
			got, err := e.answer(t, true)
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			queries++
			if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
				t.Errorf("seed %d: %s from %s by %s: got\n%s\nwant\n%s", seed, text, e.start, e.step, g, w)
			}
		}
	}
	if queries < 500 {
		t.Errorf("only %d queries were compared", queries)
	}
}

// answer returns the values of a query, of which the last digits may differ.
func (e *evaluation) answer(t *testing.T, batches bool) (lines []string, err error) {
	t.Helper()
	var q promql.Query
	switch {
	case batches:
		q, _, err = e.prepare(t.Context())
	case e.step == 0:
		q, err = e.engine.NewInstantQuery(t.Context(), e.API, e.opts, e.text, e.start)
	default:
		q, err = e.engine.NewRangeQuery(t.Context(), e.API, e.opts, e.text, e.start, e.end, e.step)
	}
	if err != nil {
		t.Fatal(e.text, err)
	}
	defer q.Close()
	result := q.Exec(t.Context())
	add := func(l labels.Labels, at int64, v float64) { lines = append(lines, fmt.Sprintf("%s %d %.9g", l, at, v)) }
	switch v := result.Value.(type) {
	case promql.Matrix:
		for _, s := range v {
			for _, p := range s.Floats {
				add(s.Metric, p.T, p.F)
			}
		}
	case promql.Vector:
		for _, s := range v {
			add(s.Metric, s.T, s.F)
		}
	}
	slices.Sort(lines)
	return lines, result.Err
}

func randomStore(t *testing.T, rng *rand.Rand) *memtable.Store {
	t.Helper()
	s := memtable.NewStore()
	var records []history.Record
	var readings []history.Reading
	today := history.DayOf(now)
	for i := range 12 {
		repo := history.Repo{Type: []history.RepoType{history.Model, history.Dataset, "space"}[i%3], Name: fmt.Sprintf("%s/r%d", []string{"acme", "globex"}[rng.IntN(2)], i)}
		if rng.IntN(4) == 0 {
			for day := today - 30; day < today; day += 1 + history.Day(rng.IntN(3)) {
				at := history.AsOfTime(day.Time().Add(time.Duration(rng.IntN(86400)) * time.Second))
				readings = append(readings, history.NewReading(repo, at, history.Listing, int64(1000+rng.IntN(200)), 90, int64(rng.IntN(50))))
			}
			continue
		}
		many := 1 + rng.IntN(40)
		for day := today - 1 - history.Day(rng.IntN(90)); day < today; day++ {
			if rng.IntN(8) > 0 {
				records = append(records, history.Record{Repo: repo, Total: 9000, Day: day, Downloads: int64(rng.IntN(many))})
			}
		}
	}
	version := history.Version{Source: history.Published, AsOf: history.AsOfTime(now.Add(-time.Hour))}
	_, err := s.Append(t.Context(), history.Batch{
		Rows: history.RowsOf(version, records...),
		Readings: func(yield func(history.Reading, error) bool) {
			for _, r := range readings {
				if !yield(r, nil) {
					return
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
