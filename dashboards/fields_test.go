package dashboards

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/frames"
	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// Repositories of the history that the tests ask.
const (
	someRepo = "acme/heron"
	someOrg  = "acme"
)

// someHistory is a store of two organizations up to the last day of wide, and of
// one repository that has had a correction, and was listed.
func someHistory(t *testing.T) history.Reader {
	t.Helper()
	store := memtable.NewStore()
	last := history.DayOf(wide.To)
	for i, org := range []string{someOrg, "globex"} {
		rows := synthetic.Rows(synthetic.Options{Org: org, Repos: 15, Days: 400, Seed: uint64(i), Last: last})
		if _, err := store.Append(t.Context(), history.Batch{Rows: rows}); err != nil {
			t.Fatal(err)
		}
	}
	repo := history.Repo{Type: history.Model, Name: someRepo}
	for i, total := range []int64{1_500_000, 1_499_000, 1_499_000} {
		var records []history.Record
		for day := last - 200; day <= last; day++ {
			records = append(records, history.Record{Repo: repo, Total: total, Day: day, Downloads: 6_000})
		}
		version := history.Version{Source: history.Published, AsOf: history.AsOfTime(wide.To.Add(time.Duration(i-3) * 24 * time.Hour))}
		if _, err := store.Append(t.Context(), history.Batch{Rows: history.RowsOf(version, records...)}); err != nil {
			t.Fatal(err)
		}
	}
	listed := history.NewRepoMeta(repo)
	listed.Total, listed.LastMonth, listed.Likes, listed.ListedAsOf = 1_499_000, 180_000, 7, history.AsOfTime(wide.To)
	listed.TotalAsOf = listed.ListedAsOf
	if _, err := store.Append(t.Context(), history.Batch{Meta: []history.RepoMeta{listed}}); err != nil {
		t.Fatal(err)
	}
	return store
}

// inHistory is a choice of what is in someHistory.
func inHistory(period string) choice {
	return choice{
		"period": {period}, "org": {someOrg}, "repo_type": {"model"}, "repo": {someRepo},
		"search": {""}, "__searchFilter": {""}, "sort": {"downloads"}, "order": {"auto"}, "offset": {"0"},
		"overlay": {"previous_period"}, "datasource": {"default"}, "source": {"publisher-analytics"},
	}
}

