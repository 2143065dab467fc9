package frames

import (
	"context"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/analysis"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// milestones answers with the days in the time range on which the cumulative
// downloads of a repository passed a power of ten.
//
// What a repository had at the end of a day is its total less the records of the
// days after it: the total is the Hub's word, and it counts downloads from before the
// first record too. Without a total it is the sum of the records.
//
// Few repositories pass a power of ten in a time range. The table of repositories
// tells which have done so since its beginning, and only their records are read.
func milestones(ctx context.Context, store history.Reader, q query.Milestones) (data.Frames, error) {
	days, least := q.Days(), q.Least
	if least == 0 {
		o, err := store.Overview(ctx, history.OverviewQuery{Filter: q.Filter})
		if err != nil {
			return nil, err
		}
		least = analysis.LeastMilestone
		if len(o.Groups) > 0 {
			least = analysis.SuitableMilestone(o.Groups[0].Total)
		}
	}
	m := climbs{
		least: least,
		days:  history.Days{From: days.From, To: days.To},
		ends:  make(map[history.Repo]int64),
	}
	if days.To == history.NoDay {
		m.days.To = history.MaxDay
	}
	since := history.RangeOf(days.From, history.NoDay)
	if err := m.find(ctx, store, q.Filter, since); err != nil {
		return nil, err
	}
	if err := m.read(ctx, store, q.Filter, since); err != nil {
		return nil, err
	}
	return eventsFrame(nameMilestones, "repo", m.events, q.Limit), nil
}

// climbs finds milestones.
type climbs struct {
	least int64        // a power of ten
	days  history.Days // in which milestones count
	// ends has the repositories to read, and what each has at the end of the history.
	ends   map[history.Repo]int64
	events []event

	// The repository whose records come just now, and those of the days so far.
	repo   history.Repo
	series []history.DayDownloads
}

// find finds the repositories that passed a power of ten in the days of since.
func (m *climbs) find(ctx context.Context, store history.Reader, f history.Filter, since history.Period) error {
	byTotal := history.ReposQuery{Filter: f, Period: since, Sort: history.SortTotal}
	err := eachRow(ctx, store, byTotal, func(r *history.RepoRow) bool {
		if r.Total < m.least {
			return false // and so have all that come after it
		}
		m.add(r.Repo, r.Total, r.Downloads)
		return true
	})
	if err != nil {
		return err
	}
	return m.findByRecords(ctx, store, f, since)
}

// findByRecords is find for the repositories without a total, which the table has
// first in ascending order.
func (m *climbs) findByRecords(ctx context.Context, store history.Reader, f history.Filter, since history.Period) error {
	sums := make(map[history.Repo]int64)
	unknown := history.ReposQuery{Filter: f, Sort: history.SortTotal, Ascending: true}
	err := eachRow(ctx, store, unknown, func(r *history.RepoRow) bool {
		if r.Total == history.Unknown && r.Downloads >= m.least {
			sums[r.Repo] = r.Downloads
		}
		return r.Total == history.Unknown
	})
	if err != nil || len(sums) == 0 {
		return err
	}
	unknown.Period = since
	return eachRow(ctx, store, unknown, func(r *history.RepoRow) bool {
		if sum, ok := sums[r.Repo]; ok {
			m.add(r.Repo, sum, r.Downloads)
		}
		return r.Total == history.Unknown
	})
}

// add takes a repository if it passed a power of ten with its last downloads.
func (m *climbs) add(r history.Repo, end, last int64) {
	if analysis.Passes(end, last, m.least) {
		m.ends[r] = end
	}
}

// read reads the records of the repositories that find found.
func (m *climbs) read(ctx context.Context, store history.Reader, f history.Filter, since history.Period) error {
	for part := range chunksOfNames(m.ends) {
		selected := history.Filter{RepoTypes: f.RepoTypes, Repos: part}
		err := eachRecord(ctx, store, selected, since, func(r history.Repo, day history.Day, downloads int64) {
			if r != m.repo {
				m.flush()
				m.repo = r
			}
			m.series = append(m.series, history.DayDownloads{Day: day, Downloads: downloads})
		})
		if err != nil {
			return err
		}
		m.flush()
	}
	return nil
}

// flush finds the milestones of the repository whose records have come.
func (m *climbs) flush() {
	if end, ok := m.ends[m.repo]; ok { // a name may be of another type too, that find did not find
		for _, p := range analysis.Milestones(end, m.series, m.least) {
			if m.days.Contains(p.Day) {
				m.events = append(m.events, event{
					time:  p.Day.Time(),
					kind:  "milestone",
					title: m.repo.Name + " passed " + textenc.Short(p.Downloads) + " downloads",
					text:  fmt.Sprintf("The %s %s had %d downloads in total at the end of %s.", m.repo.Type, m.repo.Name, p.Total, p.Day),
					repo:  m.repo,
					value: p.Downloads,
					size:  float64(p.Downloads),
				})
			}
		}
	}
	m.repo, m.series = history.Repo{}, m.series[:0]
}
