package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// adHocFilter is an ad hoc filter of a dashboard: repositories with one of the values.
type adHocFilter struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"` // = or =|
	Values   []string `json:"values"`
}

// narrowings are what ad hoc filters can be about: each narrows a list of a filter to some
// values, and reports whether something is left of it.
var narrowings = []struct {
	key    string
	narrow func(*history.Filter, []string) bool
}{
	{"repo_type", func(f *history.Filter, values []string) bool {
		types := make([]history.RepoType, len(values))
		for i, v := range values {
			types[i] = history.RepoType(v)
		}
		return intersect(&f.RepoTypes, types)
	}},
	{"org", func(f *history.Filter, values []string) bool { return intersect(&f.Orgs, values) }},
	{"repo", func(f *history.Filter, values []string) bool { return intersect(&f.Repos, values) }},
	{"group", func(f *history.Filter, values []string) bool { return intersect(&f.Groups, values) }},
}

// intersect leaves the values in a list, of which an empty one has all. If none are left, it
// returns false and leaves the list.
func intersect[T comparable](list *[]T, values []T) bool {
	left := values
	if len(*list) > 0 {
		left = nil
		for _, v := range *list {
			if slices.Contains(values, v) {
				left = append(left, v)
			}
		}
	}
	if len(left) == 0 {
		return false
	}
	*list = left
	return true
}

// narrow narrows a filter to what the ad hoc filters select, and reports whether something is
// left.
func (f *form) narrow(filter *history.Filter) bool {
	const name = "filters"
	v, ok := f.get(name)
	if !ok {
		return true
	}
	var filters []adHocFilter
	dec := json.NewDecoder(bytes.NewReader(v.raw))
	dec.DisallowUnknownFields()
	if v.raw == nil || dec.Decode(&filters) != nil {
		f.bad(name, "expected a list of objects with key, operator and values, got %s", v.shown())
		return true
	}
	keys := make([]string, len(narrowings))
	for i, n := range narrowings {
		keys[i] = n.key
	}
	left := true
	for i, adHoc := range filters {
		field := fmt.Sprintf("%s[%d]", name, i)
		at := slices.Index(keys, adHoc.Key)
		switch {
		case at < 0:
			f.bad(field, "expected the key %s, got %s", textenc.Alternatives(keys), textenc.Quote(adHoc.Key))
		case adHoc.Operator != "=" && adHoc.Operator != "=|":
			f.bad(field, "expected the operator = or =|, which select what to show, got %s", textenc.Quote(adHoc.Operator))
		case len(adHoc.Values) == 0 || len(adHoc.Values) > maxItems:
			f.bad(field, "expected 1 to %d values, got %d", maxItems, len(adHoc.Values))
		case !narrowings[at].narrow(filter, adHoc.Values):
			left = false
		}
	}
	return left
}
