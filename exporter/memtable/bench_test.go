package memtable

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

const benchRepos, benchDays = 2000, 1000

// blocks keeps a stream, so that a benchmark does not measure its source.
func blocks(tb testing.TB, seq history.RowSeq) []*history.Rows {
	tb.Helper()
	var out []*history.Rows
	line := int64(2)
	for r, err := range seq {
		if err != nil {
			tb.Fatal(err)
		}
		c := new(history.Rows)
		copyRows(c, r)
		c.FirstLine = line
		c.Version = history.Version{Source: history.Published, AsOf: 1_700_000_000_000_000}
		line += int64(c.Len())
		out = append(out, c)
	}
	return out
}

func seqOf(blocks []*history.Rows) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for _, b := range blocks {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// shuffled returns the rows of blocks in any order.
func shuffled(in []*history.Rows) []*history.Rows {
	all := &history.Rows{Repos: in[len(in)-1].Repos, Version: in[0].Version, FirstLine: 2}
	for _, b := range in {
		all.Repo = append(all.Repo, b.Repo...)
		all.Day = append(all.Day, b.Day...)
		all.Downloads = append(all.Downloads, b.Downloads...)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	rng.Shuffle(all.Len(), func(i, j int) {
		all.Repo[i], all.Repo[j] = all.Repo[j], all.Repo[i]
		all.Day[i], all.Day[j] = all.Day[j], all.Day[i]
		all.Downloads[i], all.Downloads[j] = all.Downloads[j], all.Downloads[i]
	})
	var out []*history.Rows
	for i := 0; i < all.Len(); i += history.BlockRows {
		j := min(i+history.BlockRows, all.Len())
		out = append(out, &history.Rows{Repos: all.Repos, Version: all.Version, FirstLine: int64(i) + 2,
			Repo: all.Repo[i:j], Day: all.Day[i:j], Downloads: all.Downloads[i:j]})
	}
	return out
}

func benchBlocks(tb testing.TB, order history.Order) []*history.Rows {
	return blocks(tb, synthetic.Rows(synthetic.Options{Repos: benchRepos, Days: benchDays, Seed: 7, Order: order}))
}

func BenchmarkBuild(b *testing.B) {
	byRepo, byDay := benchBlocks(b, history.OrderRepo), benchBlocks(b, history.OrderTime)
	f := func(name string, in []*history.Rows) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var n *Table
			for b.Loop() {
				var err error
				if n, err = Build(context.Background(), seqOf(in), nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n.NumRecords()), "ns/record")
			b.ReportMetric(float64(n.MemoryBytes())/float64(n.NumRecords()), "B/record")
		})
	}
	f("by_repo", byRepo)
	f("by_day", byDay)
	f("shuffled", shuffled(byRepo))
}

func BenchmarkQueries(b *testing.B) {
	n, err := Build(context.Background(), seqOf(benchBlocks(b, history.OrderRepo)), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("overview", func(b *testing.B) {
		for b.Loop() {
			n.Overview(history.OverviewQuery{ByRepoType: true, Series: true})
		}
	})
	b.Run("overview_search", func(b *testing.B) {
		for b.Loop() {
			n.Overview(history.OverviewQuery{ByRepoType: true, Filter: history.Filter{Search: "e"}, Period: history.Period{Kind: history.LastMonth}})
		}
	})
	b.Run("repos", func(b *testing.B) {
		for b.Loop() {
			n.Repos(history.ReposQuery{Filter: history.Filter{Search: "e"}, Limit: 50, Trend: 30, Period: history.Period{Kind: history.LastMonth}})
		}
	})
	f := func(name string, q history.RecordsQuery) {
		b.Run(name, func(b *testing.B) {
			var rows int64
			for b.Loop() {
				for r, err := range n.Records(context.Background(), q) {
					if err != nil {
						b.Fatal(err)
					}
					rows += int64(r.Len())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/record")
		})
	}
	f("records_by_repo", history.RecordsQuery{Order: history.OrderRepo})
	f("records_by_day", history.RecordsQuery{})
}

func BenchmarkAppendSameAgain(b *testing.B) {
	in := benchBlocks(b, history.OrderRepo)
	n, err := Build(context.Background(), seqOf(in), nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range in {
		r.Version.AsOf++
	}
	newer, err := Build(context.Background(), seqOf(in), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n.Append(newer)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n.NumRecords()), "ns/record")
}

// BenchmarkListing appends a day's listing of many repositories to some days of them.
func BenchmarkListing(b *testing.B) {
	const repos, days = 2000, 100
	listing := func(day int) *Table {
		meta := make([]history.RepoMeta, repos)
		for i := range meta {
			m := history.NewRepoMeta(history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/model-%06d", i)})
			m.Total, m.LastMonth, m.Likes = int64(day*(i%977)+day*day%7), int64(30*(i%977)+10), int64(day/10)
			m.HubID = fmt.Sprintf("%024x", i*7919)
			m.ListedAsOf = history.AsOfTime(history.Day(20000 + day).Time())
			m.TotalAsOf = m.ListedAsOf
			meta[i] = m
		}
		t, err := Build(b.Context(), nil, meta)
		if err != nil {
			b.Fatal(err)
		}
		return t
	}
	t := Empty()
	for day := range days {
		t, _, _ = t.Append(listing(day))
	}
	b.ReportMetric(float64(t.MemoryBytes())/float64(t.NumRecords()), "B/record")
	next := listing(days)
	for b.Loop() {
		t.Append(next)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/repos, "ns/repo")
}
