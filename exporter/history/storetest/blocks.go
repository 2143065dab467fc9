package storetest

import (
	"math"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// block is a block of an input: rows of one version on consecutive lines.
type block struct {
	version history.Version
	// line is that of the first row, 0 for rows without lines.
	line    int64
	records []history.Record
}

// rows returns a block of record lines, as read from line 2 of a text on.
func rows(v history.Version, lines ...string) block {
	b := block{version: v, line: 2}
	for _, l := range lines {
		b.records = append(b.records, record(l))
	}
	return b
}

// stream returns the blocks as one stream. After each of them its memory is used
// for something else, as readers of files do: only the dictionary may be kept.
func stream(blocks ...block) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		r := new(history.Rows)
		index := make(map[history.Repo]uint32)
		for _, b := range blocks {
			r.Reset()
			r.Version, r.FirstLine = b.version, b.line
			for _, rec := range b.records {
				i, ok := index[rec.Repo]
				if !ok {
					i = uint32(len(r.Repos))
					index[rec.Repo] = i
					r.Repos = append(r.Repos, history.RepoTotal{Repo: rec.Repo, Total: rec.Total})
				}
				r.Append(i, rec.Day, rec.Downloads)
			}
			if !yield(r, nil) {
				return
			}
			for i := range r.Repo {
				r.Repo[i], r.Day[i], r.Downloads[i] = math.MaxUint32, history.NoDay, math.MinInt64
			}
			r.Version = history.Version{Source: history.Published, AsOf: math.MaxInt64}
		}
	}
}

// endingWith returns a stream that ends with an error after the blocks.
func endingWith(err error, blocks ...block) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for r, e := range stream(blocks...) {
			if !yield(r, e) {
				return
			}
		}
		yield(nil, err)
	}
}
