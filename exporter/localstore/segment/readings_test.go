package segment

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func writtenReadings(t testing.TB, all []history.RepoReadings, companionOf string) []byte {
	t.Helper()
	var buf bytes.Buffer
	n, err := WriteReadings(&buf, pointers(all), companionOf)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(len(all)) {
		t.Fatalf("expected %d repositories to be counted, got %d", len(all), n)
	}
	return buf.Bytes()
}

func pointers(all []history.RepoReadings) func(func(*history.RepoReadings) bool) {
	return func(yield func(*history.RepoReadings) bool) {
		for i := range all {
			if !yield(&all[i]) {
				return
			}
		}
	}
}

func collectReadings(t testing.TB, b []byte) []history.RepoReadings {
	t.Helper()
	r, err := newReadings(b, "test.parquet")
	if err != nil {
		t.Fatal(err)
	}
	var out []history.RepoReadings
	for g := range r.NumGroups() {
		for x, err := range r.Group(g) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, history.RepoReadings{Meta: x.Meta, Readings: slices.Clone(x.Readings)})
		}
	}
	return out
}

const day = 24 * 3600 * 1e6

// combined returns what is known of a repository with the given readings, and what mark sets.
func combined(name string, mark func(*history.RepoMeta), readings ...history.Reading) history.RepoReadings {
	r := history.RepoReadings{Meta: history.NewRepoMeta(history.Repo{Type: history.Model, Name: name})}
	for _, x := range readings {
		x.Repo = r.Meta.Repo
		r.Readings = append(r.Readings, x)
		r.Meta = r.Meta.Merge(x.Meta())
	}
	if mark != nil {
		mark(&r.Meta)
	}
	return r
}

// allReadings returns every combination of known and unknown fields, with equal and with
// different ages.
func allReadings() []history.RepoReadings {
	readingFields := []func(*history.Reading){
		func(x *history.Reading) { x.Total, x.First, x.High = 7, 7, 7 },
		func(x *history.Reading) { x.LastMonth, x.HighMonth = 0, 0 },
		func(x *history.Reading) { x.Likes = 3 },
		func(x *history.Reading) { x.HubID = "0123456789abcdef01234567" },
		func(x *history.Reading) { x.FirstAsOf-- },
		func(x *history.Reading) { x.First = 5 },
		func(x *history.Reading) { x.High = 9 },
		func(x *history.Reading) { x.HighMonth = 50 },
	}
	metaFields := []func(*history.RepoMeta){
		func(m *history.RepoMeta) { m.GoneAsOf = 2000 },
		func(m *history.RepoMeta) { m.GoneAsOf, m.MovedTo = 3000, "org/new" },
		func(m *history.RepoMeta) { m.StartAsOf = 1000 },
		func(m *history.RepoMeta) { m.StartTotal, m.StartDownloads, m.StartRemoved = 0, 4, 1 },
	}
	var out []history.RepoReadings
	for _, origin := range []history.Origin{0, history.Archive, history.Listing, history.Export, history.ListingAndExport} {
		for fields := range 1 << len(readingFields) {
			for marks := range 1 << len(metaFields) {
				var readings []history.Reading
				if origin != 0 {
					x := history.NewReading(history.Repo{}, 1000, origin, history.Unknown, history.Unknown, history.Unknown)
					for i, set := range readingFields {
						if fields&(1<<i) != 0 {
							set(&x)
						}
					}
					later := history.NewReading(history.Repo{}, 1000+day, history.Archive, 8, 8, 8)
					readings = []history.Reading{x, later}[:1+marks%2]
				}
				out = append(out, combined(fmt.Sprintf("org/%d.%d.%d", origin, fields, marks), func(m *history.RepoMeta) {
					for i, set := range metaFields {
						if marks&(1<<i) != 0 {
							set(m)
						}
					}
				}, readings...))
			}
			if origin == 0 {
				break
			}
		}
	}
	return out
}

// someReadings returns a few of them.
func someReadings() []history.RepoReadings {
	var out []history.RepoReadings
	for i, r := range allReadings() {
		if i%197 == 0 {
			out = append(out, r)
		}
	}
	return out
}

