package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
)

const (
	// wholeHubRepos are the repositories of the Hub for each one of the export: 3 million.
	wholeHubRepos = 300
	// wholeHubDays is how long the oldest of them is there; their mean age is about a third
	// of it, so that they have 1.5 billion records.
	wholeHubDays = 1500
	// wholeHubParts is in how many appends their history is stored.
	wholeHubParts = 30
	// wholeHubSearch finds a tenth of them.
	wholeHubSearch = "7/m"
)

// runWholeHub keeps the whole Hub in one store: repositories with heavy-tailed ages and
// downloads, of many organizations, whose past comes by appends and whose present by
// listings.
func runWholeHub(b *bench) ([]verdict, error) {
	h := newWholeHub(b.repos * wholeHubRepos)
	dir := filepath.Join(b.scratch, "whole-hub")
	defer os.RemoveAll(dir)
	ctx := context.Background()
	before := heapLive()
	var held, stored, page, opened float64
	var records int64
	err := withStore(dir, func(l *localstore.Ledger) error {
		for part := range wholeHubParts {
			if _, err := l.Append(ctx, history.Batch{Rows: h.past(part)}); err != nil {
				return err
			}
			progress("  %d of %d parts", part+1, wholeHubParts)
		}
		for range 2 {
			listing := h.listing()
			begin := time.Now()
			if _, err := l.Append(ctx, history.Batch{Readings: listing}); err != nil {
				return err
			}
			stored = time.Since(begin).Seconds()
		}
		held = float64(heapLive() - before)
		records = l.Table().NumRecords()
		days := history.LastMonth
		q := history.ReposQuery{Filter: history.Filter{Search: wholeHubSearch}, Period: history.Period{Kind: days}, Limit: pageLimit, Trend: pageTrend}
		begin := time.Now()
		got, err := l.Repos(ctx, q)
		page = time.Since(begin).Seconds()
		if err == nil && (got.Matched == 0 || len(got.Rows) != min(pageLimit, got.Matched)) {
			err = fmt.Errorf("expected a page of up to %d repositories, got %d of %d", pageLimit, len(got.Rows), got.Matched)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	runtime.GC()
	begin := time.Now()
	err = withStore(dir, func(l *localstore.Ledger) error {
		opened = time.Since(begin).Seconds()
		if n := l.Table().NumRecords(); n != records {
			return fmt.Errorf("expected %d records after a restart, got %d", records, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	scale := float64(len(h.repos)) / (fullRepos * wholeHubRepos)
	size := fmt.Sprintf("%s repositories, %s records", millions(int64(len(h.repos))), millions(records))
	return []verdict{
		atMost("the whole Hub, "+size+": growth of the heap", 4*scale, held/1e9, "GB"),
		atMost("the same, for each record", 2.7, held/float64(records), "bytes"),
		atMost("the same: store a day's listing of all", 30*scale, stored, "s"),
		atMost("the same: first page of the table, with search and trend", 0.3*scale, page, "s"),
		atMost("the same: open the store", 60*scale, opened, "s"),
	}, nil
}

// wholeHub is a Hub of any size.
type wholeHub struct {
	repos []history.RepoTotal
	// ages are in days, levels what a repository has a day in the mean.
	ages   []int16
	levels []float32
	day    history.Day
	rng    *rand.Rand
}

func newWholeHub(repos int) *wholeHub {
	h := &wholeHub{
		repos: make([]history.RepoTotal, repos), ages: make([]int16, repos), levels: make([]float32, repos),
		day: 20_000, rng: rand.New(rand.NewPCG(seed, 3)),
	}
	org, left := 0, 0
	for i := range h.repos {
		if left == 0 { // most organizations have a few repositories, and few have thousands
			org, left = org+1, int(min(1/h.rng.Float64(), 20000))
		}
		left--
		name := "organization-" + strconv.Itoa(org) + "/Model-" + strconv.Itoa(i)
		h.repos[i] = history.RepoTotal{Repo: history.Repo{Type: history.Model, Name: name}, Total: history.Unknown}
		h.ages[i] = int16(1 + min(wholeHubDays-1, 560*h.rng.ExpFloat64()))
		h.levels[i] = float32(math.Exp(2.2*h.rng.NormFloat64() - 0.5))
	}
	return h
}

// downloads returns those of a day: most days of most repositories have none or few.
func (h *wholeHub) downloads(i int) int64 {
	return int64(float64(h.levels[i]) * h.rng.ExpFloat64())
}

// past returns the history of a part of the repositories.
func (h *wholeHub) past(part int) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rows := &history.Rows{Repos: h.repos, Version: history.Version{Source: history.Published, AsOf: history.AsOfTime(h.day.Time())}}
		for i := part; i < len(h.repos); i += wholeHubParts {
			total := int64(0)
			for d := h.day - history.Day(h.ages[i]); d < h.day; d++ {
				n := h.downloads(i)
				total += n
				if rows.Append(uint32(i), d, n); rows.Len() == history.BlockRows {
					if !yield(rows, nil) {
						return
					}
					rows.Reset()
				}
			}
			h.repos[i].Total = total
		}
		if rows.Len() > 0 {
			yield(rows, nil)
		}
	}
}

// listing returns what a listing of all repositories says a day later.
func (h *wholeHub) listing() history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		h.day++
		for i := range h.repos {
			r := &h.repos[i]
			r.Total += h.downloads(i)
			x := history.NewReading(r.Repo, listedAt(h.day), history.Listing, r.Total, int64(30*h.levels[i]), int64(i%50))
			x.HubID = fmt.Sprintf("%024x", i)
			if !yield(x, nil) {
				return
			}
		}
	}
}
