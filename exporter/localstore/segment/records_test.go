package segment

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// versioned is a record with its version.
type versioned struct {
	history.Record
	history.Version
}

// stream hands out records as they are, a block for each run of one version.
func stream(records []versioned) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rows := new(history.Rows)
		index := make(map[history.Repo]uint32)
		for _, r := range records {
			if rows.Len() > 0 && (rows.Version != r.Version || rows.Len() == history.BlockRows) {
				if !yield(rows, nil) {
					return
				}
				rows.Reset()
			}
			i, ok := index[r.Repo]
			if !ok {
				i = uint32(len(rows.Repos))
				index[r.Repo] = i
				rows.Repos = append(rows.Repos, history.RepoTotal{Repo: r.Repo, Total: r.Total})
			}
			rows.Version = r.Version
			rows.Append(i, r.Day, r.Downloads)
		}
		if rows.Len() > 0 {
			yield(rows, nil)
		}
	}
}

// collect reads a stream, and checks that each repository is named once.
func collect(t *testing.T, seq history.RowSeq) []versioned {
	t.Helper()
	var out []versioned
	for rows, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[history.Repo]bool)
		for _, r := range rows.Repos {
			if seen[r.Repo] {
				t.Fatalf("%s is twice in the dictionary", r.Repo)
			}
			seen[r.Repo] = true
		}
		for i := range rows.Len() {
			out = append(out, versioned{rows.Record(i), rows.Version})
		}
	}
	return out
}

func written(t *testing.T, rows history.RowSeq) *Records {
	t.Helper()
	var buf bytes.Buffer
	n, err := WriteRecords(&buf, rows)
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRecords(buf.Bytes(), "test.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if r.NumRecords() != n {
		t.Fatalf("the writer counts %d records, the reader %d", n, r.NumRecords())
	}
	return r
}

func record(repo history.Repo, day history.Day, downloads int64, source history.Source, asOf history.AsOf) versioned {
	return versioned{
		history.Record{Repo: repo, Total: history.Unknown, Day: day, Downloads: downloads},
		history.Version{Source: source, AsOf: asOf},
	}
}

func compare(a, b versioned) int {
	if c := a.Repo.Compare(b.Repo); c != 0 {
		return c
	}
	return int(a.Day) - int(b.Day)
}

func TestRecordsComeBack(t *testing.T) {
	model := history.Repo{Type: history.Model, Name: "org/name"}
	dataset := history.Repo{Type: history.Dataset, Name: "org/name"}
	legacy := history.Repo{Type: "kernel", Name: "gpt2"}
	odd := history.Repo{Type: "", Name: "org/ü, \"x\"\n"}

	f := func(name string, records ...versioned) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			got := collect(t, written(t, stream(records)).All())
			want := slices.Clone(records)
			slices.SortFunc(got, compare)
			slices.SortFunc(want, compare)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %v\nwant %v", got, want)
			}
		})
	}
	const now = 1700000000123456
	f("none")
	f("one", record(model, 18649, 17, history.Published, now))
	f("zero is not absent", record(model, 0, 0, history.Published, now), record(model, 2, 0, history.Published, now))
	f("extremes",
		record(model, history.MinDay, math.MaxInt64, history.Published, math.MaxInt64),
		record(model, history.MinDay+1, 0, history.Published, math.MinInt64),
		record(model, history.MaxDay, math.MaxInt64, history.Published, 0))
	f("types that share a name, open types, odd names",
		record(model, 5, 1, history.Published, now), record(dataset, 5, 2, history.Published, now),
		record(legacy, 5, 3, history.Published, now), record(odd, 5, 4, history.Published, now))
	f("every source, versions row by row",
		record(model, 1, 1, history.Estimated, 10), record(model, 2, 2, history.Observed, 10),
		record(model, 3, 3, history.Published, 10), record(model, 4, 4, history.Observed, 11),
		record(dataset, 4, 4, history.Estimated, 9))
	f("by day",
		record(model, 1, 1, history.Published, now), record(dataset, 1, 2, history.Published, now),
		record(model, 2, 3, history.Published, now), record(dataset, 2, 4, history.Published, now))

	var many []versioned
	for i := range 300 {
		for d := range 40 {
			r := history.Repo{Type: history.Model, Name: fmt.Sprintf("org/%d", i)}
			many = append(many, record(r, history.Day(d), int64(i*d), history.Observed, history.AsOf(d)))
		}
	}
	f("a version a day", many...)
	slices.Reverse(many)
	f("a version a day, backwards", many...)
}

func TestOrderIsKept(t *testing.T) {
	s := newSynthetic(100, 300)
	want := collect(t, s.rows(history.Version{Source: history.Published, AsOf: 1}))
	got := collect(t, written(t, s.rows(history.Version{Source: history.Published, AsOf: 1})).All())
	if !reflect.DeepEqual(got, want) {
		t.Error("records of one version came back in another order")
	}
}

func TestVersionsAreRegrouped(t *testing.T) {
	// More than a page, which ends amid a repository.
	s := newSynthetic(200, 500)
	r := written(t, s.observed())
	blocks := 0
	var last = make(map[history.Repo]history.Day)
	for rows, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		blocks++
		for i := range rows.Len() {
			r := rows.Record(i)
			if last[r.Repo] >= r.Day {
				t.Fatalf("%s: day %d after day %d", r.Repo, r.Day, last[r.Repo])
			}
			last[r.Repo] = r.Day
		}
	}
	if blocks > 2*500 {
		t.Errorf("expected a block for each of 500 versions in each of two pages, got %d", blocks)
	}
	want := collect(t, s.observed())
	got := collect(t, r.All())
	slices.SortFunc(got, compare)
	if !slices.Equal(got, want) {
		t.Error("the records changed")
	}
}

