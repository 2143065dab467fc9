package memtable

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// seriesOf returns the records of a table as series, in no order.
func seriesOf(t *testing.T, rng *rand.Rand, n *Table, meta []history.RepoMeta) []Series {
	t.Helper()
	at := make(map[history.Repo]int)
	out := make([]Series, len(meta))
	for i, s := range meta {
		at[s.Repo], out[i].At = i, i
	}
	for rows, err := range n.Records(context.Background(), history.RecordsQuery{Order: history.OrderRepo, Stored: true}) {
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows.Repo {
			s := &out[at[rows.Repos[r].Repo]]
			s.Days, s.Downloads = append(s.Days, rows.Day[i]), append(s.Downloads, rows.Downloads[i])
		}
	}
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func eachSeries(all ...Series) func(func(Series, error) bool) {
	return func(yield func(Series, error) bool) {
		for _, s := range all {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// TestBuildSeries compares it with Build, which takes rows in any order.
func TestBuildSeries(t *testing.T) {
	v := history.Version{Source: history.Observed, AsOf: 7}
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 3))
		from := randomTable(t, rng)
		meta := slices.Collect(from.Meta())
		for i := range meta {
			m := history.NewRepoMeta(meta[i].Repo) // what follows from readings is Build's to work out
			m.LastMonth, m.Likes, m.HubID = meta[i].LastMonth, meta[i].Likes, meta[i].HubID
			meta[i] = m
		}
		series := seriesOf(t, rng, from, meta)
		var records []history.Record
		for _, s := range series {
			for i, d := range s.Days {
				records = append(records, history.Record{Repo: meta[s.At].Repo, Total: history.Unknown, Day: d, Downloads: s.Downloads[i]})
			}
		}
		want, err := Build(context.Background(), history.RowsOf(v, records...), meta)
		if err != nil {
			t.Fatal(err)
		}
		got, err := BuildSeries(context.Background(), meta, eachSeries(series...), v)
		if err != nil {
			t.Fatal(err)
		}
		checkSums(t, got)
		if content(t, got) != content(t, want) {
			t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, content(t, got), content(t, want))
		}
	}
}

func TestBuildSeriesRefuses(t *testing.T) {
	meta := []history.RepoMeta{history.NewRepoMeta(history.Repo{Type: history.Model, Name: "a/m"})}
	f := func(want string, all ...Series) {
		t.Helper()
		_, err := BuildSeries(context.Background(), meta, eachSeries(all...), history.Version{Source: history.Published})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	one := Series{Days: []history.Day{18000}, Downloads: []int64{1}}
	f("expected the records of model a/m at once", one, one)
	f("got day 17999 after day 18000", Series{Days: []history.Day{18000, 17999}, Downloads: []int64{1, 2}})
	f("got day 18000 after day 18000", Series{Days: []history.Day{18000, 18000}, Downloads: []int64{1, 2}})
	f("from 1970-01-01 to 9999-12-31", Series{Days: []history.Day{-1}, Downloads: []int64{1}})
	f("from 1970-01-01 to 9999-12-31", Series{Days: []history.Day{history.MaxDay + 1}, Downloads: []int64{1}})
	f("expected downloads of model a/m of 0 or more, got -1 on 2019-04-14", Series{Days: []history.Day{18000}, Downloads: []int64{-1}})

	broken := errors.New("the stream broke off")
	_, err := BuildSeries(context.Background(), meta, func(yield func(Series, error) bool) {
		if yield(one, nil) {
			yield(Series{}, broken)
		}
	}, history.Version{})
	if err != broken {
		t.Errorf("got error %v, want that of the stream", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := BuildSeries(ctx, meta, eachSeries(one), history.Version{}); err != context.Canceled {
		t.Errorf("got error %v, want that of the context", err)
	}
}

// TestChanges: what changes, put over what was shown and over the records that came, is what
// is shown now, versions included.
func TestChanges(t *testing.T) {
	type fact struct {
		downloads int64
		version   history.Version
	}
	changed := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 4))
		withReadings := func(n *Table) *Table {
			var read []history.Reading
			for k := range n.All() {
				for range rng.IntN(6) {
					asOf := history.AsOfTime(history.Day(18000+rng.IntN(150)).Time()) + history.AsOf(rng.IntN(3))
					read = append(read, history.NewReading(k.Meta().Repo, asOf, history.Listing, int64(asOf>>40)+rng.Int64N(20), 100, 1))
				}
			}
			more, err := BuildBatch(context.Background(), history.Batch{Readings: func(yield func(history.Reading, error) bool) {
				for _, r := range read {
					if !yield(r, nil) {
						return
					}
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			return n.Union(more)
		}
		old, n := withReadings(randomTable(t, rng)), withReadings(randomTable(t, rng))
		merged, delta, _ := old.Append(n)
		shown := func(from *Table, r history.Repo) map[history.Day]fact {
			out := make(map[history.Day]fact)
			q := history.RecordsQuery{Filter: history.Filter{Repos: []string{r.Name}, RepoTypes: []history.RepoType{r.Type}}, Versions: true}
			for rows, err := range from.Records(context.Background(), q) {
				if err != nil {
					t.Fatal(err)
				}
				for i := range rows.Len() {
					out[rows.Day[i]] = fact{rows.Downloads[i], rows.Version}
				}
			}
			return out
		}
		var s Series
		for now := range merged.All() {
			r := now.Meta().Repo
			if now.c.moved() || old.Find(r).column().moved() {
				continue // no answer has its days
			}
			got, want := shown(old, r), shown(merged, r)
			delta.Find(r).Stored(&s)
			for i, d := range s.Days {
				got[d] = fact{s.Downloads[i], s.Versions[i]}
			}
			now.Changes(old.Find(r), delta.Find(r), &s)
			for i, d := range s.Days {
				changed++
				if got[d] = (fact{s.Downloads[i], s.Versions[i]}); s.Downloads[i] == Gone {
					delete(got, d)
				}
			}
			if !maps.Equal(got, want) {
				t.Fatalf("seed %d, %s: got\n%v\nwant\n%v", seed, r, got, want)
			}
			now.Changes(now, Known{}, &s)
			if len(s.Days) > 0 {
				t.Fatalf("seed %d, %s: expected no change of what is known, got %v", seed, r, s)
			}
		}
	}
	if changed < 100 {
		t.Errorf("expected many changes, got %d", changed)
	}
}
