package promapi

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/backfill"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// family is a metric over the history.
type family struct {
	exposition.Family
	// value returns the number of a repository now, negative if it has no series; nil if the
	// series are not of repositories.
	value func(*history.Counts) int64
	// read yields the series.
	read func(context.Context, *request) error
}

// families are all metrics of the history: those of the metrics page that are about
// repositories, the downloads of each day, and what dashboards ask for to know the exporter.
var families = func() []family {
	read := map[string]family{
		"huggingface_repo_downloads_total":           {read: readDownloads},
		"huggingface_repo_downloads_removed_total":   {read: readCorrections(func(c history.Counters) int64 { return c.Removed })},
		"huggingface_repo_downloads_backdated_total": {read: readCorrections(func(c history.Counters) int64 { return c.Backdated })},
		"huggingface_repo_downloads_all_time":        {read: readReadings(func(r *history.Reading) int64 { return r.Total })},
		"huggingface_repo_downloads_last_month":      {read: readLastMonth},
		"huggingface_repo_likes":                     {read: readReadings(func(r *history.Reading) int64 { return r.Likes })},
		"huggingface_org_repos":                      {read: readOrgRepos},
	}
	var out []family
	for _, shown := range exposition.Metadata() {
		if f, ok := read[shown.Name]; ok {
			f.Family, f.value = shown, shown.Value
			out = append(out, f)
		}
	}
	return append(out,
		family{
			Family: exposition.Family{Name: "huggingface_repo_downloads_per_day", Help: "Downloads of the repository on the UTC day that begins at the time of the sample."},
			value:  func(c *history.Counts) int64 { return c.Downloads }, read: readDays,
		},
		family{
			Family: exposition.Family{Name: "huggingface_group_downloads_per_day", Help: "Downloads of the repositories that are in the group now, on the UTC day that begins at the time of the sample."},
			read:   readGroupDays,
		},
		family{Family: exposition.Family{Name: "huggingface_exporter_build_info", Help: "A constant 1: the exporter that answers."}, read: readOne},
		family{Family: exposition.Family{Name: "up", Help: "A constant 1: the exporter that answers."}, read: readOne},
	)
}()

// readDownloads reads the counter at both midnights of each recorded day, as backfill writes it.
func readDownloads(ctx context.Context, r *request) error {
	o := backfill.Options{Filter: r.filter, From: max(dayAt(r.mint)-1, history.MinDay), To: dayAt(r.maxt), Until: r.now}
	var stats backfill.Stats
	for one, err := range backfill.All(ctx, r.Reader, o, &stats) {
		if err != nil {
			return err
		}
		if l, ok := r.wanted(one.Repo); ok {
			points := make([]promql.FPoint, len(one.At))
			for i, v := range one.Values {
				points[i] = promql.FPoint{T: one.Milliseconds(i), F: float64(v)}
			}
			r.emit(l, points)
		}
	}
	return nil
}

// readDays reads the downloads of each recorded day, at its first instant.
func readDays(ctx context.Context, r *request) error {
	var open promql.Series
	var repo history.Repo
	wanted := false
	query := history.RecordsQuery{Filter: r.filter, Period: r.period(), Order: history.OrderRepo}
	for rows, err := range r.Reader.Records(ctx, query) {
		if err != nil {
			return err
		}
		for i := range rows.Len() {
			if next := rows.Repos[rows.Repo[i]].Repo; next != repo {
				r.emit(open.Metric, open.Floats)
				repo, open = next, promql.Series{}
				open.Metric, wanted = r.wanted(next)
			}
			if wanted {
				open.Floats = append(open.Floats, promql.FPoint{T: int64(rows.Day[i]) * millisPerDay, F: float64(rows.Downloads[i])})
			}
		}
	}
	r.emit(open.Metric, open.Floats)
	return nil
}

// readGroupDays reads the downloads of each day of each group. Its counter on the metrics page
// has no past: it depends on when the exporter got to know the group.
func readGroupDays(ctx context.Context, r *request) error {
	o, err := r.Reader.Overview(ctx, history.OverviewQuery{Period: r.period(), ByGroup: true, Series: true})
	if err != nil {
		return err
	}
	for _, g := range o.Groups {
		l := r.labelsOf(r.family, labels.Label{Name: labelGroup, Value: g.Group})
		if g.Group == "" || !r.matches(l) {
			continue
		}
		var points []promql.FPoint
		for _, d := range g.Series {
			points = append(points, promql.FPoint{T: int64(d.Day) * millisPerDay, F: float64(d.Downloads)})
		}
		r.emit(l, points)
	}
	return nil
}

