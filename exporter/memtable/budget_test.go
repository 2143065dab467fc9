package memtable

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// counting notes how many rows of a stream were taken.
func counting(rows history.RowSeq, taken *int64) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for r, err := range rows {
			if r != nil {
				*taken += int64(r.Len())
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func TestBuildWithin(t *testing.T) {
	// Many more rows than are under way between reading and weighing.
	const repos, days = 1200, 1000
	f := func(what string, rows history.RowSeq, perRow float64) {
		t.Helper()
		free, err := Build(context.Background(), rows, nil)
		if err != nil {
			t.Fatal(err)
		}
		var taken int64
		most := int64(perRow * float64(free.NumRecords()))
		table, err := BuildLimited(context.Background(), counting(rows, &taken), nil, most)
		if err != nil {
			t.Fatalf("%s: expected %d bytes to be enough, got %v", what, most, err)
		}
		if taken != free.NumRecords() || table.NumRecords() != free.NumRecords() || table.MemoryBytes() != free.MemoryBytes() {
			t.Errorf("%s: expected the table that is built without a bound, got one of %d records in %d bytes", what, table.NumRecords(), table.MemoryBytes())
		}
		for _, part := range []int64{4, 20} {
			taken = 0
			_, err = BuildLimited(context.Background(), counting(rows, &taken), nil, free.MemoryBytes()/part)
			e, ok := errors.AsType[*history.MemoryError](err)
			if !ok || e.Most != free.MemoryBytes()/part || e.Rows > taken || !strings.Contains(err.Error(), "bytes in memory") {
				t.Fatalf("%s: expected a *history.MemoryError, got %v", what, err)
			}
			if e.Rows > free.NumRecords()*2/part {
				t.Errorf("%s, a %dth of what it takes: expected at most two such parts of its rows to be added, got %d of %d", what, part, e.Rows, free.NumRecords())
			}
			// The end of the input is not waited for: besides the blocks that wait,
			// one is at hand on either side.
			if ahead := int64(maxQueued+2) * history.BlockRows; taken > e.Rows+ahead {
				t.Errorf("%s, a %dth of what it takes: expected at most %d rows to be read after the %d that were too many, got %d", what, part, ahead, e.Rows, taken-e.Rows)
			}
		}
	}
	f("by repo", synthetic.Rows(synthetic.Options{Repos: repos, Days: days, Seed: 1, Order: history.OrderRepo}), 4)
	f("by day", synthetic.Rows(synthetic.Options{Repos: repos, Days: days, Seed: 1, Order: history.OrderTime}), 10)
}

// Days far apart take ten times as much once they are packed as while they are
// read.
func TestBuildWithinOfScatteredDays(t *testing.T) {
	var records []history.Record
	for i := range 3000 {
		for d := range 5 {
			records = append(records, history.Record{
				Repo: history.Repo{Type: history.Model, Name: "acme/" + strings.Repeat("a", i%7) + string(rune('a'+i%26)) + string(rune(0x4e00+i))},
				Day:  history.Day(d * 640), Downloads: 1, Total: 5,
			})
		}
	}
	rows := history.RowsOf(history.Version{Source: history.Published, AsOf: 1}, records...)
	free, err := Build(context.Background(), rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := BuildLimited(context.Background(), rows, nil, free.MemoryBytes()*2); err != nil {
		t.Errorf("expected twice what it takes to be enough, got %v", err)
	}
	if _, err := BuildLimited(context.Background(), rows, nil, free.MemoryBytes()*9/10); !errors.As(err, new(*history.MemoryError)) {
		t.Errorf("expected a *history.MemoryError, got %v", err)
	}
}

// Many repositories of few rows are weighed as they come: few rows pass the limit.
func TestBuildWithinOfManyRepos(t *testing.T) {
	const most = 8 << 20
	endless := func(yield func(*history.Rows, error) bool) {
		r := history.Rows{Version: history.Version{Source: history.Published, AsOf: 1}}
		for n := 0; ; n++ {
			r.Repos = append(r.Repos, history.RepoTotal{Repo: history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/%07d", n)}, Total: 1})
			r.Append(uint32(n), 20_000, 1)
			if r.Len() == history.BlockRows {
				if !yield(&r, nil) {
					return
				}
				r.Reset()
			}
		}
	}
	_, err := BuildBatch(context.Background(), history.Batch{Rows: endless, MaxBytes: most})
	e, ok := errors.AsType[*history.MemoryError](err)
	if !ok || e.Most != most || e.Rows < 1000 || e.Rows > most/512+history.BlockRows {
		t.Errorf("got %+v, %v", e, err)
	}
}
