// Package apitest has the stores that tests of the API's two sides ask.
package apitest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// Published is the version of the records that StoreOf stores.
var Published = history.Version{Source: history.Published, AsOf: 1}

// ErrSecret is an error of a store that clients must not see.
var ErrSecret = errors.New("dial http://user:hunter2@db:8480: refused")

// SixRows are the records of the Hub's own documentation.
func SixRows() []history.Record {
	model := history.Repo{Type: history.Model, Name: "huggingface/CodeBERTa-small-v1"}
	dataset := history.Repo{Type: history.Dataset, Name: "huggingface/documentation-images"}
	return []history.Record{
		{Repo: model, Total: 4362460, Day: 18649, Downloads: 4},
		{Repo: model, Total: 4362460, Day: 18650, Downloads: 7},
		{Repo: model, Total: 4362460, Day: 18651, Downloads: 2},
		{Repo: dataset, Total: 2167284, Day: 18958, Downloads: 3},
		{Repo: dataset, Total: 2167284, Day: 18959, Downloads: 18},
		{Repo: dataset, Total: 2167284, Day: 18960, Downloads: 7},
	}
}

// SixRowsCSV is the Hub's CSV of SixRows.
const SixRowsCSV = `repoType,repoName,total,timestamp,downloads
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-22T00:00:00.000Z,4
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-23T00:00:00.000Z,7
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-24T00:00:00.000Z,2
dataset,huggingface/documentation-images,2167284,2021-11-27T00:00:00.000Z,3
dataset,huggingface/documentation-images,2167284,2021-11-28T00:00:00.000Z,18
dataset,huggingface/documentation-images,2167284,2021-11-29T00:00:00.000Z,7
`

// StoreOf returns a store that holds the records and what is known of repositories.
func StoreOf(t testing.TB, records []history.Record, meta ...history.RepoMeta) *memtable.Store {
	t.Helper()
	s := memtable.NewStore()
	b := history.Batch{Rows: history.RowsOf(Published, records...), Meta: meta}
	if _, err := s.Append(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	return s
}

// Synthetic yields n rows over the given number of repositories, by time, and
// then err if it is not nil.
func Synthetic(repos int, n int64, err error) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rows := &history.Rows{}
		for i := range repos {
			rows.Repos = append(rows.Repos, history.RepoTotal{
				Repo:  history.Repo{Type: history.Model, Name: fmt.Sprintf("organization/some-model-%06d", i)},
				Total: int64(i) * 1000,
			})
		}
		day, repo := history.Day(0), 0
		for left := n; left > 0; left-- {
			rows.Append(uint32(repo), day, int64(repo)*7919%10007)
			if repo++; repo == repos {
				repo, day = 0, day+1
			}
			if rows.Len() == history.BlockRows || left == 1 {
				if !yield(rows, nil) {
					return
				}
				rows.Reset()
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// BenchRows is the number of rows of BenchStore.
const BenchRows = 1_000_000

// BenchStore holds 2,000 repositories with 500 days each.
func BenchStore(b testing.TB) *memtable.Store {
	b.Helper()
	s := memtable.NewStore()
	rows := func(yield func(*history.Rows, error) bool) {
		for block, err := range Synthetic(2000, BenchRows, nil) {
			if err != nil {
				yield(nil, err)
				return
			}
			block.Version = Published
			if !yield(block, nil) {
				return
			}
		}
	}
	if _, err := s.Append(context.Background(), history.Batch{Rows: rows}); err != nil {
		b.Fatal(err)
	}
	return s
}

// Failing is a reader whose answers are errors, or fakes where set.
type Failing struct {
	Err       error
	Rows      func(ctx context.Context, q history.RecordsQuery) history.RowSeq
	Overviews history.Overview
}

// Streaming returns a reader whose records are seq.
func Streaming(seq history.RowSeq) Failing {
	return Failing{Rows: func(context.Context, history.RecordsQuery) history.RowSeq { return seq }}
}

// Overview implements history.Reader.
func (f Failing) Overview(context.Context, history.OverviewQuery) (history.Overview, error) {
	return f.Overviews, f.Err
}

// Repos implements history.Reader.
func (f Failing) Repos(context.Context, history.ReposQuery) (history.ReposPage, error) {
	return history.ReposPage{}, f.Err
}

// Counts implements history.Reader.
func (f Failing) Counts(context.Context, history.Filter) iter.Seq2[history.Counts, error] {
	return func(yield func(history.Counts, error) bool) { yield(history.Counts{}, f.Err) }
}

// Records implements history.Reader.
func (f Failing) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	if f.Rows != nil {
		return f.Rows(ctx, q)
	}
	return func(yield func(*history.Rows, error) bool) { yield(nil, f.Err) }
}

// Readings implements history.Reader.
func (f Failing) Readings(context.Context, history.ReadingsQuery) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) { yield(history.Reading{}, f.Err) }
}