// eachRepo yields the readings of each repository that is wanted, with its labels.
func (r *request) eachRepo(ctx context.Context, period history.Period, yield func(labels.Labels, []history.Reading)) error {
	var all []history.Reading
	end := func() {
		if len(all) == 0 {
			return
		}
		if l, ok := r.wanted(all[0].Repo); ok {
			yield(l, all)
		}
	}
	for reading, err := range r.Reader.Readings(ctx, history.ReadingsQuery{Filter: r.filter, Period: period}) {
		if err != nil {
			return err
		}
		if len(all) > 0 && all[0].Repo != reading.Repo {
			end()
			all = all[:0]
		}
		all = append(all, reading)
	}
	end()
	return nil
}

// readReadings reads a number of what the Hub said, at the time when it said it.
func readReadings(number func(*history.Reading) int64) func(context.Context, *request) error {
	return func(ctx context.Context, r *request) error {
		return r.eachRepo(ctx, r.period(), func(l labels.Labels, readings []history.Reading) {
			var points []promql.FPoint
			for i := range readings {
				if n := number(&readings[i]); n != history.Unknown {
					points = append(points, promql.FPoint{T: millis(readings[i].AsOf), F: float64(n)})
				}
			}
			r.emit(l, points)
		})
	}
}

// readCorrections reads a counter of corrections as each reading left it. It begins with 0,
// so that an increase shows the first correction, too.
func readCorrections(number func(history.Counters) int64) func(context.Context, *request) error {
	return func(ctx context.Context, r *request) error {
		now := make(map[history.Repo]int64)
		for c, err := range r.Reader.Counts(ctx, r.filter) {
			if err != nil {
				return err
			}
			if n := number(c.Counters); n > 0 {
				now[c.Repo] = n
			}
		}
		if len(now) == 0 {
			return nil
		}
		return r.eachRepo(ctx, history.Period{}, func(l labels.Labels, readings []history.Reading) {
			last := now[readings[0].Repo]
			if last == 0 {
				return
			}
			readings = slices.DeleteFunc(slices.Clone(readings), func(r history.Reading) bool { return r.Origin == history.Archive || r.Total == history.Unknown })
			var points []promql.FPoint
			var d history.Derivation
			add := func(n int) {
				if n > 0 {
					points = append(points, promql.FPoint{T: millis(readings[n-1].AsOf), F: float64(number(d.Counters()))})
				}
			}
			d.Read(readings, nil, func(history.Day, int64, history.Source) {}, add)
			if n := len(readings); len(points) < n {
				add(n)
			}
			if n := len(points); n > 0 {
				// What was corrected before the first reading that is kept.
				before := float64(last) - points[n-1].F
				for i := range points {
					points[i].F += before
				}
			}
			r.emit(l, points)
		})
	}
}

// readOrgRepos reads how many repositories of an organization had been recorded, at each
// midnight.
func readOrgRepos(ctx context.Context, r *request) error {
	type group struct {
		repoType history.RepoType
		org      string
	}
	since := make(map[group][]history.Day)
	filter := r.filter
	filter.Repos, filter.Search = nil, ""
	page, err := r.Reader.Repos(ctx, history.ReposQuery{Filter: filter, Sort: history.SortName, Ascending: true})
	if err != nil {
		return err
	}
	for _, row := range page.Rows {
		first := row.Recorded.From
		if row.Recorded.Len() == 0 {
			first = page.Recorded.To
		}
		g := group{row.Repo.Type, row.Repo.Org()}
		since[g] = append(since[g], first)
	}
	for g, days := range since {
		slices.Sort(days)
		n := 0
		l := r.labelsOf(r.family, labels.Label{Name: labelRepoType, Value: string(g.repoType)}, labels.Label{Name: labelOrg, Value: g.org})
		r.emitDaily(l, days[0], func(d history.Day) float64 {
			for n < len(days) && days[n] <= d {
				n++
			}
			return float64(n)
		})
	}
	return nil
}

// readOne is 1 at each midnight.
func readOne(_ context.Context, r *request) error {
	r.emitDaily(r.labelsOf(r.family), history.MinDay, func(history.Day) float64 { return 1 })
	return nil
}
