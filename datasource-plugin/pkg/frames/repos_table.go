package frames

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// PageInfo is Meta.Custom of the table of repositories.
type PageInfo struct {
	// Matched is the number of repositories that the filter selects, on all pages.
	Matched int `json:"matched"`
	// Offset is how many of them come before this page.
	Offset int `json:"offset"`
	// TrendStepDays is the number of days that a point of a trend sums up, 0
	// without trends.
	TrendStepDays int `json:"trendStepDays"`
}

// reposTable answers with a page of the table of repositories, or with one number of each.
func reposTable(ctx context.Context, store history.Reader, q query.Repos) (data.Frames, error) {
	ask := history.ReposQuery{
		Filter: q.Filter, Period: q.Days(),
		Sort: q.Sort, Ascending: q.Ascending, Limit: q.Limit, Offset: q.Offset, Trend: q.Trend,
	}
	page, err := store.Repos(ctx, ask)
	if err == nil && q.Offset > 0 && q.Offset >= page.Matched {
		q.Offset, ask.Offset = 0, 0
		page, err = store.Repos(ctx, ask)
	}
	if err != nil {
		return nil, err
	}
	tallies, err := rowTallies(ctx, store, page, q.Common)
	if err != nil {
		return nil, err
	}
	if q.Value != "" {
		f, err := reposNumbers(ctx, store, page, tallies, q)
		if err == nil {
			markHub(f, tallies)
		}
		return data.Frames{f}, err
	}
	f := newFrame(nameRepos, data.FrameTypeTable)
	markHub(f, tallies)
	if page.Days.Len() == 0 && len(page.Rows) > 0 {
		if err := sayWhyEmpty(ctx, store, f, q); err != nil {
			return nil, err
		}
	}
	f.Meta.Custom = PageInfo{Matched: page.Matched, Offset: q.Offset, TrendStepDays: page.TrendStep}
	n := len(page.Rows)
	if n == 0 {
		return data.Frames{f}, nil
	}
	repoTypes, repos := make([]string, n), make([]string, n)
	totals, removed, backdated := make([]*int64, n), make([]int64, n), make([]int64, n)
	lastDays := make([]*time.Time, n)
	trends := make([]json.RawMessage, n)
	for i := range page.Rows {
		r := &page.Rows[i]
		repoTypes[i], repos[i] = string(r.Repo.Type), r.Repo.Name
		totals[i], removed[i], backdated[i] = history.Known(&r.Total), r.Removed, r.Backdated
		if r.Recorded.Len() > 0 {
			t := r.Recorded.To.Time()
			lastDays[i] = &t
		}
		trends[i] = trendJSON(r.Trend)
	}
	f.Fields = append(f.Fields,
		dimensionField("repo_type", repoTypes), dimensionField("repo", repos), numberField(query.TotalDownloads, totals),
	)
	f.Fields = append(f.Fields, comparisonFields(tallies, q.Common)...)
	if q.Trend > 0 {
		f.Fields = append(f.Fields, describe(data.NewField("trend", nil, trends), "Trend", "", trendText(page.TrendStep)))
	}
	f.Fields = append(f.Fields,
		describe(data.NewField("last_day", nil, lastDays), "Last day", unitDay, "Last UTC day that has a record."),
		numberField(query.Removed, removed), numberField(query.Backdated, backdated),
	)
	return data.Frames{f}, nil
}

func trendText(step int) string {
	if step <= 1 {
		return "Downloads of each day of the period."
	}
	return "Downloads of each " + strconv.Itoa(step) + " days of the period."
}

// trendJSON returns a trend as the sparkline cell takes it: an array of numbers,
// null where no day has a record.
func trendJSON(points []int64) json.RawMessage {
	b := make([]byte, 0, 2+8*len(points))
	b = append(b, '[')
	for i, n := range points {
		if i > 0 {
			b = append(b, ',')
		}
		if n == history.Unknown {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendInt(b, n, 10)
		}
	}
	return append(b, ']')
}
