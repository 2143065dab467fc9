package frames

import (
	"cmp"
	"context"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// numberTexts are what is said of numbers: their names, units and explanations.
var numberTexts = map[query.Number]struct{ name, unit, description string }{
	query.Downloads:          {"Downloads", unitCount, "Downloads in the period."},
	query.Before:             {"Before", unitCount, "Downloads in the period of the same length just before."},
	query.Change:             {"Change", unitCount, "Downloads less those before."},
	query.ChangePercent:      {"Change (%)", unitPercent, "Change in percent of the downloads before."},
	query.Share:              {"Share", unitPercent, "Downloads in percent of those of all repositories of the selected types and organizations."},
	query.Rank:               {"Rank", "", "Place by downloads in the period; the most downloads are 1."},
	query.TotalDownloads:     {"Total", unitCount, "The Hub's cumulative number of downloads."},
	query.DaysSinceRecord:    {"Days since the last record", "", "Days from the last recorded day to the end of the time range."},
	query.RepoCount:          {"Repos", unitCount, "Number of repositories."},
	query.LastMonthDownloads: {"Last 30 days", unitCount, "The Hub's own number of downloads of the last 30 days."},
	query.Likes:              {"Likes", unitCount, "Likes on the Hub."},
	query.Removed:            {"Removed", unitCount, "Downloads that the Hub counted and later removed."},
	query.Backdated:          {"Backdated", unitCount, "Downloads that the Hub added for days in the distant past."},
}

// numberField describes the field of a number.
func numberField[T any](n query.Number, values []T) *data.Field {
	text := numberTexts[n]
	return describe(data.NewField(string(n), nil, values), text.name, text.unit, text.description)
}

// numbers is one number of each group or repository with what these are named by: a
// frame in which alert rules find one number a row, and SQL expressions a table. What is
// not known has no row.
type numbers struct {
	number query.Number
	names  []string // of the dimensions
	dims   [][]string
	values []float64
}

func newNumbers(number query.Number, dimensions ...string) *numbers {
	return &numbers{number: number, names: dimensions, dims: make([][]string, len(dimensions))}
}

// repoNumbers is the numbers of repositories.
func repoNumbers(number query.Number) *numbers {
	return newNumbers(number, "repo_type", "org", "repo")
}

func (n *numbers) add(value float64, dimensions ...string) {
	n.values = append(n.values, value)
	for i, d := range dimensions {
		n.dims[i] = append(n.dims[i], d)
	}
}

func (n *numbers) addRepo(value float64, r history.Repo) {
	n.add(value, string(r.Type), r.Org(), r.Name)
}

func (n *numbers) frame(name string) *data.Frame {
	f := newFrame(name, data.FrameTypeNumericLong)
	n.fill(f)
	return f
}

func (n *numbers) fill(f *data.Frame) {
	if len(n.values) == 0 {
		return
	}
	for i, dim := range n.names {
		f.Fields = append(f.Fields, dimensionField(dim, n.dims[i]))
	}
	f.Fields = append(f.Fields, numberField(n.number, n.values))
}

// dimensionField describes a field by which rows are told apart.
func dimensionField(name string, values []string) *data.Field {
	switch name {
	case "repo_type":
		return describe(data.NewField(name, nil, values), "Repo type", "", "What the repository holds: model, dataset, space or another word of the Hub.")
	case "group":
		return describe(data.NewField(name, nil, values), "Group", "", "Group of repositories. Groups may overlap.")
	case "org":
		return describe(data.NewField(name, nil, values), "Organization", "", "Organization or user, nothing for legacy names without one.")
	}
	return describe(data.NewField(name, nil, values), "Repo", "", "Full name of the repository.")
}

// overviewNumbers answers with a number of each group.
func overviewNumbers(ctx context.Context, store history.Reader, o history.Overview, tallies []tally, q query.Overview) (*data.Frame, error) {
	n := newNumbers(q.Value)
	if dimension := dimensions[q.GroupBy]; dimension != "" {
		n = newNumbers(q.Value, dimension)
	}
	all := int64(0)
	if q.Value == query.Share {
		var err error
		if all, err = downloadsOfAll(ctx, store, q.Common); err != nil {
			return nil, err
		}
	}
	var places []int
	if q.Value == query.Rank {
		places = placesOf(tallies)
	}
	for i := range o.Groups {
		g, t := &o.Groups[i], tallies[i]
		value, known := t.number(q.Value, q.Common)
		switch q.Value {
		case query.RepoCount:
			value, known = float64(g.Repos), true
		case query.Share:
			value, known = percent(t.downloads, all), all > 0 && t.downloads != history.Unknown
		case query.Rank:
			value, known = float64(places[i]), t.downloads != history.Unknown
		}
		switch {
		case !known:
		case q.GroupBy == query.GroupByNone:
			n.add(value)
		default:
			n.add(value, dimensionOf(g, q.GroupBy))
		}
	}
	return n.frame(nameOverview), nil
}

// placesOf returns the place of each by its downloads, from 1. Equal ones keep their order.
func placesOf(tallies []tally) []int {
	order := make([]int, len(tallies))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(tallies[b].downloads, tallies[a].downloads) })
	places := make([]int, len(tallies))
	for place, i := range order {
		places[i] = place + 1
	}
	return places
}

