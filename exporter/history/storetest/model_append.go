package storetest

import (
	"context"
	"math"
	"math/big"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Append implements history.Appender.
//
// What the Hub took back is counted so: for a repository, State.Corrected grows by
// the larger of two falls, if it is positive. One is the fall of the total, where
// the batch told a newer one. The other is the net fall of its days: the sum of old
// less new numbers over the days where a published number replaced another
// published one. State.CorrectedAsOf is then the age of the total, or of the newest of
// the lower numbers; of both, if both fell, the newer.
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
		fall, lowered := new(big.Int), history.AsOf(0)
		for d, f := range n.days {
			days[d] = true
			old, ok := r.days[d]
			switch {
			case !ok:
				c.New++
			case old.downloads == f.downloads:
				c.Unchanged++
			case f.beats(old):
				c.Changed++
				if old.version.Source == history.Published && f.version.Source == history.Published {
					fall.Add(fall, big.NewInt(old.downloads))
					fall.Sub(fall, big.NewInt(f.downloads))
					if f.downloads < old.downloads {
						lowered = max(lowered, f.version.AsOf)
					}
				}
			default:
				c.Outdated++
			}
			if !ok || f.beats(old) {
				r.days[d] = f
			}
		}
		corrected, correctedAsOf := clamp(fall), history.AsOf(0)
		if corrected > 0 {
			correctedAsOf = lowered
		}
		if old, now := r.state, n.state; old.Total != history.Unknown && now.Total != history.Unknown &&
			now.TotalAsOf > old.TotalAsOf && now.Total < old.Total {
			corrected = max(corrected, old.Total-now.Total)
			correctedAsOf = max(correctedAsOf, now.TotalAsOf)
		}
		r.state = r.state.Merge(n.state)
		r.state.CorrectedAsOf = max(r.state.CorrectedAsOf, correctedAsOf)
		r.state.Corrected = addUp(r.state.Corrected, max(corrected, 0))
		c.Corrected = addUp(c.Corrected, max(corrected, 0))
		c.Records += int64(len(n.days))
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
	tell := func(states []history.RepoMeta) {
		for _, s := range states {
			r := known(news, s.Repo)
			r.state = r.state.Merge(s)
		}
	}
	tell(b.Meta)
	if b.Rows != nil {
		if err := readRows(ctx, b.Rows, news); err != nil {
			return nil, err
		}
	}
	if b.Then != nil {
		states, err := b.Then()
		if err != nil {
			return nil, err
		}
		tell(states)
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
			}
			if old, ok := r.days[rec.Day]; !ok || f.beats(old) {
				r.days[rec.Day] = f
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

// clamp returns n, or the nearest int64.
func clamp(n *big.Int) int64 {
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}
