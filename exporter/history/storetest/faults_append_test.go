package storetest

import (
	"cmp"
	"context"
	"runtime"
	"sync/atomic"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// appendFaults are those of taking in.
var appendFaults = map[string]fault{
	"what arrives last wins": {func(b *broken) {
		n := 0
		b.append = rewriting(b, func(v history.Version) history.Version {
			n++
			return published(n)
		})
	}, []string{"an older number after a newer one is outdated", "the order of arrival does not matter", "random histories"}},

	"sources are all the same": {func(b *broken) {
		b.append = rewriting(b, func(v history.Version) history.Version {
			return history.Version{Source: history.Published, AsOf: v.AsOf}
		})
	}, []string{"published beats observed beats estimated"}},

	"ages are cut to whole seconds": {func(b *broken) {
		b.append = rewriting(b, func(v history.Version) history.Version {
			return history.Version{Source: v.Source, AsOf: v.AsOf / 1e6 * 1e6}
		})
	}, []string{"ages to the microsecond"}},

	"what is known already is not looked at": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			batch.Rows = filtered(batch.Rows, func(r history.Record, _ history.Version) bool {
				same, _ := history.Collect(b.Model.Records(ctx, history.RecordsQuery{
					Filter: history.Filter{Repos: []string{r.Repo.Name}, RepoTypes: []history.RepoType{r.Repo.Type}},
					Period: history.RangeOf(r.Day, r.Day),
				}))
				return len(same) == 0 || same[0].Downloads != r.Downloads
			})
			return b.Model.Append(ctx, batch)
		}
	}, []string{"a number told again is of its newest age", "a replay changes nothing", "random histories"}},

	"contradictions are settled silently": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			faults := make(conflicts)
			batch.Rows = filtered(batch.Rows, func(r history.Record, v history.Version) bool {
				return faults.check(r, v, 0) == nil
			})
			return b.Model.Append(ctx, batch)
		}
	}, []string{"conflicting rows", "conflicts in any order of rows", "conflicting rows without lines", "random histories"}},

	"states that follow from the rows are forgotten": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			batch.Then = nil
			return b.Model.Append(ctx, batch)
		}
	}, []string{"states that follow from the rows"}},

	"states that follow from the rows are asked for first": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			if batch.Then == nil {
				return b.Model.Append(ctx, batch)
			}
			more, err := batch.Then()
			if err != nil {
				return history.Change{}, err
			}
			batch.Then, batch.Meta = nil, append(batch.Meta, more.Meta...)
			return b.Model.Append(ctx, batch)
		}
	}, []string{"states that follow from the rows"}},

	"a broken input is kept as far as it came": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			var failed error
			rows := batch.Rows
			if rows != nil {
				batch.Rows = func(yield func(*history.Rows, error) bool) {
					for r, err := range rows {
						if failed = err; err != nil || !yield(r, nil) {
							return
						}
					}
				}
			}
			c, err := b.Model.Append(ctx, batch)
			return c, cmp.Or(err, failed)
		}
	}, []string{"an input that breaks off"}},

	"blocks are kept instead of copied": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			var kept []*history.Rows
			if batch.Rows != nil {
				for r, err := range batch.Rows {
					if err != nil {
						return history.Change{}, err
					}
					kept = append(kept, r)
				}
			}
			batch.Rows = func(yield func(*history.Rows, error) bool) {
				for _, r := range kept {
					if !yield(r, nil) {
						return
					}
				}
			}
			return b.Model.Append(ctx, batch)
		}
	}, []string{"six rows"}},

	"a replay counts as a change": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			c, err := b.Model.Append(ctx, batch)
			c.Changed, c.Unchanged = c.Changed+c.Unchanged, 0
			return c, err
		}
	}, []string{"a replay changes nothing", "random histories"}},

	"a batch goes in by halves": {func(b *broken) {
		var asked atomic.Int64
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			records, err := history.Collect(batch.Rows)
			if err != nil {
				return history.Change{}, err
			}
			half := len(records) / 2
			if _, err := b.Model.Append(ctx, history.Batch{Rows: history.RowsOf(published(1), records[:half]...)}); err != nil {
				return history.Change{}, err
			}
			// Someone asks until the last append is over: let one question pass.
			for n := asked.Load(); asked.Load() < n+2; {
				runtime.Gosched()
			}
			return b.Model.Append(ctx, history.Batch{Rows: history.RowsOf(published(1), records[half:]...)})
		}
		b.overview = func(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
			defer asked.Add(1)
			return b.Model.Overview(ctx, q)
		}
	}, []string{"appends are seen whole"}},
}

// rewriting returns an append with another version for each block.
func rewriting(b *broken, version func(history.Version) history.Version) func(context.Context, history.Batch) (history.Change, error) {
	return func(ctx context.Context, batch history.Batch) (history.Change, error) {
		if rows := batch.Rows; rows != nil {
			batch.Rows = func(yield func(*history.Rows, error) bool) {
				for r, err := range rows {
					if r != nil {
						c := *r
						c.Version = version(r.Version)
						r = &c
					}
					if !yield(r, err) {
						return
					}
				}
			}
		}
		return b.Model.Append(ctx, batch)
	}
}

// filtered returns the rows of a stream that keep selects.
func filtered(rows history.RowSeq, keep func(history.Record, history.Version) bool) history.RowSeq {
	if rows == nil {
		return nil
	}
	return func(yield func(*history.Rows, error) bool) {
		for r, err := range rows {
			if r != nil {
				c := &history.Rows{Repos: r.Repos, Version: r.Version}
				for i := range r.Len() {
					if keep(r.Record(i), r.Version) {
						c.Append(r.Repo[i], r.Day[i], r.Downloads[i])
					}
				}
				r = c
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