// reposNumbers answers with a number of each repository of a page.
func reposNumbers(ctx context.Context, store history.Reader, page history.ReposPage, tallies []tally, q query.Repos) (*data.Frame, error) {
	other, err := otherNumbers(ctx, store, page, q)
	if err != nil {
		return nil, err
	}
	n := repoNumbers(q.Value)
	for i := range page.Rows {
		r := &page.Rows[i]
		value, known := tallies[i].number(q.Value, q.Common)
		if other != nil {
			value, known = other[r.Repo]
		}
		switch q.Value {
		case query.Removed:
			value, known = float64(r.Removed), true
		case query.Backdated:
			value, known = float64(r.Backdated), true
		}
		if known {
			n.addRepo(value, r.Repo)
		}
	}
	f := n.frame(nameRepos)
	// Who chose a limit knows.
	if rest := page.Matched - q.Offset - len(page.Rows); rest > 0 && q.Limit == query.DefaultRows {
		warn(f, "Only %d of %d repositories are here, the default: an alert rule does not look at the others. A limit says how many.", len(page.Rows), page.Matched)
	}
	return f, nil
}

// otherNumbers returns the numbers of the repositories of a page that their rows do not
// have, nil if the rows have them.
func otherNumbers(ctx context.Context, store history.Reader, page history.ReposPage, q query.Repos) (map[history.Repo]float64, error) {
	if len(page.Rows) == 0 {
		return nil, nil
	}
	found := make(map[history.Repo]float64, len(page.Rows))
	switch q.Value {
	case query.Share:
		all, err := downloadsOfAll(ctx, store, q.Common)
		for _, r := range page.Rows {
			if all > 0 {
				found[r.Repo] = percent(r.Downloads, all)
			}
		}
		return found, err
	case query.Rank:
		wanted := make(map[history.Repo]bool, len(page.Rows))
		for _, r := range page.Rows {
			wanted[r.Repo] = true
		}
		place := 0
		err := eachRow(ctx, store, history.ReposQuery{Filter: ofGroups(q.Filter), Period: q.Days()}, func(r *history.RepoRow) bool {
			if place++; wanted[r.Repo] {
				found[r.Repo] = float64(place)
			}
			return len(found) < len(wanted)
		})
		return found, err
	case query.LastMonthDownloads, query.Likes:
		rows := make(map[history.Repo]bool, len(page.Rows))
		for _, r := range page.Rows {
			rows[r.Repo] = true
		}
		err := eachCount(ctx, store, q.Filter.RepoTypes, rows, func(c history.Counts) {
			n := c.Likes
			if q.Value == query.LastMonthDownloads {
				n = c.LastMonth
			}
			if n != history.Unknown {
				found[c.Repo] = float64(n)
			}
		})
		return found, err
	}
	return nil, nil
}

// eachCount calls each with what the metrics page shows of those repositories.
func eachCount(ctx context.Context, store history.Reader, types []history.RepoType, repos map[history.Repo]bool, each func(history.Counts)) error {
	for part := range chunksOfNames(repos) {
		for c, err := range store.Counts(ctx, history.Filter{RepoTypes: types, Repos: part}) {
			if err != nil {
				return err
			}
			if repos[c.Repo] { // a name may be of another type too
				each(c)
			}
		}
	}
	return nil
}

// ofGroups is a filter without what selects single repositories.
func ofGroups(f history.Filter) history.Filter {
	return history.Filter{RepoTypes: f.RepoTypes, Orgs: f.Orgs, Groups: f.Groups}
}

// downloadsOfAll returns the downloads of all repositories of the selected types and
// organizations in the period.
func downloadsOfAll(ctx context.Context, store history.Reader, q query.Common) (int64, error) {
	o, err := store.Overview(ctx, history.OverviewQuery{Filter: ofGroups(q.Filter), Period: q.Days()})
	if err != nil || len(o.Groups) == 0 {
		return 0, err
	}
	return o.Groups[0].Downloads, nil
}
