package frames

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// variable answers with the values that a dashboard variable can take: each once,
// with the text that people choose it by.
func variable(ctx context.Context, store history.Reader, q query.Variable) (data.Frames, error) {
	var texts, values []string
	var cut bool
	var err error
	switch q.Values {
	case query.RepoNames:
		values, cut, err = repoValues(ctx, store, q)
		texts = values
	case query.LastDay:
		texts, values, err = lastDay(ctx, store, q)
	case query.Pages:
		texts, values, err = pageValues(ctx, store, q)
	default:
		texts, values, err = groupValues(ctx, store, q)
		if q.Limit > 0 && len(values) > q.Limit {
			texts, values, cut = texts[:q.Limit], values[:q.Limit], true
		}
	}
	if err != nil {
		return nil, err
	}
	f := newFrame(nameVariable, data.FrameTypeTable)
	if len(values) > 0 {
		f.Fields = append(f.Fields,
			describe(data.NewField("text", nil, texts), "Text", "", "What is shown."),
			describe(data.NewField("value", nil, values), "Value", "", "What the variable becomes."),
		)
	}
	if cut {
		warn(f, "Only the first %d values are listed. There are more: a search or a larger limit shows them.", q.Limit)
	}
	return data.Frames{f}, nil
}

// repoValues returns the full names of repositories, in the order asked for. The
// name that a model and a dataset share is one value.
func repoValues(ctx context.Context, store history.Reader, q query.Variable) (names []string, cut bool, err error) {
	page, err := store.Repos(ctx, history.ReposQuery{
		Filter: q.Filter, Period: q.Days(), Sort: q.Sort, Ascending: q.Ascending, Limit: q.Limit,
	})
	if err != nil {
		return nil, false, err
	}
	seen := make(map[string]bool, len(page.Rows))
	for _, r := range page.Rows {
		if !seen[r.Repo.Name] {
			seen[r.Repo.Name] = true
			names = append(names, r.Repo.Name)
		}
	}
	return names, page.Matched > len(page.Rows), nil
}

// groupValues returns repo types, in the Hub's order, or organizations or groups, by name. The
// search is for the values themselves, not for names of repositories.
func groupValues(ctx context.Context, store history.Reader, q query.Variable) (texts, values []string, err error) {
	ask := history.OverviewQuery{Filter: q.Filter, Period: q.Days(), ByRepoType: q.Values == query.RepoTypes, ByOrg: q.Values == query.Orgs, ByGroup: q.Values == query.Groups}
	ask.Filter.Search = ""
	o, err := store.Overview(ctx, ask)
	if err != nil {
		return nil, nil, err
	}
	search := strings.ToLower(q.Filter.Search)
	for _, g := range o.Groups {
		text, value := string(g.RepoType), string(g.RepoType)
		switch q.Values {
		case query.Orgs:
			text, value = orgText(g.Org), g.Org
		case query.Groups:
			text, value = g.Group, g.Group
		}
		if strings.Contains(strings.ToLower(text), search) {
			texts, values = append(texts, text), append(values, value)
		}
	}
	return texts, values, nil
}

// lastDay returns the last recorded day of what is selected, none without a record.
func lastDay(ctx context.Context, store history.Reader, q query.Variable) (texts, values []string, err error) {
	o, err := store.Overview(ctx, history.OverviewQuery{Filter: q.Filter})
	if err != nil || len(o.Groups) == 0 || o.Groups[0].Recorded.Len() == 0 {
		return nil, nil, err
	}
	day := o.Groups[0].Recorded.To
	return []string{dateText(day)}, []string{day.String()}, nil
}

// pageValues returns where one can go from a page of the table of repositories: to the first
// one, to the one before it, to itself, to the next one and to the last, each as the number of
// rows before it. What does not exist has no text, so that all of them keep their places.
func pageValues(ctx context.Context, store history.Reader, q query.Variable) (texts, values []string, err error) {
	page, err := store.Repos(ctx, history.ReposQuery{Filter: q.Filter, Period: q.Days(), Limit: 1})
	if err != nil || page.Matched == 0 {
		return nil, nil, err
	}
	offset, last := q.Offset, (page.Matched-1)/q.Limit*q.Limit
	if offset >= page.Matched {
		offset = 0 // as the table
	}
	add := func(text string, to int, is bool) {
		if !is {
			text = ""
		}
		texts, values = append(texts, text), append(values, strconv.Itoa(to))
	}
	add("« First", 0, offset > 0)
	add("‹ Previous", max(offset-q.Limit, 0), offset > 0)
	add(fmt.Sprintf("%s–%s of %s", textenc.Grouped(int64(offset+1)), textenc.Grouped(int64(min(offset+q.Limit, page.Matched))), textenc.Grouped(int64(page.Matched))), offset, true)
	add("Next ›", offset+q.Limit, offset+q.Limit < page.Matched)
	add("Last »", last, offset+q.Limit < page.Matched)
	return texts, values, nil
}
