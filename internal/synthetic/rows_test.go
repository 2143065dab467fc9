package synthetic

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func collect(t *testing.T, o Options) []history.Record {
	t.Helper()
	records, err := history.Collect(Rows(o))
	if err != nil {
		t.Fatalf("Rows(%+v): %v", o, err)
	}
	return records
}

func byTime(a, b history.Record) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), a.Repo.Compare(b.Repo))
}

func byRepo(a, b history.Record) int {
	return cmp.Or(a.Repo.Compare(b.Repo), cmp.Compare(a.Day, b.Day))
}

func TestRowsAreInOrderAndTheSameInBoth(t *testing.T) {
	f := func(repos, days int, seed uint64) {
		t.Helper()
		o := Options{Repos: repos, Days: days, Seed: seed}
		inTime := collect(t, o)
		o.Order = history.OrderRepo
		inRepo := collect(t, o)

		strictly := func(records []history.Record, compare func(a, b history.Record) int) {
			t.Helper()
			for i := 1; i < len(records); i++ {
				if compare(records[i-1], records[i]) >= 0 {
					t.Fatalf("%+v comes before %+v", records[i-1], records[i])
				}
			}
		}
		strictly(inTime, byTime)
		strictly(inRepo, byRepo)
		slices.SortFunc(inRepo, byTime)
		if !slices.Equal(inTime, inRepo) {
			t.Fatalf("the two orders hold different records (%d and %d)", len(inTime), len(inRepo))
		}
	}
	f(1, 1, 0)
	f(1, 400, 1)
	f(40, 1, 2)
	f(40, 1096, 7)
	f(700, 90, 3)
}

func TestSeedDecidesEverything(t *testing.T) {
	o := Options{Repos: 60, Days: 200, Seed: 5}
	first := collect(t, o)
	if !slices.Equal(first, collect(t, o)) {
		t.Error("the same options gave other records")
	}
	o.Seed = 6
	if slices.Equal(first, collect(t, o)) {
		t.Error("another seed gave the same records")
	}
}

func TestSizes(t *testing.T) {
	f := func(repos, days int, least, most int) {
		t.Helper()
		last := history.Day(20000)
		records := collect(t, Options{Repos: repos, Days: days, Seed: 3, Last: last})
		if n := len(records); n < least || n > most {
			t.Errorf("%d repositories and %d days gave %d records, expected %d to %d", repos, days, n, least, most)
		}
		named := make(map[history.Repo]bool)
		for _, r := range records {
			named[r.Repo] = true
		}
		if len(named) != repos {
			t.Errorf("expected %d repositories, got %d", repos, len(named))
		}
		got := history.Days{From: records[0].Day, To: records[len(records)-1].Day}
		if want := (history.Days{From: last - history.Day(days) + 1, To: last}); got != want {
			t.Errorf("expected the days %v, got %v", want, got)
		}
	}
	f(1, 1, 1, 1)
	f(3, 2, 3, 6)
	f(1000, 300, 255_000, 285_000)
	f(200, 2000, 340_000, 380_000)
}