func TestReadingsComeBack(t *testing.T) {
	f := func(name string, all ...history.RepoReadings) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			got := collectReadings(t, writtenReadings(t, all, ""))
			if len(got) != len(all) {
				t.Fatalf("expected %d repositories, got %d", len(all), len(got))
			}
			for i := range got {
				if !reflect.DeepEqual(got[i].Meta, all[i].Meta) || !slices.Equal(got[i].Readings, all[i].Readings) {
					t.Fatalf("got  %+v\nwant %+v", got[i], all[i])
				}
			}
		})
	}
	f("none")
	f("every combination", allReadings()...)
	big := history.NewReading(history.Repo{}, math.MaxInt64, history.Listing, math.MaxInt64, math.MaxInt64, math.MaxInt64)
	big.FirstAsOf, big.First, big.HighMonth = math.MinInt64, 0, math.MaxInt64
	extremes := combined("", func(m *history.RepoMeta) {
		m.StartTotal, m.StartDownloads, m.StartRemoved, m.StartAsOf = math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64
		m.GoneAsOf = math.MaxInt64
	}, big)
	f("extremes", extremes)
	dataset := combined("o/n", nil)
	dataset.Meta.Repo.Type = history.Dataset
	f("types that share a name", combined("o/n", nil), dataset)

	// More than a page of one repository, and row groups.
	var many []history.Reading
	for i := range pageRows + 100 {
		x := history.NewReading(history.Repo{}, history.AsOf(i*day), history.Listing, int64(10*i), history.Unknown, history.Unknown)
		if i%3 != 0 {
			x.Likes = int64(i)
		}
		many = append(many, x)
	}
	f("pages", combined("o/a", nil, many...), combined("o/b", nil, many[:3]...))
	var groups []history.RepoReadings
	for i := range 9 {
		groups = append(groups, combined(fmt.Sprintf("o/%d", i), nil, many...))
	}
	f("row groups", groups...)
	r, err := newReadings(writtenReadings(t, groups, ""), "test.parquet")
	if err != nil || r.NumGroups() != 2 {
		t.Errorf("expected two row groups, got %d, %v", r.NumGroups(), err)
	}
}

// TestListingWithoutReading writes a listing that is not the reading of its day, since an
// export had the total.
func TestListingWithoutReading(t *testing.T) {
	export := history.NewReading(history.Repo{}, 500, history.ListingAndExport, 7, 6, history.Unknown)
	in := combined("o/n", func(m *history.RepoMeta) {
		m.HubID, m.Likes, m.LastMonth, m.ListedAsOf = "ab", 3, 9, 1000
	}, export)
	got := collectReadings(t, writtenReadings(t, []history.RepoReadings{in}, ""))
	listing := history.NewReading(in.Meta.Repo, 1000, history.Listing, history.Unknown, 9, 3)
	listing.HubID = "ab"
	in.Readings = append(in.Readings, listing)
	if !reflect.DeepEqual(got, []history.RepoReadings{in}) {
		t.Errorf("got  %+v\nwant %+v", got, in)
	}
	// Both are one reading.
	export.Repo = in.Meta.Repo
	if m := got[0].Readings[0].Merge(got[0].Readings[1]); m != export {
		t.Errorf("got %+v, want %+v", m, export)
	}
}

