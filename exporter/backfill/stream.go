package backfill

import (
	"context"
	"iter"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Options say which samples are made. The zero value makes none: Until has to be
// set.
type Options struct {
	Filter history.Filter
	// From and To are the first and the last day, history.NoDay for an open end.
	From, To history.Day
	// Until is the time after which there is no sample.
	Until time.Time
	// Labels are added to each series.
	Labels []Label
	// After, if it is not nil, is the last repository that is done already.
	After *history.Repo
}

// Stats count what was made.
type Stats struct {
	Series, Samples int64
	// Clamped is how many repositories have more downloads in their records than
	// the counter shows: theirs begins at zero later than their records do.
	Clamped int64
	// Unshown is how many repositories with records are not on the Hub any more, and
	// so not on /metrics either.
	Unshown int64
	// Summed is how many repositories the Hub told no total of: their counter is
	// the sum of their records.
	Summed int64
}

// Count returns of how many repositories All would make series at most.
func Count(ctx context.Context, source history.Reader, o Options) (int, error) {
	n := 0
	for c, err := range source.Counts(ctx, o.Filter) {
		if err != nil {
			return 0, err
		}
		if o.After == nil || c.Repo.Compare(*o.After) > 0 {
			n++
		}
	}
	return n, nil
}

// All streams the series of the repositories that /metrics shows, ordered by
// Repo.Compare, and counts them in stats. A series is valid until the next one is
// asked for; its Repo and Labels stay. An error is the last element and comes with
// a nil series.
func All(ctx context.Context, source history.Reader, o Options, stats *Stats) iter.Seq2[*Series, error] {
	return func(yield func(*Series, error) bool) {
		next, stop := iter.Pull2(source.Counts(ctx, o.Filter))
		defer stop()
		shown, err, more := next()
		period := spanOf(o.From, o.To, o.Until)
		var c counter
		var series Series
		query := history.RecordsQuery{Filter: o.Filter, Order: history.OrderRepo}
		if ok, err := allShown(ctx, source, o.Filter); err != nil {
			yield(nil, err)
			return
		} else if ok {
			// The counter on the days asked for depends on the days after.
			query.Period = history.RangeOf(o.From, history.NoDay)
		}
		for d, readErr := range byRepo(source.Records(ctx, query)) {
			if readErr != nil {
				yield(nil, readErr)
				return
			}
			if o.After != nil && d.repo.Compare(*o.After) <= 0 {
				continue
			}
			for more && err == nil && shown.Repo.Compare(d.repo) < 0 {
				shown, err, more = next()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !more || shown.Repo != d.repo {
				stats.Unshown++
				continue
			}
			at, values, clamped := c.samples(d.days, d.downloads, shown.Downloads, period)
			if len(at) == 0 {
				continue
			}
			if clamped {
				stats.Clamped++
			}
			if shown.Downloads == history.Unknown {
				stats.Summed++
			}
			stats.Series++
			stats.Samples += int64(len(at))
			series = Series{Repo: d.repo, Labels: labelsOf(d.repo, o.Labels), At: at, Values: values}
			if !yield(&series, nil) {
				return
			}
		}
	}
}

// allShown reports whether each repository has a counter. One that has none is the sum of all
// of its records.
func allShown(ctx context.Context, source history.Reader, f history.Filter) (bool, error) {
	for c, err := range source.Counts(ctx, f) {
		if err != nil || c.Downloads == history.Unknown {
			return false, err
		}
	}
	return true, nil
}

// repoDays is the records of one repository.
type repoDays struct {
	repo      history.Repo
	days      []history.Day
	downloads []int64
}

// byRepo gathers the records of each repository of a stream of OrderRepo. They are valid
// until the next ones are asked for.
func byRepo(seq history.RowSeq) iter.Seq2[*repoDays, error] {
	return func(yield func(*repoDays, error) bool) {
		var d repoDays
		index, open := uint32(0), false
		for rows, err := range seq {
			if err != nil {
				yield(nil, err)
				return
			}
			for i, end := 0, 0; i < rows.Len(); i = end {
				for end = i + 1; end < rows.Len() && rows.Repo[end] == rows.Repo[i]; {
					end++
				}
				if !open || rows.Repo[i] != index {
					if open && !yield(&d, nil) {
						return
					}
					open, index = true, rows.Repo[i]
					d = repoDays{rows.Repos[index].Repo, d.days[:0], d.downloads[:0]}
				}
				d.days = append(d.days, rows.Day[i:end]...)
				d.downloads = append(d.downloads, rows.Downloads[i:end]...)
			}
		}
		if open {
			yield(&d, nil)
		}
	}
}
