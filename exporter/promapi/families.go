package promapi

import (
	"context"
	"slices"

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
	// read yields the series with their samples from mint to maxt.
	read func(ctx context.Context, q *querier, f *family, s *selection, mint, maxt int64, yield func(*series)) error
}

// families are all metrics of the history: those of the metrics page that are about
// repositories, the downloads of each day, and what dashboards ask for to know the exporter.
var families = func() []family {
	read := map[string]family{
		"huggingface_repo_downloads_total":           {read: readDownloads},
		"huggingface_repo_downloads_removed_total":   {read: readCorrections(func(c history.Counters) int64 { return c.Removed })},
		"huggingface_repo_downloads_backdated_total": {read: readCorrections(func(c history.Counters) int64 { return c.Backdated })},
		"huggingface_repo_downloads_all_time":        {read: readReadings(func(r *history.Reading) int64 { return r.Total })},
		"huggingface_repo_downloads_last_month":      {read: readReadings(func(r *history.Reading) int64 { return r.LastMonth })},
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
		family{Family: exposition.Family{Name: "huggingface_exporter_build_info", Help: "A constant 1: the exporter that answers."}, read: readOne},
		family{Family: exposition.Family{Name: "up", Help: "A constant 1: the exporter that answers."}, read: readOne},
	)
}()

// readDownloads reads the counter at both midnights of each recorded day, as backfill writes it.
func readDownloads(ctx context.Context, q *querier, f *family, s *selection, mint, maxt int64, yield func(*series)) error {
	if maxt < mint {
		return nil
	}
	o := backfill.Options{Filter: s.filter, From: max(dayAt(mint)-1, history.MinDay), To: dayAt(maxt), Until: q.now}
	var stats backfill.Stats
	for one, err := range backfill.All(ctx, q.Reader, o, &stats) {
		if err != nil {
			return err
		}
		l := q.labelsOf(f, one.Repo.Type, one.Repo.Org(), one.Repo.Name)
		if !s.matches(l) {
			continue
		}
		from, to := 0, len(one.At)
		for from < to && one.Milliseconds(from) < mint {
			from++
		}
		for from < to && one.Milliseconds(to-1) > maxt {
			to--
		}
		if from < to {
			yield(&series{labels: l, days: slices.Clone(one.At[from:to]), values: slices.Clone(one.Values[from:to])})
		}
	}
	return nil
}

// readDays reads the downloads of each recorded day, at its first instant.
func readDays(ctx context.Context, q *querier, f *family, s *selection, mint, maxt int64, yield func(*series)) error {
	if maxt < mint {
		return nil
	}
	from := dayAt(mint)
	if int64(from)*millisPerDay < mint {
		from++
	}
	var open *series
	var repo history.Repo
	end := func() {
		if open != nil {
			yield(open)
		}
	}
	query := history.RecordsQuery{Filter: s.filter, Period: history.RangeOf(from, dayAt(maxt)), Order: history.OrderRepo}
	for rows, err := range q.Reader.Records(ctx, query) {
		if err != nil {
			return err
		}
		for i := range rows.Len() {
			if r := rows.Repos[rows.Repo[i]].Repo; r != repo {
				end()
				open, repo = nil, r
				if l := q.labelsOf(f, r.Type, r.Org(), r.Name); s.matches(l) {
					open = &series{labels: l}
				}
			}
			if open != nil {
				open.days, open.values = append(open.days, rows.Day[i]), append(open.values, rows.Downloads[i])
			}
		}
	}
	end()
	return nil
}

// eachRepo yields the readings of each repository.
func eachRepo(ctx context.Context, q *querier, filter history.Filter, period history.Period, yield func([]history.Reading)) error {
	var all []history.Reading
	for r, err := range q.Reader.Readings(ctx, history.ReadingsQuery{Filter: filter, Period: period}) {
		if err != nil {
			return err
		}
		if len(all) > 0 && all[0].Repo != r.Repo {
			yield(all)
			all = all[:0]
		}
		all = append(all, r)
	}
	if len(all) > 0 {
		yield(all)
	}
	return nil
}

