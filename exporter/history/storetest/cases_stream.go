package storetest

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// longQueries are queries over manyRecords whose answers take several blocks.
var longQueries = []history.RecordsQuery{
	{},
	{Order: history.OrderRepo},
	{Stored: true},
	{Order: history.OrderRepo, Period: between("2022-01-01", "2024-12-31"), Filter: history.Filter{Search: "acme"}},
}

// long fills a store with manyRecords.
func long(p *probe) {
	p.Helper()
	p.addBatch(history.Batch{Rows: history.RowsOf(published(1), manyRecords()...)})
}

var streamCases = []testCase{
	{"a stream that is broken off", func(p *probe) {
		long(p)
		for _, q := range longQueries {
			r := streamReader{versions: q.Stored}
			for rows, err := range p.store.Records(p.Context(), q) {
				r.block(p.T, rows, err)
				break
			}
			if r.err != nil || len(r.records) == 0 {
				p.Errorf("Records(%+v): expected a block, got %d records and the error %v", q, len(r.records), r.err)
			}
			// The store goes on as before.
			all, _ := p.records(q)
			if !slices.Equal(all[:len(r.records)], r.records) {
				p.Errorf("Records(%+v): the first block is not the beginning of the answer", q)
			}
			p.wantChange(p.add(published(1), "model acme/00 0 2022-01-01 0"), isUnchanged)
		}
	}},

	{"a stream shows the state of when it began", func(p *probe) {
		for _, q := range longQueries {
			p := p.another()
			long(p)
			want := versionedLines(p.records(q))

			r := streamReader{versions: q.Stored}
			next, stop := iter.Pull2(p.store.Records(p.Context(), q))
			rows, err, ok := next()
			if !ok || err != nil {
				p.Fatalf("Records(%+v): expected a block, got the error %v", q, err)
			}
			r.block(p.T, rows, err)
			// Every record changes, and some come between.
			var newer []history.Record
			for _, rec := range manyRecords() {
				rec.Downloads, rec.Total = rec.Downloads+1, rec.Total+1
				newer = append(newer, rec)
				rec.Repo.Name += "x"
				newer = append(newer, rec)
			}
			p.addBatch(history.Batch{Rows: history.RowsOf(published(2), newer...)})
			for {
				rows, err, ok := next()
				if !ok {
					break
				}
				r.block(p.T, rows, err)
			}
			stop()
			if r.err != nil {
				p.Fatalf("Records(%+v): %v", q, r.err)
			}
			p.sameLines("the records while others were appended", versionedLines(r.records, r.of), want)
			if after, _ := p.records(q); len(after) != 2*len(want) {
				p.Errorf("Records(%+v) after the append: expected %d records, got %d", q, 2*len(want), len(after))
			}
		}
	}},

	{"streams side by side", func(p *probe) {
		long(p)
		want := versionedLines(p.records(history.RecordsQuery{}))
		nextA, stopA := iter.Pull2(p.store.Records(p.Context(), history.RecordsQuery{}))
		defer stopA()
		nextB, stopB := iter.Pull2(p.store.Records(p.Context(), history.RecordsQuery{}))
		defer stopB()
		var a, b streamReader
		take := func(r *streamReader, next func() (*history.Rows, error, bool)) bool {
			rows, err, ok := next()
			if ok {
				r.block(p.T, rows, err)
			}
			return ok
		}
		for {
			moreA, moreB := take(&a, nextA), take(&b, nextB)
			if !moreA && !moreB {
				break
			}
		}
		p.sameLines("the first of two streams", recordLines(a.records), want)
		p.sameLines("the second of two streams", recordLines(b.records), want)
	}},

	{"a stream that is cancelled", func(p *probe) {
		long(p)
		for _, q := range longQueries {
			all, _ := p.records(q)
			ctx, cancel := context.WithCancel(p.Context())
			r := streamReader{versions: q.Stored}
			for rows, err := range p.store.Records(ctx, q) {
				r.block(p.T, rows, err)
				cancel()
			}
			cancel()
			// It may not end early as if that were all.
			if !errors.Is(r.err, context.Canceled) {
				p.Errorf("Records(%+v): expected a cancelled stream to say so, got %d of %d records and the error %v",
					q, len(r.records), len(all), r.err)
			}
		}
	}},

	{"cancelled queries", func(p *probe) {
		p.add(published(1), sixRows...)
		ctx, cancel := context.WithCancel(p.Context())
		cancel()
		if _, err := history.Collect(p.store.Records(ctx, history.RecordsQuery{})); !errors.Is(err, context.Canceled) {
			p.Errorf("Records: expected a cancelled query to say so, got %v", err)
		}
		if _, err := p.store.Overview(ctx, history.OverviewQuery{}); !errors.Is(err, context.Canceled) {
			p.Errorf("Overview: expected a cancelled query to say so, got %v", err)
		}
		if _, err := p.store.Repos(ctx, history.ReposQuery{}); !errors.Is(err, context.Canceled) {
			p.Errorf("Repos: expected a cancelled query to say so, got %v", err)
		}
		p.wantRecords(history.RecordsQuery{}, sixRows...)
	}},
}
