package frames

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// curve is the cumulative downloads of a repository on its recorded days.
type curve struct {
	days  []history.Day
	sums  []int64
	total int64
}

// launchCurves answers with a frame that has the cumulative downloads of the repositories
// at the top of the table by the days since their release, which is the first day with a record.
// A day that is not recorded has no point.
func launchCurves(ctx context.Context, store history.Reader, q query.Repos) (data.Frames, error) {
	page, err := store.Repos(ctx, history.ReposQuery{Filter: q.Filter, Sort: q.Sort, Ascending: q.Ascending, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	curves := make(map[history.Repo]*curve, len(page.Rows))
	for _, r := range page.Rows {
		curves[r.Repo] = &curve{}
	}
	for part := range chunksOfNames(curves) {
		f := history.Filter{RepoTypes: q.Filter.RepoTypes, Repos: part}
		err := eachRecord(ctx, store, f, history.Period{}, func(r history.Repo, day history.Day, downloads int64) {
			if c := curves[r]; c != nil { // a name may be of another type too, that is not at the top
				c.total = history.SaturatingAdd(c.total, downloads)
				c.days, c.sums = append(c.days, day), append(c.sums, c.total)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return data.Frames{launchFrame(page, curves)}, nil
}

func launchFrame(page history.ReposPage, curves map[history.Repo]*curve) *data.Frame {
	f := newFrame(nameRepos, data.FrameTypeTable)
	n, older := 0, 0
	for _, c := range curves {
		if len(c.days) > 0 {
			n = max(n, int(c.days[len(c.days)-1]-c.days[0])+1)
			if c.days[0] == page.Recorded.From {
				older++
			}
		}
	}
	if n == 0 {
		return f
	}
	since := make([]int64, n)
	for i := range since {
		since[i] = int64(i)
	}
	f.Fields = append(f.Fields, describe(data.NewField("days_since_release", nil, since), "Days since release", "",
		"Days since the first day of the repository with a record, which is day 0."))
	for repo, name := range displayNames(page.Rows) {
		c := curves[repo]
		if len(c.days) == 0 {
			continue
		}
		sums := make([]*int64, n)
		for i, day := range c.days {
			sums[day-c.days[0]] = &c.sums[i]
		}
		f.Fields = append(f.Fields, describe(data.NewField("downloads", repoLabels(repo), sums), name, unitCount, "Downloads since the release."))
	}
	if older > 0 {
		inform(f, "The records of %d of %d repositories begin with the history itself, so these may have been released before.", older, len(f.Fields)-1)
	}
	return f
}
