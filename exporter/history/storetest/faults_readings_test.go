package storetest

import (
	"context"
	"iter"
	"maps"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// readingFaults are those of readings, and of what follows from them.
var readingFaults = map[string]fault{
	"readings are not kept": {func(b *broken) {
		b.readings = func(context.Context, history.ReadingsQuery) history.ReadingSeq {
			return func(func(history.Reading, error) bool) {}
		}
	}, []string{"a total that came back did not fall", "many readings", "random histories"}},

	"readings of a period are all of them": {func(b *broken) {
		b.readings = func(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
			return b.Model.Readings(ctx, history.ReadingsQuery{Filter: q.Filter})
		}
	}, []string{"archives change days and not the counter", "many readings", "random histories"}},

	"readings of other repositories come, too": {func(b *broken) {
		b.readings = func(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
			return b.Model.Readings(ctx, history.ReadingsQuery{Period: q.Period})
		}
	}, []string{"states that follow from the rows", "random histories"}},

	"the first total of a day is lost": {changing(func(r *history.Reading) { r.FirstAsOf, r.First = r.AsOf, r.Total }),
		[]string{"a total that came back did not fall", "many readings", "random histories"}},
	"the largest total of a day is lost": {changing(func(r *history.Reading) { r.High = max(r.First, r.Total) }),
		[]string{"the largest of a day", "random histories"}},
	"the largest 30-day number of a day is lost": {changing(func(r *history.Reading) { r.HighMonth = r.LastMonth }),
		[]string{"the largest of a day", "random histories"}},
	"likes are lost": {changing(func(r *history.Reading) { r.Likes = history.Unknown }),
		[]string{"a total that came back did not fall", "random histories"}},
	"the Hub's ids are lost": {changing(func(r *history.Reading) { r.HubID = "" }),
		[]string{"another repository under the same name", "random histories"}},
	"archives move the counters": {changing(func(r *history.Reading) {
		if r.Origin == history.Archive {
			r.Origin = history.Listing
		}
	}), []string{"archives change days and not the counter", "random histories"}},
	"exports bring days by their totals": {changing(func(r *history.Reading) {
		if r.Origin == history.Export {
			r.Origin = history.ListingAndExport
		}
	}), []string{"exports bring days of their own", "random histories"}},

	"what arrives late is not read": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			newest := make(map[history.Repo]history.AsOf)
			for r := range b.Model.Readings(ctx, history.ReadingsQuery{}) {
				newest[r.Repo] = max(newest[r.Repo], r.AsOf)
			}
			if all := batch.Readings; all != nil {
				batch.Readings = func(yield func(history.Reading, error) bool) {
					for r, err := range all {
						if r.AsOf > newest[r.Repo] && !yield(r, err) {
							return
						}
					}
				}
			}
			return b.Model.Append(ctx, batch)
		}
	}, []string{"archives change days and not the counter", "many readings", "random histories in another order"}},

	"counters forget where they start from": {changingState(func(s *history.RepoMeta) { s.StartTotal = history.Unknown }),
		[]string{"counters go on from a start", "random histories"}},

	"a fall counts at once": {func(b *broken) {
		b.counts = func(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
			return func(yield func(history.Counts, error) bool) {
				for c := range b.Model.Counts(ctx, f) {
					if c.AllTime != history.Unknown {
						c.Removed = max(c.Removed, c.Downloads+c.Backdated-c.AllTime)
					}
					if !yield(c, nil) {
						return
					}
				}
			}
		}
	}, []string{"the counter never falls", "a total that came back did not fall", "random histories"}},

	"what is backdated counts as downloads": {func(b *broken) {
		b.counts = func(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
			return func(yield func(history.Counts, error) bool) {
				for c := range b.Model.Counts(ctx, f) {
					c.Downloads, c.Backdated = c.Downloads+c.Backdated, 0
					if !yield(c, nil) {
						return
					}
				}
			}
		}
	}, []string{"what the 30-day number does not allow is backdated", "random histories"}},

	"days that follow from readings are stored ones": {func(b *broken) {
		b.records = func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
			versions := q.Stored
			q.Stored = false
			return func(yield func(*history.Rows, error) bool) {
				for rows, err := range b.Model.Records(ctx, q) {
					if rows != nil && versions {
						rows.Version = published(0)
					}
					if !yield(rows, err) {
						return
					}
				}
			}
		}
	}, []string{"archives change days and not the counter", "random histories"}},

	"days that follow from readings beat published ones": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			c, err := b.Model.Append(ctx, batch)
			b.Model.mu.Lock()
			defer b.Model.mu.Unlock()
			for _, r := range b.Model.repos {
				stored := r.stored
				r.stored = nil
				r.derive()
				for d, f := range stored {
					if _, ok := r.days[d]; !ok {
						r.days[d] = f
					}
				}
				r.stored = stored
			}
			return c, err
		}
	}, []string{"published days beat those that follow from readings", "random histories"}},

	"a listing is lost beside an export": {changingState(func(s *history.RepoMeta) {
		if s.TotalAsOf != s.ListedAsOf && s.Total != history.Unknown {
			s.LastMonth, s.Likes = history.Unknown, history.Unknown
		}
	}), []string{"a listing and an export on one day", "random histories"}},

	"readings that follow from the rows are forgotten": {func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			if then := batch.Then; then != nil {
				batch.Then = func() (history.Batch, error) {
					more, err := then()
					more.Readings = nil
					return more, err
				}
			}
			return b.Model.Append(ctx, batch)
		}
	}, []string{"states that follow from the rows"}},
}

// changing makes a store that changes the readings that it keeps.
func changing(change func(*history.Reading)) func(*broken) {
	return func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			c, err := b.Model.Append(ctx, batch)
			b.Model.mu.Lock()
			defer b.Model.mu.Unlock()
			for _, r := range b.Model.repos {
				for d, x := range maps.Clone(r.readings) {
					change(&x)
					r.readings[d] = x
				}
				r.derive()
			}
			return c, err
		}
	}
}

// changingState makes a store that changes what else it keeps.
func changingState(change func(*history.RepoMeta)) func(*broken) {
	return func(b *broken) {
		b.append = func(ctx context.Context, batch history.Batch) (history.Change, error) {
			c, err := b.Model.Append(ctx, batch)
			b.Model.mu.Lock()
			defer b.Model.mu.Unlock()
			for _, r := range b.Model.repos {
				change(&r.state)
				r.derive()
			}
			return c, err
		}
	}
}