func TestRecordsLookReal(t *testing.T) {
	const repos, days = 2000, 364
	records := collect(t, Options{Repos: repos, Days: days, Seed: 11, Order: history.OrderRepo})

	var sums []int64
	var models, zeros, late, absent, length int
	var weekdays, weekends int64
	first := DefaultLast - days + 1
	for i := 0; i < len(records); {
		r, sum, j := records[i], int64(0), i
		for ; j < len(records) && records[j].Repo == r.Repo; j++ {
			n := records[j]
			if n.Downloads < 0 || n.Total != r.Total {
				t.Fatalf("unexpected record %+v after %+v", n, r)
			}
			sum += n.Downloads
			if n.Downloads == 0 {
				zeros++
			}
			if int(n.Day+3)%7 >= 5 {
				weekends += n.Downloads
			} else {
				weekdays += n.Downloads
			}
		}
		if r.Total < sum {
			t.Errorf("%s: total %d is less than the sum of the records, %d", r.Repo, r.Total, sum)
		}
		if r.Repo.Type == history.Model {
			models++
		}
		if r.Day > first {
			late++
		}
		if r.Repo.Org() != DefaultOrg || strings.ContainsFunc(r.Repo.Name[len(DefaultOrg)+1:], notInName) {
			t.Errorf("unexpected name %q", r.Repo.Name)
		}
		absent += int(DefaultLast-r.Day) + 1 - (j - i)
		length += len(r.Repo.Name)
		sums = append(sums, sum)
		i = j
	}

	between := func(what string, got, least, most float64) {
		t.Helper()
		if got < least || got > most {
			t.Errorf("%s: expected %v to %v, got %v", what, least, most, got)
		}
	}
	between("part of models", float64(models)/repos, 0.7, 0.8)
	between("part of repositories that came later", float64(late)/repos, 0.15, 0.25)
	between("part of records that are zero", float64(zeros)/float64(len(records)), 0.02, 0.4)
	between("part of days that are absent", float64(absent)/float64(len(records)), 0.002, 0.03)
	between("length of a name", float64(length)/repos, 20, 35)
	between("a day of a weekend against a weekday", float64(weekends)/2*5/float64(weekdays), 0.5, 0.95)

	slices.Sort(sums)
	var all, top int64
	for i, n := range sums {
		all += n
		if i >= repos*99/100 {
			top += n
		}
	}
	between("part of the downloads that the top 1% has", float64(top)/float64(all), 0.3, 0.9)
}

func TestNamesAreNew(t *testing.T) {
	seen := make(map[history.Repo]bool)
	for _, r := range newRepos(60_000, "o", 1) {
		if seen[r] {
			t.Fatalf("%s comes twice", r)
		}
		seen[r] = true
	}
}

func TestStreamEndsWhenItIsToldTo(t *testing.T) {
	for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
		blocks := 0
		for rows, err := range Rows(Options{Repos: 100, Days: 1000, Order: order}) {
			if err != nil {
				t.Fatal(err)
			}
			if rows.Len() != history.BlockRows {
				t.Errorf("expected a block of %d rows, got %d", history.BlockRows, rows.Len())
			}
			if blocks++; blocks == 2 {
				break
			}
		}
		if blocks != 2 {
			t.Errorf("expected 2 blocks, got %d", blocks)
		}
	}
}

func TestBadOptions(t *testing.T) {
	f := func(o Options, want string) {
		t.Helper()
		records, err := history.Collect(Rows(o))
		if err == nil || !strings.Contains(err.Error(), want) || records != nil {
			t.Errorf("Rows(%+v): expected an error that says %q, got %v", o, want, err)
		}
	}
	f(Options{Days: 1}, "expected 1 to 10000000 repositories, got 0")
	f(Options{Repos: MaxRepos + 1, Days: 1}, "got 10000001")
	f(Options{Repos: 1}, "expected 1 to 20454 days up to 2025-12-31, got 0")
	f(Options{Repos: 1, Days: 20455}, "got 20455")
	f(Options{Repos: 1, Days: 1, Last: -3}, "expected a last day from 1970-01-01 to 9999-12-31, got 1969-12-29")
	f(Options{Repos: 1, Days: 1, Last: history.MaxDay + 1}, "got 10000-01-01")
	f(Options{Repos: 1, Days: 1, Org: "a/b"}, `got "a/b"`)
	f(Options{Repos: 1, Days: 1, Order: 9}, "got Order(9)")
}

func BenchmarkRows(b *testing.B) {
	for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
		b.Run(order.String(), func(b *testing.B) {
			for b.Loop() {
				n := 0
				for rows, err := range Rows(Options{Repos: 1000, Days: 1000, Order: order}) {
					if err != nil {
						b.Fatal(err)
					}
					n += rows.Len()
				}
				b.ReportMetric(float64(n), "records/op")
			}
		})
	}
}
