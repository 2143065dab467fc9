package frames

import (
	"slices"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestVariable(t *testing.T) {
	s := world(t)
	q := ask{RefID: "A", Type: query.TypeVariable, Values: query.Orgs, Period: query.AllTime, Limit: 100}
	golden(t, "variable_orgs", answer(t, s, q))

	f := func(q ask, cut bool, want ...string) {
		t.Helper()
		frame := answer(t, s, q)[0]
		if got := field[string](t, frame, "value"); !slices.Equal(got, want) {
			t.Errorf("got the values %q, want %q", got, want)
		}
		if got := field[string](t, frame, "text"); q.Values != query.Orgs && !slices.Equal(got, want) {
			t.Errorf("got the texts %q, want %q", got, want)
		}
		if (len(frame.Meta.Notices) > 0) != cut {
			t.Errorf("got the notices %v, want one: %t", frame.Meta.Notices, cut)
		}
	}
	// The search is for organizations, not for their repositories.
	q.Filter.Search = "BET"
	f(q, false, "beta")
	q.Filter.Search = "no org"
	f(q, false, "")
	q.Filter.Search = "alpha"
	noData(t, answer(t, s, q), data.FrameTypeTable)
	q.Filter.Search = ""
	q.Filter.RepoTypes = []history.RepoType{history.Dataset}
	f(q, false, "acme")
	q.Filter.RepoTypes = nil
	q.Limit = 2
	f(q, true, "", "acme")

	q = ask{Type: query.TypeVariable, Values: query.RepoTypes, Period: query.AllTime, Limit: 4}
	f(q, false, "model", "dataset", "space", "kernel")
	q.Filter.Orgs = []string{"beta"}
	f(q, false, "space", "kernel")

	// The last recorded day is that of what is selected, written for the title of a panel.
	last := ask{Type: query.TypeVariable, Values: query.LastDay, Period: query.AllTime, Limit: 100}
	day := func(filter history.Filter, text, value string) {
		t.Helper()
		last.Filter = filter
		frame := answer(t, s, last)[0]
		if got := field[string](t, frame, "text"); !slices.Equal(got, []string{text}) {
			t.Errorf("got the texts %q, want %q", got, text)
		}
		if got := field[string](t, frame, "value"); !slices.Equal(got, []string{value}) {
			t.Errorf("got the values %q, want %q", got, value)
		}
	}
	day(history.Filter{}, "March 9, 2024", "2024-03-09")
	day(history.Filter{Orgs: []string{"beta"}}, "March 7, 2024", "2024-03-07")
	last.Filter = history.Filter{Search: "nothing like it"}
	noData(t, answer(t, s, last), data.FrameTypeTable)

	// From a page one can go to others, which keep their places.
	pages := func(offset, limit int, filter history.Filter, texts, values []string) {
		t.Helper()
		frame := answer(t, s, ask{Type: query.TypeVariable, Values: query.Pages, Period: query.AllTime, Filter: filter, Limit: limit, Offset: offset})[0]
		if got := field[string](t, frame, "text"); !slices.Equal(got, texts) {
			t.Errorf("offset %d: got the texts %q, want %q", offset, got, texts)
		}
		if got := field[string](t, frame, "value"); !slices.Equal(got, values) {
			t.Errorf("offset %d: got the values %q, want %q", offset, got, values)
		}
	}
	pages(0, 2, history.Filter{}, []string{"", "", "1–2 of 5", "Next ›", "Last »"}, []string{"0", "0", "0", "2", "4"})
	pages(2, 2, history.Filter{}, []string{"« First", "‹ Previous", "3–4 of 5", "Next ›", "Last »"}, []string{"0", "0", "2", "4", "4"})
	pages(4, 2, history.Filter{}, []string{"« First", "‹ Previous", "5–5 of 5", "", ""}, []string{"0", "2", "4", "6", "4"})
	pages(0, 5, history.Filter{}, []string{"", "", "1–5 of 5", "", ""}, []string{"0", "0", "0", "5", "0"})
	pages(4, 2, history.Filter{Search: "demo"}, []string{"", "", "1–1 of 1", "", ""}, []string{"0", "0", "0", "2", "0"})
	noData(t, answer(t, s, ask{Type: query.TypeVariable, Values: query.Pages, Filter: last.Filter, Limit: 2}), data.FrameTypeTable)

	// A name that two repositories share is one value.
	q = ask{Type: query.TypeVariable, Values: query.RepoNames, Period: query.AllTime, Sort: history.SortTotal, Limit: 5}
	f(q, false, "acme/alpha", "legacy-one", "beta/fast?", "beta/demo")
	q.Sort, q.Ascending = history.SortName, true
	f(q, false, "acme/alpha", "beta/demo", "beta/fast?", "legacy-one")
	q.Limit = 3
	f(q, true, "acme/alpha", "beta/demo")
	q.Filter.Search = "DEMO"
	f(q, false, "beta/demo")
}
