package migrate

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
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
	// there were. An error ends the run. nil: nobody is told.
	Moved func(last history.Repo, repos int) error
}

// Copy stores what from has in to, repository by repository. Both merge, so that it may
// be run again, and from may have changed in between.
func Copy(ctx context.Context, from, to history.Appender, o Options) error {
	if o.Batch == 0 {
		o.Batch = DefaultBatch
	}
	states, err := allMeta(ctx, from)
	if err != nil {
		return err
	}
	if err := fits(ctx, states, to); err != nil {
		return err
	}
	if o.After != nil {
		at, found := slices.BinarySearchFunc(states, *o.After, byRepo)
		if found {
			at++
		}
		states = states[at:]
	}
	if len(states) == 0 {
		return nil
	}
	c := newCutter(from.Records(ctx, history.RecordsQuery{Order: history.OrderRepo, Versions: true}), o.After)
	defer c.stop()
	for len(states) > 0 {
		rows, err := memtable.Build(ctx, c.batch(o.Batch), nil)
		if err != nil {
			return err
		}
		n := len(states)
		if last, more := c.last(); more {
			at, found := slices.BinarySearchFunc(states, last, byRepo)
			if !found {
				return fmt.Errorf("expected something to be known of %s besides its records, got nothing", last)
			}
			n = at + 1
		}
		known, err := memtable.Build(ctx, nil, states[:n])
		if err != nil {
			return err
		}
		if _, err := to.Append(ctx, history.Batch{Table: rows.Union(known)}); err != nil {
			return err
		}
		if o.Moved != nil {
			if err := o.Moved(states[n-1].Repo, n); err != nil {
				return err
			}
		}
		states = states[n:]
	}
	return nil
}

// allMeta returns what is known of each repository besides its days, in the order of
// Repo.Compare.
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

func byRepo(s history.RepoMeta, r history.Repo) int { return s.Repo.Compare(r) }

// fits returns an error if a store knows repositories that are not among those of states:
// two histories would become one.
func fits(ctx context.Context, states []history.RepoMeta, to history.Appender) error {
	have, err := allMeta(ctx, to)
	if err != nil {
		return err
	}
	var others []string
	for _, s := range have {
		if _, found := slices.BinarySearchFunc(states, s.Repo, byRepo); !found {
			others = append(others, s.Repo.String())
		}
	}
	if len(others) == 0 {
		return nil
	}
	const most = 3
	return fmt.Errorf("expected an empty history to move to, or a part of the one that is moved, got one with %d other repositories, %s among them",
		len(others), strings.Join(others[:min(most, len(others))], ", "))
}

// cutter cuts a stream of OrderRepo into batches of whole repositories.
type cutter struct {
	next func() (*history.Rows, error, bool)
	stop func()

	rows *history.Rows // the block under way, nil at the end
	at   int
	err  error
	repo history.Repo // the last one that was taken
}

// newCutter leaves out the repositories up to after.
func newCutter(seq history.RowSeq, after *history.Repo) *cutter {
	c := new(cutter)
	c.next, c.stop = iter.Pull2(seq)
	c.block()
	for after != nil && c.rows != nil && c.current().Compare(*after) <= 0 {
		if c.at++; c.at == c.rows.Len() {
			c.block()
		}
	}
	return c
}

func (c *cutter) current() history.Repo { return c.rows.Repos[c.rows.Repo[c.at]].Repo }

// block goes to the next block that has rows.
func (c *cutter) block() {
	for c.rows, c.at = nil, 0; ; {
		rows, err, ok := c.next()
		if !ok || err != nil {
			c.err = err
			return
		}
		if rows.Len() > 0 {
			c.rows = rows
			return
		}
	}
}

// last returns the last repository that was taken, and whether there are more.
func (c *cutter) last() (history.Repo, bool) { return c.repo, c.rows != nil }

// batch streams the next repositories, until they have most records.
func (c *cutter) batch(most int64) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		var out history.Rows
		taken := int64(0)
		for c.rows != nil && (taken < most || c.current() == c.repo) {
			out.Reset()
			out.Version = c.rows.Version
			block, i := c.rows, c.at
			for ; i < block.Len(); i++ {
				if r := block.Repos[block.Repo[i]].Repo; r != c.repo {
					if taken >= most {
						break
					}
					c.repo = r
					out.Repos = append(out.Repos, history.RepoTotal{Repo: r, Total: history.Unknown})
				}
				out.Append(uint32(len(out.Repos)-1), block.Day[i], block.Downloads[i])
				taken++
			}
			if !yield(&out, nil) {
				return
			}
			if c.at = i; i == block.Len() {
				c.block()
			}
		}
		if c.err != nil {
			yield(nil, c.err)
		}
	}
}
