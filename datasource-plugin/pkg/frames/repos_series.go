package frames

import (
	"context"
	"iter"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// maxTrendPoints bounds the points of all trends of a page, as the API of the
// exporter does.
const maxTrendPoints = 1_000_000

// reposSeries answers with a frame for each repository at the top of the table that
// has a record in the period.
//
// The trends of the page are the series, in one request, as long as a point is one
// day. That leaves out few: 500 repositories over more than five years. Those are
// made of their records.
func reposSeries(ctx context.Context, store history.Reader, q query.Repos) (data.Frames, error) {
	page, err := store.Repos(ctx, history.ReposQuery{
		Filter: q.Filter, Period: q.Days(),
		Sort: q.Sort, Ascending: q.Ascending, Limit: q.Limit, Trend: maxTrendPoints / max(q.Limit, 1),
	})
	if err != nil {
		return nil, err
	}
	lines := make([]*series, len(page.Rows))
	for i := range lines {
		lines[i] = newSeries(q.Interval, page.Days)
	}
	if page.TrendStep > 1 {
		err = addRecords(ctx, store, q, page.Rows, lines)
		if err != nil {
			return nil, err
		}
	} else {
		for i, r := range page.Rows {
			for _, d := range seriesOf(r.Trend, page.Days) {
				lines[i].add(d.Day, d.Downloads)
			}
		}
	}
	return reposFrames(page.Rows, lines), nil
}

// addRecords adds the records of the repositories in rows to their lines.
func addRecords(ctx context.Context, store history.Reader, q query.Repos, rows []history.RepoRow, lines []*series) error {
	line := make(map[history.Repo]*series, len(rows))
	for i, r := range rows {
		line[r.Repo] = lines[i]
	}
	for part := range chunksOfNames(line) {
		f := history.Filter{RepoTypes: q.Filter.RepoTypes, Repos: part}
		err := eachRecord(ctx, store, f, q.Days(), func(r history.Repo, day history.Day, downloads int64) {
			// A name may be of another type too, that is not at the top.
			if s := line[r]; s != nil {
				s.add(day, downloads)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func reposFrames(rows []history.RepoRow, lines []*series) data.Frames {
	var frames data.Frames
	i := 0
	for repo, name := range displayNames(rows) {
		frames = append(frames, lines[i].frames(nameRepos, name, repoLabels(repo))...)
		i++
	}
	return framesOrNone(nameRepos, frames)
}

// displayNames yields the repositories of rows with their names, with the type too where
// two of them share a name.
func displayNames(rows []history.RepoRow) iter.Seq2[history.Repo, string] {
	return func(yield func(history.Repo, string) bool) {
		named := make(map[string]int, len(rows))
		for i := range rows {
			named[rows[i].Repo.Name]++
		}
		for i := range rows {
			name := rows[i].Repo.Name
			if named[name] > 1 {
				name += " (" + string(rows[i].Repo.Type) + ")"
			}
			if !yield(rows[i].Repo, name) {
				return
			}
		}
	}
}

func repoLabels(r history.Repo) data.Labels {
	return data.Labels{"repo_type": string(r.Type), "org": r.Org(), "repo": r.Name}
}
