package promapi

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// TestLastMonth compares the downloads of the last 30 days at random times with those that
// follow from the records of the days before, and the listings until then.
func TestLastMonth(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 30))
		var records []history.Record
		var readings []history.Reading
		today := history.AsOfTime(now).Day()
		for n := range 6 {
			repo := history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/m%d", n)}
			for d := today - history.Day(rng.IntN(100)); d < today-history.Day(rng.IntN(1+rng.IntN(60))); d++ {
				if rng.IntN(5) > 0 {
					records = append(records, history.Record{Repo: repo, Total: history.Unknown, Day: d, Downloads: rng.Int64N(100)})
				}
			}
			for d := today - history.Day(rng.IntN(60)); n%2 == 0 && d < today; d++ {
				readings = append(readings, history.NewReading(repo, history.AsOfTime(d.Time().Add(time.Hour)), history.Listing, 100000, rng.Int64N(3000), 1))
			}
		}
		store := memtable.NewStore()
		if len(records) > 0 {
			if _, err := store.Append(t.Context(), history.Batch{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: 1}, records...)}); err != nil {
				t.Fatal(err)
			}
		}
		told := func(yield func(history.Reading, error) bool) {
			for _, r := range readings {
				if !yield(r, nil) {
					return
				}
			}
		}
		if _, err := store.Append(t.Context(), history.Batch{Readings: told}); err != nil {
			t.Fatal(err)
		}

		// Days that follow from readings are recorded ones, too.
		at := today - history.Day(rng.IntN(80))
		all, err := history.Collect(store.Records(t.Context(), history.RecordsQuery{}))
		if err != nil {
			t.Fatal(err)
		}
		last := history.Day(-1)
		for _, r := range all {
			if r.Day < at {
				last = max(last, r.Day)
			}
		}
		numbers := make(map[string]int64)
		for _, r := range all {
			if r.Day < at {
				n := numbers[r.Repo.Name]
				if r.Day > last-history.LastMonthDays {
					n += r.Downloads
				}
				numbers[r.Repo.Name] = n
			}
		}
		for _, r := range readings {
			if r.AsOf.Day() < at {
				numbers[r.Repo.Name] = r.LastMonth
			}
		}
		want := make(map[string]string)
		for name, n := range numbers {
			want[name] = fmt.Sprint(n)
		}
		query := fmt.Sprintf("/api/v1/query?query=%s&time=%d", url.QueryEscape("huggingface_repo_downloads_last_month"), at.Time().Unix())
		code, text := get(t, handlerOf(store, Options{}), query)
		var a struct {
			Data struct {
				Result []struct {
					Metric map[string]string
					Value  [2]any
				}
			}
		}
		if err := json.Unmarshal([]byte(text), &a); err != nil || code != 200 {
			t.Fatalf("got %d\n%s", code, text)
		}
		got := make(map[string]string)
		for _, r := range a.Data.Result {
			got[r.Metric["repo"]] = fmt.Sprint(r.Value[1])
		}
		for n := range 6 {
			if name := fmt.Sprintf("acme/m%d", n); got[name] != want[name] {
				t.Errorf("history %d, %s at day %d (%d before today): got %q, want %q", seed, name, at, today-at, got[name], want[name])
			}
		}
	}
}
