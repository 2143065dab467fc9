// Package migrate moves a history from one store to another, with all that is known of
// it, and compares the two afterwards.
package migrate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// DefaultBatch is about how many records an append has, which lie in memory.
const DefaultBatch = 4_000_000

// Options say how a history is moved.
type Options struct {
	// After is the repository up to which everything was moved before, nil for none.
	After *history.Repo
	// Batch is about how many records an append has, 0 for DefaultBatch.
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
	b := batch{to: to, moved: o.Moved, meta: meta}
	for rows, err := range from.Records(ctx, history.RecordsQuery{Order: history.OrderRepo, Versions: true}) {
		if err != nil {
			return err
		}
		for i, end := 0, 0; i < rows.Len(); i = end {
			for end = i + 1; end < rows.Len() && rows.Repo[end] == rows.Repo[i]; {
				end++
			}
			repo := rows.Repos[rows.Repo[i]].Repo
			if o.After != nil && repo.Compare(*o.After) <= 0 {
				continue
			}
			if n := len(b.repos); n > 0 && b.repos[n-1].Repo != repo && b.records >= o.Batch {
				if err := b.append(ctx, after(b.meta, b.repos[n-1].Repo)); err != nil {
					return err
				}
			}
			b.add(repo, rows, i, end)
		}
	}
	return b.append(ctx, len(b.meta))
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
	return fmt.Errorf("expected an empty history to move to, or a part of the one that is moved, got one with %d other repositories, %s among them",
		len(others), strings.Join(others[:min(most, len(others))], ", "))
}

// batch gathers the records of whole repositories for one append.
type batch struct {
	to    history.Appender
	moved func(history.Repo, int) error
	meta  []history.RepoMeta // of the repositories that were not appended yet

	repos   []history.RepoTotal
	blocks  []history.Rows
	records int64
}

// add copies the rows i to end, which are of one repository.
func (b *batch) add(repo history.Repo, rows *history.Rows, i, end int) {
	if n := len(b.repos); n == 0 || b.repos[n-1].Repo != repo {
		b.repos = append(b.repos, history.RepoTotal{Repo: repo, Total: history.Unknown})
	}
	if n := len(b.blocks); n == 0 || b.blocks[n-1].Version != rows.Version || b.blocks[n-1].Len() >= history.BlockRows {
		b.blocks = append(b.blocks, history.Rows{Version: rows.Version})
	}
	block := &b.blocks[len(b.blocks)-1]
	for ; i < end; i++ {
		block.Append(uint32(len(b.repos)-1), rows.Day[i], rows.Downloads[i])
		b.records++
	}
}

// append stores what was gathered, with the first n of b.meta.
func (b *batch) append(ctx context.Context, n int) error {
	rows := func(yield func(*history.Rows, error) bool) {
		for i := range b.blocks {
			b.blocks[i].Repos = b.repos
			if !yield(&b.blocks[i], nil) {
				return
			}
		}
	}
	if _, err := b.to.Append(ctx, history.Batch{Rows: rows, Meta: b.meta[:n]}); err != nil {
		return err
	}
	if b.moved != nil && n > 0 {
		if err := b.moved(b.meta[n-1].Repo, n); err != nil {
			return err
		}
	}
	b.meta, b.repos, b.blocks, b.records = b.meta[n:], nil, nil, 0
	return nil
}
