package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/picture"
)

// controls are what one can choose.
func (v *view) controls(groups []history.Group) {
	f := &v.q.Filter
	one := func(items []string) string {
		if len(items) == 1 {
			return items[0]
		}
		return ""
	}
	v.Search, v.Org, v.Group = f.Search, one(f.Orgs), one(f.Groups)
	if len(f.RepoTypes) == 1 {
		v.Type = string(f.RepoTypes[0])
	}
	var types, orgs []string
	for _, g := range groups {
		if !slices.Contains(types, string(g.RepoType)) {
			types = append(types, string(g.RepoType))
		}
		if g.Org != "" {
			orgs = append(orgs, g.Org)
		}
	}
	slices.Sort(orgs)
	orgs = slices.Compact(orgs)
	for _, t := range types {
		v.Types = append(v.Types, choice{t, picture.TypeName(history.RepoType(t)), t == v.Type})
	}
	const maxOrgs = 1000 // more make no list that anybody reads
	if len(orgs) > 1 && len(orgs) <= maxOrgs {
		for _, o := range orgs {
			v.Orgs = append(v.Orgs, choice{o, o, o == v.Org})
		}
	}

	if v.GroupNames != nil {
		for _, g := range v.GroupNames() {
			v.Groups = append(v.Groups, choice{g, g, g == v.Group})
		}
	}

	period := v.q.Period
	for _, p := range []struct {
		text   string
		period history.Period
	}{
		{"Last month", history.Period{Kind: history.LastMonth}},
		{"90 days", lastDays(v.Recorded, 90)},
		{"Year", lastDays(v.Recorded, 365)},
		{"All time", history.Period{}},
	} {
		v.Periods = append(v.Periods, link{p.text, v.with(func(q *history.ReposQuery) { q.Period = p.period }), p.period == period})
	}
	if v.Days.Len() > 0 {
		v.From, v.To = v.Days.From.String(), v.Days.To.String()
	}
	v.CSV = "api/v1/records"
	if s := wire.Records.Encode(wire.RecordsQuery{RecordsQuery: history.RecordsQuery{Filter: *f, Period: period}}); s != "" {
		v.CSV += "?" + s
	}

	q := v.q
	q.Offset, q.Filter = 0, history.Filter{Repos: f.Repos}
	if len(f.RepoTypes) > 1 {
		q.Filter.RepoTypes = f.RepoTypes
	}
	if len(f.Orgs) > 1 || v.Orgs == nil {
		q.Filter.Orgs = f.Orgs
	}
	if len(f.Groups) > 1 {
		q.Filter.Groups = f.Groups
	}
	kept, _ := url.ParseQuery(strings.TrimPrefix(address(q), "?"))
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range kept {
			if !yield(name) {
				return
			}
		}
	}) {
		for _, value := range kept[name] {
			v.Kept = append(v.Kept, link{Text: name, Address: value})
		}
	}
}

// lastDays is the period of the last recorded days.
func lastDays(recorded history.Days, n int) history.Period {
	if recorded.Len() == 0 {
		return history.RangeOf(history.NoDay, history.NoDay)
	}
	return history.RangeOf(recorded.To-history.Day(n)+1, recorded.To)
}

// loadGroups asks for the sums of groups, unless some are chosen.
func (v *view) loadGroups(ctx context.Context, store history.Reader) error {
	if len(v.Groups) == 0 || len(v.q.Filter.Groups) > 0 {
		return nil
	}
	o, err := store.Overview(ctx, history.OverviewQuery{Filter: v.q.Filter, Period: v.q.Period, ByGroup: true})
	for _, g := range o.Groups {
		v.ByGroup = append(v.ByGroup, groupRow{v.cardOf(g.Group, "", g), v.with(func(q *history.ReposQuery) { q.Filter.Groups = []string{g.Group} })})
	}
	return err
}
