package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// runReadings weighs a history of listings, one a day: readings, and the days that follow
// from them. A record is such a day.
func runReadings(b *bench) ([]verdict, error) {
	b.held = nil
	before := heapLive()
	t, err := memtable.BuildBatch(context.Background(), history.Batch{Readings: b.readings()})
	if err != nil {
		return nil, err
	}
	heap, own, n := heapLive()-before, t.MemoryBytes(), t.NumRecords()
	runtime.KeepAlive(t)
	dir := filepath.Join(b.scratch, "readings")
	defer os.RemoveAll(dir)
	var onDisk int64
	err = withStore(dir, func(l *localstore.Ledger) error {
		if _, err := l.Append(context.Background(), history.Batch{Table: t}); err != nil {
			return err
		}
		if err := l.Compact(context.Background()); err != nil {
			return err
		}
		s, err := l.Stats(context.Background())
		if onDisk = s.Bytes; err == nil && s.Records != n {
			err = fmt.Errorf("expected %d records in the store, got %d", n, s.Records)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	t = nil
	begin := time.Now()
	err = withStore(dir, func(l *localstore.Ledger) error {
		if got := l.Table().NumRecords(); got != n {
			return fmt.Errorf("expected %d records to be there again, got %d", n, got)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	opened := time.Since(begin)
	perRecord := func(bytes int64) float64 { return float64(bytes) / float64(n) }
	return []verdict{
		atMost(fmt.Sprintf("memory of daily listings, %s records with their readings, growth of the heap", millions(n)), 3, perRecord(heap), "bytes a record"),
		atMost("the same, as the columns tell it", 3, perRecord(own), "bytes a record"),
		atMost("store of them on disk, compacted", 2.5, perRecord(onDisk), "bytes a record"),
		atMost("open it", 60, opened.Seconds(), "s"),
	}, nil
}

// readings returns daily listings of the repositories of the export: totals that grow by
// its records, the downloads of 30 days, and likes. A listing is of one moment of each day.
func (b *bench) readings() history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		var counts listedCounts
		for rows, err := range b.rows(byRepo) {
			if err != nil {
				yield(history.Reading{}, err)
				return
			}
			for i := range rows.Len() {
				r := rows.Record(i)
				for day := counts.next(r.Repo, r.Day); day <= r.Day; day++ {
					if counts.add(day, 0); !yield(counts.reading(), nil) {
						return
					}
				}
				if counts.add(r.Day+1, r.Downloads); !yield(counts.reading(), nil) {
					return
				}
			}
		}
	}
}

// listedCounts are what listings say of a repository.
type listedCounts struct {
	repo         history.Repo
	day          history.Day
	total, likes int64
	last         [history.LastMonthDays]int64 // by day
	month        int64
	hubID        string
	rng          *rand.Rand
}

// next begins with another repository, if it is one, and returns the day that comes next.
func (c *listedCounts) next(r history.Repo, day history.Day) history.Day {
	if c.repo != r {
		rng := rand.New(rand.NewPCG(seed, uint64(len(r.Name))<<32+uint64(r.Name[len(r.Name)-1])))
		*c = listedCounts{repo: r, day: day, hubID: fmt.Sprintf("%016x%08x", rng.Uint64(), rng.Uint32()), rng: rng}
	}
	return c.day + 1
}

// add takes the downloads of the day before.
func (c *listedCounts) add(day history.Day, downloads int64) {
	at := &c.last[int(day)%len(c.last)]
	c.month += downloads - *at
	*at = downloads
	c.total += downloads
	if c.rng.IntN(20) == 0 {
		c.likes++
	}
	c.day = day
}

func (c *listedCounts) reading() history.Reading {
	x := history.NewReading(c.repo, listedAt(c.day), history.Listing, c.total, c.month, c.likes)
	x.HubID = c.hubID
	return x
}

// listedAt is when a day's listing is collected.
func listedAt(day history.Day) history.AsOf {
	return history.AsOfTime(day.Time().Add(6*time.Hour + time.Duration(day)*7919*time.Millisecond%time.Hour))
}

const (
	// listingRepos are those of a listing for each repository of the export.
	listingRepos = 10
	// listingDays are how many listings are stored already.
	listingDays = 40
)

// runListing stores the listing of a day in a store with some history of the same
// repositories, durably.
func runListing(b *bench) ([]verdict, error) {
	repos := b.repos * listingRepos
	meta := make([]history.RepoMeta, repos)
	rng := rand.New(rand.NewPCG(seed, 2))
	for i := range meta {
		meta[i] = history.NewRepoMeta(history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/model-%07d", i)})
		meta[i].Total, meta[i].LastMonth, meta[i].Likes = rng.Int64N(1<<20), rng.Int64N(1<<12), rng.Int64N(100)
		meta[i].HubID = fmt.Sprintf("%016x%08x", rng.Uint64(), rng.Uint32())
	}
	day := history.Day(20_000)
	listing := func() []history.RepoMeta {
		day++
		for i := range meta {
			m := &meta[i]
			m.Total += rng.Int64N(1 + m.LastMonth/15)
			m.ListedAsOf = listedAt(day)
			m.TotalAsOf = m.ListedAsOf
		}
		return meta
	}
	dir := filepath.Join(b.scratch, "listing")
	defer os.RemoveAll(dir)
	var t []timing
	var busy []time.Duration // of all processors, for each
	err := withStore(dir, func(l *localstore.Ledger) error {
		if _, err := l.Append(context.Background(), history.Batch{Readings: func(yield func(history.Reading, error) bool) {
			for range listingDays {
				for _, m := range listing() {
					if !yield(m.Readings()[0], nil) {
						return
					}
				}
			}
		}}); err != nil {
			return err
		}
		var next []history.RepoMeta
		prepare := func() error { next = listing(); return nil }
		err := prepare()
		if err != nil {
			return err
		}
		stored := 0
		t, err = race(wallTime, b.rounds, contestant{name: "a day's listing", run: func() error {
			if stored++; stored > 1 && next[0].ListedAsOf != listedAt(day) {
				return errors.New("expected a listing of another day")
			}
			begin := cpuTime()
			c, err := l.Append(context.Background(), history.Batch{Meta: next})
			busy = append(busy, cpuTime()-begin)
			if err == nil && c.Repos != int64(repos) {
				err = fmt.Errorf("expected a listing of %d repositories to be stored, got %+v", repos, c)
			}
			return err
		}, after: prepare})
		if err != nil {
			return err
		}
		if got, want := l.Table().NumRecords(), int64(repos)*int64(listingDays+stored-1); got != want {
			return fmt.Errorf("expected %d records to follow from %d listings, got %d", want, listingDays+stored, got)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("store a listing of %d repositories, %d days of them stored before", repos, listingDays)
	v := atMost(what, 1, t[0].median.Seconds(), "s")
	v.ours = t[0].String()
	slices.Sort(busy)
	return []verdict{v, atMost("the same, processor time", 1, busy[len(busy)/2].Seconds(), "s")}, nil
}