// readReadings reads a number of what the Hub said, at the time when it said it.
func readReadings(number func(*history.Reading) int64) func(context.Context, *querier, *family, *selection, int64, int64, func(*series)) error {
	return func(ctx context.Context, q *querier, f *family, s *selection, mint, maxt int64, yield func(*series)) error {
		if maxt < mint {
			return nil
		}
		return eachRepo(ctx, q, s.filter, history.RangeOf(dayAt(mint), dayAt(maxt)), func(readings []history.Reading) {
			r := readings[0].Repo
			l := q.labelsOf(f, r.Type, r.Org(), r.Name)
			if !s.matches(l) {
				return
			}
			one := &series{labels: l, times: []int64{}}
			for i := range readings {
				if n := number(&readings[i]); n != history.Unknown {
					one.times, one.values = append(one.times, millis(readings[i].AsOf)), append(one.values, n)
				}
			}
			if one = within(one, mint, maxt); len(one.values) > 0 {
				yield(one)
			}
		})
	}
}

// readCorrections reads a counter of corrections as each reading left it. It begins with 0,
// so that an increase shows the first correction, too.
func readCorrections(number func(history.Counters) int64) func(context.Context, *querier, *family, *selection, int64, int64, func(*series)) error {
	return func(ctx context.Context, q *querier, f *family, s *selection, mint, maxt int64, yield func(*series)) error {
		now := make(map[history.Repo]int64)
		for c, err := range q.Reader.Counts(ctx, s.filter) {
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
		return eachRepo(ctx, q, s.filter, history.Period{}, func(readings []history.Reading) {
			r := readings[0].Repo
			l := q.labelsOf(f, r.Type, r.Org(), r.Name)
			if now[r] == 0 || !s.matches(l) {
				return
			}
			readings = slices.DeleteFunc(slices.Clone(readings), func(r history.Reading) bool { return r.Origin == history.Archive || r.Total == history.Unknown })
			one := &series{labels: l, times: []int64{}}
			var d history.Derivation
			add := func(n int) {
				if n > 0 {
					one.times, one.values = append(one.times, millis(readings[n-1].AsOf)), append(one.values, number(d.Counters()))
				}
			}
			d.Read(readings, nil, func(history.Day, int64, history.Source) {}, add)
			if n := len(readings); n > 0 && len(one.times) < n {
				add(n)
			}
			if n := len(one.values); n > 0 {
				// What was corrected before the first reading that is kept.
				before := now[r] - one.values[n-1]
				for i := range one.values {
					one.values[i] += before
				}
			}
			if one = within(one, mint, maxt); len(one.values) > 0 {
				yield(one)
			}
		})
	}
}

// readOrgRepos reads how many repositories of an organization had been recorded, at each
// midnight.
func readOrgRepos(ctx context.Context, q *querier, f *family, s *selection, mint, maxt int64, yield func(*series)) error {
	if maxt < mint {
		return nil
	}
	type group struct {
		repoType history.RepoType
		org      string
	}
	since := make(map[group][]history.Day)
	filter := s.filter
	filter.Repos, filter.Search = nil, ""
	page, err := q.Reader.Repos(ctx, history.ReposQuery{Filter: filter, Sort: history.SortName, Ascending: true})
	if err != nil {
		return err
	}
	recorded := page.Recorded
	for _, r := range page.Rows {
		first := r.Recorded.From
		if r.Recorded.Len() == 0 {
			first = recorded.To
		}
		g := group{r.Repo.Type, r.Repo.Org()}
		since[g] = append(since[g], first)
	}
	for g, days := range since {
		l := q.labelsOf(f, g.repoType, g.org, "")
		if !s.matches(l) {
			continue
		}
		slices.Sort(days)
		one := &series{labels: l}
		n := 0
		for d := max(days[0], dayAt(mint)); int64(d)*millisPerDay <= maxt; d++ {
			if int64(d)*millisPerDay < mint {
				continue
			}
			for n < len(days) && days[n] <= d {
				n++
			}
			one.days, one.values = append(one.days, d), append(one.values, int64(n))
		}
		if len(one.days) > 0 {
			yield(one)
		}
	}
	return nil
}

// readOne is 1 at each midnight.
func readOne(_ context.Context, q *querier, f *family, s *selection, mint, maxt int64, yield func(*series)) error {
	l := q.labelsOf(f, "", "", "")
	if maxt < mint || !s.matches(l) {
		return nil
	}
	one := &series{labels: l}
	for d := dayAt(mint); int64(d)*millisPerDay <= maxt; d++ {
		if int64(d)*millisPerDay >= mint {
			one.days, one.values = append(one.days, d), append(one.values, 1)
		}
	}
	if len(one.days) > 0 {
		yield(one)
	}
	return nil
}
