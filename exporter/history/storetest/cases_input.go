package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// refused appends a batch that must be refused as bad input, and returns its faults.
func (p *probe) refused(b history.Batch) *history.InputErrors {
	p.Helper()
	c, err := p.store.Append(p.Context(), b)
	var faults *history.InputErrors
	if !errors.As(err, &faults) {
		p.Fatalf("Append of bad input: expected an *InputErrors, got %v, %v", changeText(c), err)
	}
	return faults
}

// wantLines compares the lines that a fault names, in either order.
func (p *probe) wantLines(f *history.InputError, a, b int64) {
	p.Helper()
	if !(f.Line == a && f.OtherLine == b || f.Line == b && f.OtherLine == a) {
		p.Errorf("expected a fault of the lines %d and %d, got %d and %d: %v", a, b, f.Line, f.OtherLine, f)
	}
}

var inputCases = []testCase{
	{"equal rows collapse", func(p *probe) {
		c := p.add(published(1), sixRows[0], sixRows[1], sixRows[0], sixRows[0], sixRows[1])
		p.wantChange(c, history.Change{Records: 2, Repos: 1, Days: 2, New: 2})
		p.wantRecords(history.RecordsQuery{}, sixRows[0], sixRows[1])
		p.wantOverview(history.OverviewQuery{}, "type= org= repos=1 records=2 total=4362460 downloads=11 before=0")
	}},

	{"conflicting rows", func(p *probe) {
		p.add(published(1), sixRows...)
		before := p.everything()
		b := history.Batch{
			Rows: stream(
				rows(published(2), "model acme/a 9 2024-01-01 5", "model acme/b 9 2024-01-01 6"),
				block{version: published(2), line: 4, records: []history.Record{
					record("model acme/c 9 2024-01-01 7"),
					record("model acme/b 9 2024-01-01 8"),
				}},
			),
			Meta: []history.RepoMeta{told("model acme/d", 1, 1, 1, hour(2))},
		}
		faults := p.refused(b)
		if faults.Count != 1 || len(faults.Listed) != 1 {
			p.Fatalf("expected one fault, got %d: %v", faults.Count, faults)
		}
		p.wantLines(faults.Listed[0], 3, 5)
		p.sameLines("the history after a refused batch", p.everything(), before)
	}},

	{"conflicts in any order of rows", func(p *probe) {
		// One day of a repository amid others, far from each other and not.
		faults := p.refused(history.Batch{Rows: stream(rows(published(1),
			"model acme/a 9 2024-03-01 1", // line 2
			"model acme/a 9 2021-01-01 2",
			"model acme/b 9 2024-03-01 3",
			"model acme/a 9 2024-02-29 4",
			"model acme/a 9 2021-01-01 5", // against line 3
			"model acme/a 9 2024-03-02 6",
			"model acme/a 9 2024-03-01 7", // against line 2
		))})
		if faults.Count != 2 || len(faults.Listed) != 2 {
			p.Fatalf("expected two faults, got %d: %v", faults.Count, faults)
		}
		p.wantLines(faults.Listed[0], 3, 6)
		p.wantLines(faults.Listed[1], 2, 8)
		p.wantEmpty()
	}},

	{"conflicts of many rows", func(p *probe) {
		var lines []string
		for i := range 25 {
			lines = append(lines, fmt.Sprintf("model acme/a 9 2024-01-%02d 1", i+1))
		}
		for i := range 25 {
			lines = append(lines, fmt.Sprintf("model acme/a 9 2024-01-%02d 2", i+1))
		}
		faults := p.refused(history.Batch{Rows: stream(rows(published(1), lines...))})
		if faults.Count != 25 || len(faults.Listed) != 10 {
			p.Fatalf("expected 25 faults and ten of them listed, got %d and %d", faults.Count, len(faults.Listed))
		}
		for i, f := range faults.Listed {
			p.wantLines(f, int64(i+2), int64(i+27))
		}
		p.wantEmpty()
	}},

	{"conflicting rows without lines", func(p *probe) {
		b := rows(observed(1), "model acme/a ? 2024-01-01 5", "model acme/a ? 2024-01-01 6")
		b.line = 0
		faults := p.refused(history.Batch{Rows: stream(b)})
		if faults.Count != 1 {
			p.Fatalf("expected one fault, got %d", faults.Count)
		}
		p.wantLines(faults.Listed[0], 0, 0)
		p.wantEmpty()
	}},

	{"impossible rows", func(p *probe) {
		refused := func(day history.Day, downloads int64) {
			p.Helper()
			b := rows(published(1), "model acme/a 9 2024-01-01 5")
			b.records = append(b.records, history.Record{Repo: repo("model acme/b"), Total: 9, Day: day, Downloads: downloads})
			faults := p.refused(history.Batch{Rows: stream(b)})
			if faults.Count != 1 || faults.Listed[0].Line != 3 {
				p.Errorf("day %d, %d downloads: expected one fault, of line 3, got %v", day, downloads, faults)
			}
			p.wantEmpty()
		}
		refused(day("2024-01-01"), -1)
		refused(history.MinDay-1, 1)
		refused(history.MaxDay+1, 1)
		refused(history.NoDay, 1)
	}},

	{"an input that breaks off", func(p *probe) {
		p.add(published(1), sixRows...)
		before := p.everything()
		broken := errors.New("the line is dead")
		c, err := p.store.Append(p.Context(), history.Batch{
			Rows: endingWith(broken,
				rows(published(2), "model acme/a 9 2024-01-01 5"),
				rows(published(2), "model huggingface/CodeBERTa-small-v1 1 2021-01-22 1")),
			Meta: []history.RepoMeta{told("model acme/b", 1, 1, 1, hour(2))},
		})
		if !errors.Is(err, broken) {
			p.Errorf("expected the error of the input, got %v, %v", changeText(c), err)
		}
		p.sameLines("the history after a broken input", p.everything(), before)
		p.wantChange(p.add(published(2), "model acme/a 9 2024-01-01 5"), isNew)
	}},

	{"states that follow from the rows", func(p *probe) {
		p.add(published(1), "model acme/old 10 2024-01-01 1")
		lines := []string{"model acme/new 12 2024-01-01 1", "model acme/new 12 2024-01-02 2"}
		read := 0
		reads := readings(history.NewReading(repo("model acme/b"), hour(-24), history.Archive, history.Unknown, 1, 1))
		then := func(states []history.RepoMeta, err error) history.Batch {
			read = 0
			return history.Batch{
				Rows: func(yield func(*history.Rows, error) bool) {
					for r, err := range stream(rows(published(2), lines[0]), rows(published(2), lines[1])) {
						read++
						if !yield(r, err) {
							return
						}
					}
				},
				Then: func() (history.Batch, error) {
					if read != len(lines) {
						p.Errorf("expected to be asked for states after %d blocks, was asked after %d", len(lines), read)
					}
					p.wantNames(history.ReposQuery{}, "model acme/old")
					return history.Batch{Meta: states, Readings: reads}, err
				},
			}
		}
		before := p.everything()
		broken := errors.New("nothing follows")
		if _, err := p.store.Append(p.Context(), then(nil, broken)); !errors.Is(err, broken) {
			p.Errorf("expected the error of the states, got %v", err)
		}
		p.sameLines("the history after states that failed", p.everything(), before)
		p.addBatch(then([]history.RepoMeta{gone("model acme/old", "acme/new", hour(2)), told("model acme/b", 1, 1, 1, hour(2))}, nil))
		p.wantCounts(
			"model acme/b downloads=1 removed=0 last_month=1 likes=1",
			"model acme/new downloads=12 removed=0 last_month=3 likes=?")
		p.wantNames(history.ReposQuery{}, "model acme/new", "model acme/b")
		p.wantReadings(history.ReadingsQuery{Filter: history.Filter{Repos: []string{"acme/b"}}},
			"model acme/b 2025-05-31T00:00:00Z archive total=? last_month=1 likes=1",
			"model acme/b 2025-06-01T02:00:00Z listing total=1 last_month=1 likes=1")
	}},

	{"a cancelled append", func(p *probe) {
		ctx, cancel := context.WithCancel(p.Context())
		cancel()
		_, err := p.store.Append(ctx, history.Batch{Rows: stream(rows(published(1), sixRows...))})
		if !errors.Is(err, context.Canceled) {
			p.Errorf("expected a cancelled append to say so, got %v", err)
		}
		p.wantEmpty()
	}},

	{"an append cancelled on its way", func(p *probe) {
		ctx, cancel := context.WithCancel(p.Context())
		defer cancel()
		_, err := p.store.Append(ctx, history.Batch{Rows: func(yield func(*history.Rows, error) bool) {
			i := 0
			for r, e := range stream(rows(published(1), sixRows[0]), rows(published(1), sixRows[1]), rows(published(1), sixRows[2])) {
				if i++; i == 2 {
					cancel()
				}
				if !yield(r, e) {
					return
				}
			}
		}})
		if !errors.Is(err, context.Canceled) {
			p.Errorf("expected a cancelled append to say so, got %v", err)
		}
		p.wantEmpty()
	}},
}