func TestRowGroups(t *testing.T) {
	s := newSynthetic(800, 1000)
	v := history.Version{Source: history.Published, AsOf: 1}
	r := written(t, s.rows(v))
	if n := len(s.repo)/groupRows + 1; r.NumGroups() != n {
		t.Errorf("expected %d row groups of %d records, got %d", n, len(s.repo), r.NumGroups())
	}
	in := make(map[history.Repo]int)
	next := 0
	for g := range r.NumGroups() {
		for rows, err := range r.Group(g) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range rows.Len() {
				rec := rows.Record(i)
				if k, ok := in[rec.Repo]; ok && k != g {
					t.Fatalf("%s is in row groups %d and %d", rec.Repo, k, g)
				}
				in[rec.Repo] = g
				if s.repos[s.repo[next]].Repo != rec.Repo || s.day[next] != rec.Day || s.downloads[next] != rec.Downloads {
					t.Fatalf("record %d: got %v", next, rec)
				}
				next++
			}
		}
	}
	if next != len(s.repo) {
		t.Errorf("expected %d records, got %d", len(s.repo), next)
	}
}

func TestOneRepositoryLargerThanARowGroup(t *testing.T) {
	const n = 2*groupRows + 1000
	repo := []history.RepoTotal{{Repo: history.Repo{Type: history.Model, Name: "o/n"}}}
	rows := func(yield func(*history.Rows, error) bool) {
		r := &history.Rows{Repos: repo, Version: history.Version{Source: history.Observed}}
		for d := range n {
			r.Append(0, history.Day(d), int64(d))
			if r.Len() == 5000 || d == n-1 {
				if !yield(r, nil) {
					return
				}
				r.Reset()
			}
		}
	}
	next := history.Day(0)
	r := written(t, rows)
	for rows, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Len() {
			if rows.Day[i] != next || rows.Downloads[i] != int64(next) {
				t.Fatalf("expected day %d, got %v", next, rows.Record(i))
			}
			next++
		}
	}
	if next != n || r.NumGroups() != 2 {
		t.Errorf("got %d records in %d row groups", next, r.NumGroups())
	}
}

func TestSize(t *testing.T) {
	s := newSynthetic(300, 1000)
	f := func(rows history.RowSeq) {
		t.Helper()
		var c counter
		if _, err := WriteRecords(&c, rows); err != nil {
			t.Fatal(err)
		}
		if per := float64(c.n) / float64(len(s.repo)); per > 2.5 {
			t.Errorf("expected at most 2.5 bytes a record, got %.2f", per)
		}
	}
	f(s.rows(history.Version{Source: history.Published, AsOf: 1700000000000000}))
	f(s.observed())
}

func TestWriteRecordsRefuses(t *testing.T) {
	repo := history.Repo{Type: history.Model, Name: "o/n"}
	f := func(rows history.RowSeq, want string) {
		t.Helper()
		_, err := WriteRecords(new(bytes.Buffer), rows)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected an error with %q, got %v", want, err)
		}
	}
	good := history.Version{Source: history.Published}
	f(history.RowsOf(history.Version{}, history.Record{Repo: repo}), "records with their versions")
	f(history.RowsOf(good, history.Record{Repo: repo, Downloads: -1}), "column downloads: expected a number from 0 to 9223372036854775807, got -1")
	f(history.RowsOf(good, history.Record{Repo: repo, Day: history.MaxDay + 1}), "column day: expected a number from 0 to 2932896, got 2932897")
	f(history.RowsOf(good, history.Record{Repo: repo, Day: history.NoDay}), "column day: expected a number from 0 to 2932896, got -2147483648")

	broken := errors.New("the source broke")
	_, err := WriteRecords(new(bytes.Buffer), func(yield func(*history.Rows, error) bool) { yield(nil, broken) })
	if err != broken {
		t.Errorf("expected the error of the stream, got %v", err)
	}
	full := errors.New("no space")
	_, err = WriteRecords(failing{full}, history.RowsOf(good, history.Record{Repo: repo}))
	if !errors.Is(err, full) {
		t.Errorf("expected the error of the writer, got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestReadingStopsEarly(t *testing.T) {
	s := newSynthetic(50, 500)
	f := func(rows history.RowSeq) {
		t.Helper()
		blocks := 0
		for range written(t, rows).All() {
			blocks++
			break
		}
		if blocks != 1 {
			t.Errorf("got %d blocks", blocks)
		}
	}
	f(s.rows(history.Version{Source: history.Published}))
	f(s.observed())
}

// TestMemoryOfAWriter asserts that what a writer holds on to does not grow with the
// number of records.
func TestMemoryOfAWriter(t *testing.T) {
	const days, groups = 1024, 8
	repos := make([]history.RepoTotal, groups*groupRows/days)
	for i := range repos {
		repos[i].Repo = history.Repo{Type: history.Model, Name: fmt.Sprintf("org/%d", i)}
	}
	var held []int64
	rows := func(yield func(*history.Rows, error) bool) {
		r := &history.Rows{Repos: repos, Version: history.Version{Source: history.Published}}
		for repo := range repos {
			if repo%(groupRows/days) == groupRows/days-1 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				held = append(held, int64(m.HeapAlloc))
			}
			r.Reset()
			for d := range days {
				r.Append(uint32(repo), history.Day(d), int64(d*d%1000))
			}
			if !yield(r, nil) {
				return
			}
		}
	}
	if _, err := WriteRecords(new(counter), rows); err != nil {
		t.Fatal(err)
	}
	if more := held[groups-1] - held[1]; more > 1<<20 {
		t.Errorf("after %d row groups it holds %d bytes more than after two", groups, more)
	}
}
