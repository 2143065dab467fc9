// Package migrate moves a history from one store to another, with all that is known of
// it, and compares the two afterwards.
package migrate

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// DefaultBatch is about how many records and readings an append has, which lie in memory.
const DefaultBatch = 4_000_000

// Options say how a history is moved.
type Options struct {
	// After is the repository up to which everything was moved before, nil for none.
	After *history.Repo
	// Batch is about how many records and readings an append has, 0 for DefaultBatch.
	Batch int64
	// Moved is called after an append, with the last repository in it and how many
	// there were. An error ends the run. nil: nothing is called.
	Moved func(last history.Repo, repos int) error
}

// Copy stores what from has in to, repository by repository. Both merge, so that it may
// be run again, and from may have changed in between.
func Copy(ctx context.Context, from, to history.Appender, o Options) error {
	if o.Batch == 0 {
		o.Batch = DefaultBatch
	}
	meta, err := allMeta(ctx, from)
	if err != nil {
		return err
	}
	if err := checkPart(ctx, meta, to); err != nil {
		return err
	}
	if o.After != nil {
		meta = meta[after(meta, *o.After):]
	}
	rows, stop := iter.Pull2(from.Records(ctx, history.RecordsQuery{Order: history.OrderRepo, Stored: true}))
	defer stop()
	readings, stopReadings := iter.Pull2(from.Readings(ctx, history.ReadingsQuery{}))
	defer stopReadings()
	b := batch{to: to, moved: o.Moved, rows: rows, nextReading: readings}
	for i := range meta {
		if err := b.add(&meta[i]); err != nil {
			return err
		}
		if b.size >= o.Batch {
			if err := b.append(ctx); err != nil {
				return err
			}
		}
	}
	return b.append(ctx)
}

// allMeta returns what is known of each repository besides its days.
func allMeta(ctx context.Context, s history.Appender) ([]history.RepoMeta, error) {
	var out []history.RepoMeta
	for m, err := range s.Meta(ctx, history.MetaQuery{}) {
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func find(meta []history.RepoMeta, r history.Repo) (int, bool) {
	return slices.BinarySearchFunc(meta, r, func(m history.RepoMeta, r history.Repo) int { return m.Repo.Compare(r) })
}

// after returns the index of the first repository that comes after r.
func after(meta []history.RepoMeta, r history.Repo) int {
	i, found := find(meta, r)
	if found {
		i++
	}
	return i
}

// checkPart returns an error if a store knows repositories that are not among those of
// meta: two histories would become one.
func checkPart(ctx context.Context, meta []history.RepoMeta, to history.Appender) error {
	stored, err := allMeta(ctx, to)
	if err != nil {
		return err
	}
	var others []string
	for _, m := range stored {
		if _, found := find(meta, m.Repo); !found {
			others = append(others, m.Repo.String())
		}
	}
	if len(others) == 0 {
		return nil
	}
	const most = 3
	return fmt.Errorf("expected an empty target history, or a part of the source, got one with %d other repositories, including %s",
		len(others), strings.Join(others[:min(most, len(others))], ", "))
}

// batch gathers what is known of whole repositories for one append.
type batch struct {
	to    history.Appender
	moved func(history.Repo, int) error

	// rows and nextReading return what comes next of the history that is moved. block is what
	// is left of a block, from row at on, and reading one that is not added yet.
	rows        func() (*history.Rows, error, bool)
	nextReading func() (history.Reading, error, bool)
	block       *history.Rows
	at          int
	reading     *history.Reading

	meta     []history.RepoMeta
	repos    []history.RepoTotal
	blocks   []history.Rows
	readings []history.Reading
	size     int64
}

// add adds all that is known of a repository. What comes before it is passed over: it was
// moved before, or was not known yet.
func (b *batch) add(m *history.RepoMeta) error {
	for {
		if b.block == nil || b.at == b.block.Len() {
			rows, err, ok := b.rows()
			if err != nil {
				return err
			}
			if !ok {
				b.block, b.at = nil, 0
				break
			}
			b.block, b.at = rows, 0
			continue
		}
		c := b.block.Repos[b.block.Repo[b.at]].Repo.Compare(m.Repo)
		if c > 0 {
			break
		}
		end := b.at + 1
		for end < b.block.Len() && b.block.Repo[end] == b.block.Repo[b.at] {
			end++
		}
		if c == 0 {
			b.addRows(m.Repo, b.block, b.at, end)
		}
		b.at = end
	}
	some := false
	for {
		if b.reading == nil {
			r, err, ok := b.nextReading()
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			b.reading = &r
		}
		c := b.reading.Repo.Compare(m.Repo)
		if c > 0 {
			break
		}
		if c == 0 {
			b.readings = append(b.readings, *b.reading)
			b.size++
			some = true
		}
		b.reading = nil
	}
	b.meta = append(b.meta, *m)
	if some {
		// The readings have the total, and say where it is from.
		added := &b.meta[len(b.meta)-1]
		added.Total, added.TotalAsOf = history.Unknown, 0
	}
	return nil
}

// addRows copies the rows i to end, which are of one repository.
func (b *batch) addRows(repo history.Repo, rows *history.Rows, i, end int) {
	if n := len(b.repos); n == 0 || b.repos[n-1].Repo != repo {
		b.repos = append(b.repos, history.RepoTotal{Repo: repo, Total: history.Unknown})
	}
	if n := len(b.blocks); n == 0 || b.blocks[n-1].Version != rows.Version || b.blocks[n-1].Len() >= history.BlockRows {
		b.blocks = append(b.blocks, history.Rows{Version: rows.Version})
	}
	block := &b.blocks[len(b.blocks)-1]
	for ; i < end; i++ {
		block.Append(uint32(len(b.repos)-1), rows.Day[i], rows.Downloads[i])
		b.size++
	}
}

// append stores what was gathered, if that is anything.
func (b *batch) append(ctx context.Context) error {
	if len(b.meta) == 0 {
		return nil
	}
	rows := func(yield func(*history.Rows, error) bool) {
		for i := range b.blocks {
			b.blocks[i].Repos = b.repos
			if !yield(&b.blocks[i], nil) {
				return
			}
		}
	}
	readings := func(yield func(history.Reading, error) bool) {
		for _, r := range b.readings {
			if !yield(r, nil) {
				return
			}
		}
	}
	if _, err := b.to.Append(ctx, history.Batch{Rows: rows, Meta: b.meta, Readings: readings}); err != nil {
		return err
	}
	if n := len(b.meta); b.moved != nil {
		if err := b.moved(b.meta[n-1].Repo, n); err != nil {
			return err
		}
	}
	b.meta, b.repos, b.blocks, b.readings, b.size = b.meta[:0], nil, b.blocks[:0], b.readings[:0], 0
	return nil
}
