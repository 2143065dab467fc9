package storetest

import (
	"context"
	"math"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Append implements history.Appender.
func (m *Model) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	news, err := readBatch(ctx, b)
	if err != nil {
		return history.Change{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var c history.Change
	days := make(map[history.Day]bool)
	for repo, n := range news {
		r := known(m.repos, repo)
		shown, stored := len(r.days), len(r.stored)
		for d := range n.days {
			days[d] = true
		}
		for d, f := range n.stored {
			old, ok := r.stored[d]
			switch {
			case !ok:
				c.New++
			case old.downloads == f.downloads:
				c.Unchanged++
			case f.beats(old):
				c.Changed++
			default:
				c.Outdated++
			}
			if !ok || f.beats(old) {
				r.stored[d] = f
			}
		}
		for _, x := range n.readings {
			r.read(x)
		}
		removed := r.state.Removed
		r.state = r.state.Merge(n.state)
		r.derive()
		c.Removed = addUp(c.Removed, max(r.state.Removed-removed, 0))
		derived := max(len(r.days)-shown-(len(r.stored)-stored), 0)
		c.New += int64(derived)
		c.Records += int64(len(n.stored) + derived)
	}
	c.Repos, c.Days = int64(len(news)), int64(len(days))
	return c, nil
}

// readBatch merges a batch by itself.
func readBatch(ctx context.Context, b history.Batch) (map[history.Repo]*modelRepo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	news := make(map[history.Repo]*modelRepo)
	tell := func(b history.Batch) error {
		for _, s := range b.Meta {
			r := known(news, s.Repo)
			r.state = r.state.Merge(s)
			for _, x := range s.Readings() {
				r.read(x)
			}
		}
		if b.Readings == nil {
			return nil
		}
		for x, err := range b.Readings {
			if err != nil {
				return err
			}
			r := known(news, x.Repo)
			r.state = r.state.Merge(x.Meta())
			r.read(x)
		}
		return nil
	}
	if err := tell(b); err != nil {
		return nil, err
	}
	if b.Rows != nil {
		if err := readRows(ctx, b.Rows, news); err != nil {
			return nil, err
		}
	}
	if b.Then != nil {
		more, err := b.Then()
		if err == nil {
			err = tell(more)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, r := range news {
		if x := r.export; x != nil {
			month := int64(0)
			for d, f := range r.stored {
				if d <= x.Day() && x.Day()-d <= 30 {
					month = addUp(month, f.downloads)
				}
			}
			if month > 0 {
				x.LastMonth, x.HighMonth = month, month
			}
			r.read(*x)
		}
		r.derive()
	}
	return news, nil
}

// readRows adds the rows of a batch to news.
func readRows(ctx context.Context, seq history.RowSeq, news map[history.Repo]*modelRepo) error {
	faults := make(conflicts)
	var errs history.InputErrors
	for rows, err := range seq {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range rows.Len() {
			rec, f := rows.Record(i), modelFact{rows.Version, rows.Downloads[i]}
			if fault := faults.check(rec, rows.Version, rows.Line(i)); fault != nil {
				errs.Add(fault)
				continue
			}
			r := known(news, rec.Repo)
			if rec.Total != history.Unknown {
				told := history.NewRepoMeta(rec.Repo)
				told.Total, told.TotalAsOf = rec.Total, rows.Version.AsOf
				r.state = r.state.Merge(told)
				if x := told.Readings()[0]; r.export == nil || x.AsOf > r.export.AsOf || x.AsOf == r.export.AsOf && x.Total > r.export.Total {
					r.export = &x
				}
			}
			if old, ok := r.stored[rec.Day]; !ok || f.beats(old) {
				r.stored[rec.Day] = f
			}
		}
	}
	return errs.Err()
}

// conflicts remembers each number of an input, to find those that contradict.
type conflicts map[conflictKey]conflictRow

type conflictKey struct {
	repo    history.Repo
	day     history.Day
	version history.Version
}

type conflictRow struct {
	downloads int64
	line      int64
}

// check returns what is wrong with a row, nil if nothing is.
func (c conflicts) check(r history.Record, v history.Version, line int64) *history.InputError {
	if r.Downloads < 0 {
		return &history.InputError{Line: line, Column: "downloads",
			Value: strconv.FormatInt(r.Downloads, 10), Want: "a number from 0 up"}
	}
	if r.Day < history.MinDay || r.Day > history.MaxDay {
		return &history.InputError{Line: line, Column: "timestamp", Value: r.Day.String(),
			Want: "a day from " + history.MinDay.String() + " to " + history.MaxDay.String()}
	}
	key := conflictKey{r.Repo, r.Day, v}
	first, ok := c[key]
	if !ok {
		c[key] = conflictRow{r.Downloads, line}
		return nil
	}
	if first.downloads == r.Downloads {
		return nil
	}
	return &history.InputError{Line: line, OtherLine: first.line, Column: "downloads",
		Value: strconv.FormatInt(r.Downloads, 10), Want: "the number of the other line"}
}

// addUp adds two counts; a sum that would pass the largest int64 stays there.
func addUp(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
