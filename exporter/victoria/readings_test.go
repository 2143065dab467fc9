package victoria_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// reading returns what a listing says on a day.
func reading(r history.Repo, o history.Origin, day history.Day, total int64) history.Reading {
	return history.NewReading(r, history.AsOfTime(day.Time())+1, o, total, 1000, 7)
}

func readingsOf(all ...history.Reading) history.Batch {
	return history.Batch{Readings: func(yield func(history.Reading, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}}
}

// answersOf are the records and readings of a store, for comparing it with another.
func answersOf(t *testing.T, s history.Reader) []string {
	t.Helper()
	var out []string
	records, err := history.Collect(s.Records(t.Context(), history.RecordsQuery{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		out = append(out, fmt.Sprint(r))
	}
	for r, err := range s.Readings(t.Context(), history.ReadingsQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%+v", r))
	}
	return out
}

// A listing takes a sample for each of its three numbers, and none the second time.
func TestListingsAreWrittenOnce(t *testing.T) {
	o := optionsFor(theEngine(t))
	s := reopen(t, o)
	for range 2 {
		for day := range history.Day(4) {
			if _, err := s.Append(t.Context(), readingsOf(reading(acmeA, history.Listing, 20000+day, 100+10*int64(day)))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := samplesOf(t, o, "huggingface_history_readings"); got != 3*4 {
		t.Errorf("expected 3 samples for each of 4 readings, got %d", got)
	}
	if got := samplesOf(t, o, "huggingface_history_downloads"); got != 3 {
		t.Errorf("expected a sample for each of 3 days, got %d", got)
	}
	wantSums(t, s, 1, 3, 30)
}

// What arrives late changes days, and takes some away: every process sees the same as if it
// had arrived in time.
func TestReadingsThatArriveLate(t *testing.T) {
	o := optionsFor(theEngine(t))
	inMemory := memtable.NewStore()
	by := []*victoria.Store{reopen(t, o), reopen(t, keeping(o))}
	f := func(i int, want int64, days int, all ...history.Reading) {
		t.Helper()
		for _, to := range []history.Appender{inMemory, by[i%2]} {
			if _, err := to.Append(t.Context(), readingsOf(all...)); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range by {
			wantSums(t, s, 1, int64(days), want)
			if got, want := answersOf(t, s), answersOf(t, inMemory); !slices.Equal(got, want) {
				t.Errorf("expected\n%s\ngot\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
			}
		}
	}
	f(0, 0, 0, reading(acmeA, history.Listing, 20000, 100))
	f(1, 50, 5, reading(acmeA, history.Listing, 20005, 150))
	f(0, 50, 5, reading(acmeA, history.Archive, 20001, 105))
	// A fall that lasted: there is nothing to say of the day before it, and 40 of the next 90
	// only came back.
	f(1, 10+50, 4, reading(acmeA, history.Listing, 20001, 50), reading(acmeA, history.Listing, 20004, 60))
	if gone := slices.ContainsFunc(exportOf(t, o, "huggingface_history_downloads"), func(x exported) bool { return slices.Contains(x.Values, -1) }); !gone {
		t.Error("expected a sample of -1 for the day that is not shown any more")
	}
	f(0, 10+50+7, 5, reading(acmeA, history.Listing, 20006, 157))
	f(1, 50+10+50+7, 15, reading(acmeA, history.Archive, 19990, 50))
}

// A process that runs on reads what is known once, and again when another wrote something.
func TestWhatIsKnownIsReadOnce(t *testing.T) {
	readings := asked{series: "huggingface_history_readings"}
	o := hook(t, readings.note)
	s, other := reopen(t, keeping(o)), reopen(t, direct(t, o))
	f := func(by *victoria.Store, want int, all ...history.Reading) {
		t.Helper()
		readings.take()
		if _, err := by.Append(t.Context(), readingsOf(all...)); err != nil {
			t.Fatal(err)
		}
		if got := readings.take(); len(got) != want {
			t.Errorf("expected the readings to be asked for %d times, got %q", want, got)
		}
	}
	f(s, 0, reading(acmeA, history.Listing, 20000, 100), reading(acmeB, history.Listing, 20000, 100))
	f(s, 0, reading(acmeA, history.Listing, 20001, 110))
	f(other, 0, reading(acmeB, history.Listing, 20001, 120))
	f(s, 1, reading(acmeA, history.Listing, 20002, 130), reading(acmeB, history.Listing, 20002, 150))
	f(s, 0, reading(acmeA, history.Listing, 20003, 140))
	wantSums(t, s, 2, 5, 10+20+10+20+30)
	f(reopen(t, keeping(o)), 1, reading(acmeB, history.Listing, 20003, 151))
	wantSums(t, s, 2, 6, 10+20+10+20+30+1)
}

// Two processes that read a repository at one moment, of which neither sees the other: the days
// between their readings are there in the end.
func TestReadingsInTheMidstOfOthers(t *testing.T) {
	var other *victoria.Store
	var once sync.Once
	o := hook(t, func(_ http.ResponseWriter, r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.HasSuffix(r.URL.Path, "/import") && bytes.Contains(body, []byte("huggingface_history_appends")) {
			once.Do(func() { // it has looked for others, and is about to say that it counts
				if _, err := other.Append(context.Background(), readingsOf(reading(acmeA, history.Listing, 20003, 130))); err != nil {
					t.Error(err)
				}
			})
		}
		return false
	})
	o.Uncompressed = true
	other = reopen(t, keeping(direct(t, o)))
	s := reopen(t, keeping(o))
	if _, err := s.Append(t.Context(), readingsOf(reading(acmeA, history.Listing, 20000, 100))); err != nil {
		t.Fatal(err)
	}
	stores := []*victoria.Store{s, other, reopen(t, direct(t, o))}
	for _, by := range stores {
		wantSums(t, by, 1, 3, 30)
	}
	if _, err := other.Append(t.Context(), readingsOf(reading(acmeA, history.Listing, 20004, 137))); err != nil {
		t.Fatal(err)
	}
	for _, by := range stores {
		wantSums(t, by, 1, 4, 37)
	}
}