// answer returns the frames of a query.
func answer(t *testing.T, store history.Reader, q object, c choice) data.Frames {
	t.Helper()
	decoded, err := decode(q, c)
	if err != nil {
		t.Fatal(err)
	}
	f, err := frames.Answer(context.Background(), store, decoded, hub.DefaultEndpoint)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// fieldNames adds the names by which Grafana finds the fields of frames: their own
// and those for people.
func fieldNames(into map[string]bool, answer data.Frames) {
	for _, frame := range answer {
		for _, field := range frame.Fields {
			into[field.Name] = true
			if field.Config != nil {
				into[field.Config.DisplayNameFromDS] = true
			}
			for _, label := range field.Labels {
				into[label] = true
			}
		}
	}
}

// A column that is renamed, hidden or colored has to be in the answer: under
// another name, Grafana would silently leave it as it is.
func TestOverridesAreOfFieldsThatThereAre(t *testing.T) {
	store := someHistory(t)
	count := 0
	for _, d := range boards(t) {
		if d.source() != pluginID {
			continue
		}
		for _, p := range d.shown() {
			names := map[string]bool{}
			for _, target := range p.Targets {
				if refOf(target).Type == pluginID {
					fieldNames(names, answer(t, store, target, inHistory("last_month")))
				}
			}
			if len(names) == 0 {
				t.Errorf("%s: panel %q: expected fields, got none", d.file, p.Title)
			}
			for _, name := range p.fieldsMeant(names) {
				count++
				if !names[name] {
					t.Errorf("%s: panel %q: expected one of the fields %v, got %q", d.file, p.Title, slices.Sorted(maps.Keys(names)), name)
				}
			}
		}
	}
	if count < 60 {
		t.Errorf("expected some eighty names of fields, got %d", count)
	}
}

// fieldsMeant returns the names of fields that a panel speaks of, and adds those
// that its transformations make.
func (p panel) fieldsMeant(names map[string]bool) []string {
	var meant []string
	for _, tr := range p.Transformations {
		switch tr.ID {
		case "filterFieldsByName":
			include, _ := tr.Options["include"].(object)
			list, _ := include["names"].([]any)
			for _, name := range list {
				meant = append(meant, name.(string))
			}
		case "organize":
			// Not all of them are there: which ones depends on the plugin's names.
			renames, _ := tr.Options["renameByName"].(object)
			for _, to := range renames {
				names[to.(string)] = true
			}
		case "calculateField":
			for _, mode := range []string{"window", "cumulative"} {
				if o, ok := tr.Options[mode].(object); ok {
					meant = append(meant, member(o, "field"))
				}
			}
			meant = append(meant, operands(tr.Options)...)
			names[member(tr.Options, "alias")] = true
		case "filterByValue":
			filters, _ := tr.Options["filters"].([]any)
			for _, f := range filters {
				meant = append(meant, member(f.(object), "fieldName"))
			}
		case "formatTime":
			meant = append(meant, member(tr.Options, "timeField"))
		case "rowsToFields":
			mappings, _ := tr.Options["mappings"].([]any)
			for _, m := range mappings {
				meant = append(meant, member(m.(object), "fieldName"))
			}
		case "groupBy":
			fields, _ := tr.Options["fields"].(object)
			meant = slices.AppendSeq(meant, maps.Keys(fields))
		}
	}
	// Types of repositories have colors of their own, whether they are there or not.
	names["model"], names["dataset"], names["space"] = true, true, true
	for _, o := range p.FieldConfig.Overrides {
		if name, ok := o.Matcher.Options.(string); ok && o.Matcher.ID == "byName" {
			meant = append(meant, name)
		}
	}
	return meant
}

// operands returns the fields that a calculation of two is made of.
func operands(options object) []string {
	binary, _ := options["binary"].(object)
	var names []string
	for _, side := range []string{"left", "right"} {
		operand, _ := binary[side].(object)
		if matcher, ok := operand["matcher"].(object); ok {
			names = append(names, member(matcher, "options"))
		}
	}
	return names
}

// The numbers on top are those that the command overview prints, which asks the
// store the same way.
func TestNumbersAreThoseOfTheOverview(t *testing.T) {
	store := someHistory(t)
	f := func(period string, p history.Period) {
		t.Helper()
		c := inHistory(period)
		want, err := store.Overview(t.Context(), history.OverviewQuery{
			Filter: history.Filter{Orgs: c["org"], RepoTypes: []history.RepoType{history.Model}}, Period: p,
		})
		if err != nil {
			t.Fatal(err)
		}
		all := want.Groups[0]
		if all.Downloads == 0 || all.Total == 0 {
			t.Fatalf("expected downloads to compare with, got %+v", all)
		}
		compared := 0
		for _, panel := range board(t, fileAnalytics).shown() {
			compared++
			switch panel.Title {
			case "Total on the Hub":
				expectNumber(t, period+" "+panel.Title, answer(t, store, panel.Targets[0], c), "total", all.Total)
			case "All repositories", "Models", "By repository type: ${period:text}":
				expectNumber(t, period+" "+panel.Title, answer(t, store, panel.Targets[0], c), "downloads", all.Downloads)
			default:
				compared--
			}
		}
		if compared != 4 {
			t.Errorf("expected four panels with numbers to compare, got %d", compared)
		}
	}
	f("all_time", history.Period{})
	f("last_month", history.Period{Kind: history.LastMonth})
	q := query.Common{Period: query.TimeRange, From: wide.From, To: wide.To}
	f("time_range", q.Days())
}

// expectNumber compares the sum of a field, as a panel reduces it.
func expectNumber(t *testing.T, what string, answer data.Frames, field string, want int64) {
	t.Helper()
	sum, found := int64(0), false
	for _, frame := range answer {
		f, _ := frame.FieldByName(field)
		if f == nil {
			continue
		}
		for i := range f.Len() {
			n, err := f.FloatAt(i)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			sum, found = sum+int64(n), true
		}
	}
	if !found || sum != want {
		t.Errorf("%s: expected %d, got %d", what, want, sum)
	}
}