// TestPrevious reads rows of files that had metadata in place of readings.
func TestPrevious(t *testing.T) {
	repo := history.Repo{Type: history.Model, Name: "o/n"}
	f := func(name string, mark func(*history.RepoMeta), readings []history.Reading, rows ...map[string]any) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			for _, r := range rows {
				r["repo_type"], r["repo"] = "model", "o/n"
			}
			for i := range readings {
				readings[i].Repo = repo
			}
			m := history.NewRepoMeta(repo)
			mark(&m)
			got := collectReadings(t, fileOf(t, formatRepos, allColumns, rows...))
			if len(got) != 1 || got[0].Meta != m || !slices.Equal(got[0].Readings, readings) {
				t.Errorf("got  %+v\nwant %+v %+v", got, m, readings)
			}
		})
	}
	listing := func(asOf history.AsOf, total, month, likes int64) history.Reading {
		return history.NewReading(repo, asOf, history.Listing, total, month, likes)
	}
	export := func(asOf history.AsOf, total int64) history.Reading {
		return history.NewReading(repo, asOf, history.Export, total, history.Unknown, history.Unknown)
	}
	identified := func(x history.Reading) history.Reading {
		x.HubID = "ab"
		return x
	}
	const none = history.Unknown
	f("an export", func(m *history.RepoMeta) {
		m.Total, m.TotalAsOf = 7, 5
		m.StartTotal, m.StartDownloads, m.StartRemoved, m.StartAsOf = 7, 9, 2, 5
	}, []history.Reading{export(5, 7)},
		map[string]any{"as_of": 5, "total": 7, "total_highest": 9, "corrected": 2})
	f("a total that is the highest", func(m *history.RepoMeta) {
		m.Total, m.TotalAsOf = 7, 5
		m.StartTotal, m.StartDownloads, m.StartRemoved, m.StartAsOf = 7, 7, 0, 5
	}, []history.Reading{export(5, 7)},
		map[string]any{"as_of": 5, "total": 7, "corrected": 0})
	f("a listing", func(m *history.RepoMeta) {
		m.Total, m.TotalAsOf = 7, 5
		m.HubID, m.LastMonth, m.Likes, m.ListedAsOf = "ab", 6, 3, 5
		m.StartTotal, m.StartDownloads, m.StartRemoved, m.StartAsOf = 7, 7, 0, 5
	}, []history.Reading{identified(listing(5, 7, 6, 3))},
		map[string]any{"as_of": 5, "total": 7, "total_highest": 7, "corrected": 0, "hub_id": "ab", "last_month": 6, "likes": 3})
	f("a listing with the first total of its day", func(m *history.RepoMeta) {
		m.Total, m.TotalAsOf = 9, 8
		m.LastMonth, m.Likes, m.ListedAsOf = 6, 3, 8
		m.StartTotal, m.StartDownloads, m.StartRemoved, m.StartAsOf = 9, 9, 0, 8
	}, []history.Reading{listing(5, 7, none, none), listing(8, 9, 6, 3)},
		map[string]any{"as_of": 5, "base": 7},
		map[string]any{"as_of": 8, "total": 9, "total_highest": 9, "corrected": 0, "last_month": 6, "likes": 3})
	f("no base", func(m *history.RepoMeta) { m.LastMonth, m.ListedAsOf = 6, 8 },
		[]history.Reading{listing(8, none, 6, none)},
		map[string]any{"as_of": 5, "base": -1}, map[string]any{"as_of": 8, "last_month": 6})
	f("a listing that reported nothing", func(m *history.RepoMeta) { m.ListedAsOf = 8 },
		[]history.Reading{listing(8, none, none, none)}, map[string]any{"as_of": 8})
	f("nothing but the name", func(*history.RepoMeta) {}, nil, map[string]any{"as_of": 0, "corrected": 0})
	f("moved", func(m *history.RepoMeta) { m.GoneAsOf, m.MovedTo = 8, "o/new" }, nil, map[string]any{"as_of": 8, "moved_to": "o/new"})
	f("gone", func(m *history.RepoMeta) { m.GoneAsOf = 8 }, nil, map[string]any{"as_of": 8, "moved_to": ""})
}

func TestReadingsOfOneRepositoryMerge(t *testing.T) {
	x := func(asOf history.AsOf, total int64) history.Reading {
		return history.NewReading(history.Repo{}, asOf, history.Listing, total, 2, 1)
	}
	young, old := combined("o/n", nil, x(2*day, 8)), combined("o/n", nil, x(day, 10))
	got := collectReadings(t, writtenReadings(t, []history.RepoReadings{young, old}, ""))
	want := history.RepoReadings{Meta: young.Meta.Merge(old.Meta), Readings: append(young.Readings, old.Readings...)}
	if !reflect.DeepEqual(got, []history.RepoReadings{want}) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestCompanionOf(t *testing.T) {
	for _, want := range []string{"x.parquet", ""} {
		r, err := newReadings(writtenReadings(t, someReadings(), want), "test.parquet")
		if err != nil || r.CompanionOf() != want {
			t.Errorf("got %q, %v, want %q", r.CompanionOf(), err, want)
		}
	}
}

func TestReadingsStopEarly(t *testing.T) {
	r, err := newReadings(writtenReadings(t, someReadings(), ""), "test.parquet")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range r.Group(0) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("got %d repositories", n)
	}
}
