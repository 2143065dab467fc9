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
		m := maker{options: o, stats: stats, span: spanOf(o.From, o.To, o.Until), next: next, yield: yield}
		m.counts, m.err, m.more = next()
		// Whatever the days asked for, the counter before them depends on those after.
		for rows, err := range source.Records(ctx, history.RecordsQuery{Filter: o.Filter, Order: history.OrderRepo}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !m.add(rows) {
				return
			}
		}
		m.finish()
	}
}

// maker gathers the records of one repository after another.
type maker struct {
	options Options
	stats   *Stats
	span    span
	yield   func(*Series, error) bool

	next   func() (history.Counts, error, bool)
	counts history.Counts
	err    error
	more   bool

	open      bool // a repository is being gathered
	repo      history.Repo
	index     uint32
	days      []history.Day
	downloads []int64
	counter   counter
	series    Series
}

// add gathers the rows of a block and reports whether the stream goes on.
func (m *maker) add(rows *history.Rows) bool {
	for i := 0; i < rows.Len(); {
		repo := rows.Repo[i]
		if !m.open || repo != m.index {
			if !m.finish() {
				return false
			}
			m.open, m.index, m.repo = true, repo, rows.Repos[repo].Repo
			m.days, m.downloads = m.days[:0], m.downloads[:0]
		}
		end := i + 1
		for end < rows.Len() && rows.Repo[end] == repo {
			end++
		}
		m.days = append(m.days, rows.Day[i:end]...)
		m.downloads = append(m.downloads, rows.Downloads[i:end]...)
		i = end
	}
	return true
}

// finish hands on the series of the repository that was gathered.
func (m *maker) finish() bool {
	if !m.open {
		return true
	}
	m.open = false
	if m.options.After != nil && m.repo.Compare(*m.options.After) <= 0 {
		return true
	}
	for m.more && m.err == nil && m.counts.Repo.Compare(m.repo) < 0 {
		m.counts, m.err, m.more = m.next()
	}
	if m.err != nil {
		m.yield(nil, m.err)
		return false
	}
	if !m.more || m.counts.Repo != m.repo {
		m.stats.Unshown++
		return true
	}
	at, values, clamped := m.counter.samples(m.days, m.downloads, m.counts.Downloads, m.span)
	if len(at) == 0 {
		return true
	}
	if clamped {
		m.stats.Clamped++
	}
	if m.counts.Downloads == history.Unknown {
		m.stats.Summed++
	}
	m.stats.Series++
	m.stats.Samples += int64(len(at))
	m.series = Series{Repo: m.repo, Labels: labelsOf(m.repo, m.options.Labels), At: at, Values: values}
	return m.yield(&m.series, nil)
}
