package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	writers     = 3
	writerRepos = 5
)

// writerBatch is batch n of a writer: one day of its organization's repositories,
// a download each, and their totals.
func writerBatch(writer, n int) block {
	b := block{version: published(n)}
	for i := range writerRepos {
		b.records = append(b.records, history.Record{
			Repo:      history.Repo{Type: history.Model, Name: fmt.Sprintf("w%d/%d", writer, i)},
			Total:     int64(n + 1),
			Day:       day("2024-01-01") + history.Day(n),
			Downloads: 1,
		})
	}
	return b
}

var concurrentCases = []testCase{
	{"appends are seen whole", func(p *probe) {
		var done atomic.Bool
		var writing, reading sync.WaitGroup
		for w := range writers {
			writing.Go(func() {
				for n := range p.sizes.batches {
					if _, err := p.store.Append(p.Context(), history.Batch{Rows: stream(writerBatch(w, n))}); err != nil {
						p.Errorf("Append beside others: %v", err)
					}
				}
			})
		}
		for _, look := range []func(*probe){seeOverview, seeRepos, seeRecords} {
			reading.Go(func() {
				for last := false; !last; {
					last = done.Load()
					look(p)
				}
			})
		}
		writing.Wait()
		done.Store(true)
		reading.Wait()

		var want []string
		for w := range writers {
			want = append(want, fmt.Sprintf("type= org=w%d repos=5 records=%[2]d total=%[2]d downloads=%[2]d before=0", w, writerRepos*p.sizes.batches))
		}
		p.wantOverview(history.OverviewQuery{ByOrg: true}, want...)
	}},

	{"appends to the same repository side by side", func(p *probe) {
		// In each round every writer has a day of its own, and all tell a number for
		// another day.
		rounds := p.sizes.rounds
		contested := day("2023-12-31")
		for n := range rounds {
			var writing sync.WaitGroup
			for w := range 4 {
				age := n*4 + w
				writing.Go(func() {
					b := block{version: published(age), records: []history.Record{
						{Repo: repo("model acme/a"), Total: int64(age), Day: day("2024-01-01") + history.Day(age), Downloads: 1},
						{Repo: repo("model acme/a"), Total: int64(age), Day: contested, Downloads: int64(1000 - age)},
					}}
					if _, err := p.store.Append(p.Context(), history.Batch{Rows: stream(b)}); err != nil {
						p.Errorf("Append beside others: %v", err)
					}
				})
			}
			writing.Wait()
		}
		// None is lost, and the newest won, which has the largest total.
		n := 4 * rounds
		p.wantOverview(history.OverviewQuery{}, fmt.Sprintf("type= org= repos=1 records=%d total=%d downloads=1001 before=0", n+1, n-1))
		p.wantRecords(history.RecordsQuery{Period: history.RangeOf(contested, contested)}, fmt.Sprintf("model acme/a %d 2023-12-31 %d", n-1, 1001-n))
	}},
}

// seeOverview checks that no batch is seen in part.
func seeOverview(p *probe) {
	o, err := p.store.Overview(p.Context(), history.OverviewQuery{ByOrg: true})
	if err != nil {
		p.Errorf("Overview beside appends: %v", err)
	}
	for _, g := range o.Groups {
		if g.Repos != writerRepos || g.Records%writerRepos != 0 || g.Downloads != g.Records || g.Total != g.Records {
			p.Errorf("Overview shows part of an append: %+v", g)
		}
	}
}

func seeRepos(p *probe) {
	page, err := p.store.Repos(p.Context(), history.ReposQuery{Sort: history.SortName, Ascending: true})
	if err != nil {
		p.Errorf("Repos beside appends: %v", err)
	}
	if len(page.Rows)%writerRepos != 0 || page.Matched != len(page.Rows) {
		p.Errorf("Repos shows part of an append: %d rows, %d matched", len(page.Rows), page.Matched)
	}
	for i, r := range page.Rows {
		first := page.Rows[i/writerRepos*writerRepos]
		if r.Downloads != first.Downloads || r.Total != first.Total || r.Total != r.Downloads {
			p.Errorf("Repos shows part of an append: %+v beside %+v", r, first)
		}
	}
}

func seeRecords(p *probe) {
	records, err := history.Collect(p.store.Records(p.Context(), history.RecordsQuery{}))
	if err != nil {
		p.Errorf("Records beside appends: %v", err)
	}
	seen := make(map[string]int64)
	for i, r := range records {
		seen[r.Repo.Org()]++
		if i > 0 && byTime(records[i-1], r) >= 0 {
			p.Errorf("Records are out of order beside appends: %s after %s", recordLine(r), recordLine(records[i-1]))
		}
	}
	for _, r := range records {
		if n := seen[r.Repo.Org()]; n != r.Total*writerRepos {
			p.Errorf("Records show part of an append: %s among %d records", recordLine(r), n)
			return
		}
	}
}
