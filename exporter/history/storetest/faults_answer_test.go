package storetest

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// answerFaults are those of queries.
var answerFaults = map[string]fault{
	"absent days are zeros": {func(b *broken) {
		b.records = func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
			records, _ := history.Collect(b.Model.Records(ctx, q))
			var filled []history.Record
			for i, r := range records {
				if i > 0 && records[i-1].Repo == r.Repo {
					for d := records[i-1].Day + 1; d < r.Day && d < records[i-1].Day+100; d++ {
						gap := r
						gap.Day, gap.Downloads = d, 0
						filled = append(filled, gap)
					}
				}
				filled = append(filled, r)
			}
			return history.RowsOf(history.Version{}, filled...)
		}
	}, []string{"absent is not zero", "both orders"}},

	"corrections have no age": {func(b *broken) {
		b.repos = func(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
			page, err := b.Model.Repos(ctx, q)
			for i := range page.Rows {
				page.Rows[i].RemovedAsOf = 0
			}
			return page, err
		}
	}, []string{"the order by what was removed"}},

	"the order by corrections is that by downloads": {func(b *broken) {
		b.repos = func(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
			if q.Sort == history.SortRemoved {
				q.Sort = history.SortDownloads
			}
			return b.Model.Repos(ctx, q)
		}
	}, []string{"the order by what was removed"}},

	"unknown trend points are zeros": {func(b *broken) {
		b.repos = func(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
			page, err := b.Model.Repos(ctx, q)
			for _, r := range page.Rows {
				for i := range r.Trend {
					r.Trend[i] = max(r.Trend[i], 0)
				}
			}
			return page, err
		}
	}, []string{"absent is not zero", "trends", "random histories"}},

	"last month has 31 days": {func(b *broken) {
		rewritePeriod(b, func(p history.Period, _ history.Filter) history.Period {
			if recorded := b.recorded(); p.Kind == history.LastMonth && recorded.Len() > 0 {
				return history.RangeOf(recorded.To-history.LastMonthDays, recorded.To)
			}
			return p
		})
	}, []string{"periods", "last month at its ends", "random histories"}},

	"last month ends with what the filter selects": {func(b *broken) {
		rewritePeriod(b, func(p history.Period, f history.Filter) history.Period {
			if recorded := recordedDays(b.matching(f)...); p.Kind == history.LastMonth && recorded.Len() > 0 {
				return history.RangeOf(recorded.To-history.LastMonthDays+1, recorded.To)
			}
			return p
		})
	}, []string{"last month ends with the last day of the whole history", "random histories"}},

	"ties turn round with the order": {func(b *broken) {
		b.repos = func(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
			if q.Ascending {
				return b.Model.Repos(ctx, q)
			}
			all := q
			all.Ascending, all.Limit, all.Offset = true, 0, 0
			page, err := b.Model.Repos(ctx, all)
			slices.Reverse(page.Rows)
			page.Rows = page.Rows[min(q.Offset, len(page.Rows)):]
			if q.Limit > 0 {
				page.Rows = page.Rows[:min(q.Limit, len(page.Rows))]
			}
			return page, err
		}
	}, []string{"orders of repositories", "pages", "random histories"}},

	"pages begin with their second row": {func(b *broken) {
		b.repos = func(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
			if q.Offset > 0 {
				q.Offset++
			}
			return b.Model.Repos(ctx, q)
		}
	}, []string{"pages", "pages of many repositories", "random histories"}},

	"the search minds the case": {func(b *broken) {
		b.repos = func(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
			page, err := b.Model.Repos(ctx, q)
			page.Rows = slices.DeleteFunc(page.Rows, func(r history.RepoRow) bool {
				return !strings.Contains(r.Repo.Name, q.Filter.Search)
			})
			return page, err
		}
	}, []string{"filters", "random histories"}},

	"legacy names are of every organization": {func(b *broken) {
		b.overview = func(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
			if slices.Contains(q.Filter.Orgs, "") {
				q.Filter.Orgs = nil
			}
			return b.Model.Overview(ctx, q)
		}
	}, []string{"filters", "random histories"}},

	"only the first organization counts": {func(b *broken) {
		b.records = func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
			q.Filter.Orgs = q.Filter.Orgs[:min(1, len(q.Filter.Orgs))]
			return b.Model.Records(ctx, q)
		}
	}, []string{"filters", "random histories"}},

	"repositories without records are left out": {func(b *broken) {
		b.repos = func(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
			page, err := b.Model.Repos(ctx, q)
			n := len(page.Rows)
			page.Rows = slices.DeleteFunc(page.Rows, func(r history.RepoRow) bool { return r.Recorded.Len() == 0 })
			page.Matched -= n - len(page.Rows)
			return page, err
		}
	}, []string{"a repository without a record", "random histories"}},

	"sums overflow": {func(b *broken) {
		b.overview = func(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
			o, err := b.Model.Overview(ctx, q)
			for i := range o.Groups {
				if g := &o.Groups[i]; g.Downloads == math.MaxInt64 {
					g.Downloads = -2
				}
			}
			return o, err
		}
	}, []string{"huge numbers", "random histories"}},

	"the counter falls with the total": {func(b *broken) {
		b.counts = func(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
			return func(yield func(history.Counts, error) bool) {
				for c := range b.Model.Counts(ctx, f) {
					c.Downloads = b.Model.repos[c.Repo].state.Total
					if !yield(c, nil) {
						return
					}
				}
			}
		}
	}, []string{"the counter never falls", "random histories"}},

	"a stream shows what is there by now": {func(b *broken) {
		b.records = func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
			return func(yield func(*history.Rows, error) bool) {
				const part = 1000
				for from := 0; ; from += part {
					now, err := history.Collect(b.Model.Records(ctx, q))
					if err != nil || from >= len(now) {
						return
					}
					for rows := range history.RowsOf(history.Version{}, now[from:min(from+part, len(now))]...) {
						if !yield(rows, nil) {
							return
						}
					}
				}
			}
		}
	}, []string{"a stream shows the state of when it began"}},

	"a cancelled stream ends as if complete": {func(b *broken) {
		b.records = func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
			return func(yield func(*history.Rows, error) bool) {
				for rows, err := range b.Model.Records(ctx, q) {
					if errors.Is(err, context.Canceled) || !yield(rows, err) {
						return
					}
				}
			}
		}
	}, []string{"a stream that is cancelled", "cancelled queries"}},
}

// rewritePeriod makes a store answer every query for another period.
func rewritePeriod(b *broken, period func(history.Period, history.Filter) history.Period) {
	b.overview = func(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
		q.Period = period(q.Period, q.Filter)
		return b.Model.Overview(ctx, q)
	}
	b.repos = func(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
		q.Period = period(q.Period, q.Filter)
		return b.Model.Repos(ctx, q)
	}
	b.records = func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
		q.Period = period(q.Period, q.Filter)
		return b.Model.Records(ctx, q)
	}
}
