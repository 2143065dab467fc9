package dashboards

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
)

// links returns every link of a dashboard that leads to an address.
func (d *dashboard) links() []dataLink {
	var out []dataLink
	for _, l := range d.Links {
		if l.Type == "link" {
			out = append(out, dataLink{l.Title, l.URL, l.TargetBlank})
		}
	}
	add := func(value any) {
		list, _ := value.([]any)
		for _, l := range list {
			l, _ := l.(object)
			blank, _ := l["targetBlank"].(bool)
			out = append(out, dataLink{member(l, "title"), member(l, "url"), blank})
		}
	}
	for _, p := range d.Panels {
		out = append(out, p.Links...)
		add(p.FieldConfig.Defaults["links"])
		for _, o := range p.FieldConfig.Overrides {
			for _, property := range o.Properties {
				if property.ID == "links" {
					add(property.Value)
				}
			}
		}
	}
	return out
}

// inLink are the values of the row that was clicked and of the time range, which
// links can use besides the variables.
func inLink(c choice) choice {
	out := choice{
		"__data.fields.repo":      {sample["repo"][0]},
		"__data.fields.repo_type": {"dataset"},
		"__data.fields.path":      {"datasets/" + sample["repo"][0]},
		"__data.fields.url":       {"https://huggingface.co/datasets/" + sample["repo"][0]},
		"__value.raw":             {"https://huggingface.co/datasets/" + sample["repo"][0]},
		"__data.fields.value":     {"200"},
		"__url.path":              {"/d/this-board"},
		"__from":                  {"1772323200000"},
		"__to":                    {"1780099199999"},
	}
	maps.Copy(out, c)
	return out
}

func TestLinksLeadSomewhere(t *testing.T) {
	csv, pages, others, turns := 0, 0, 0, 0
	for _, d := range boards(t) {
		for _, l := range d.links() {
			for _, c := range d.choices() {
				address := strings.NewReplacer("${__url_time_range}", "from=now-7d&to=now", "${__url.params:exclude:var-offset}", "?from=now-7d&var-offset-of=others").
					Replace(inLink(c).inText(l.URL))
				u, err := url.Parse(address)
				if err != nil || strings.Contains(strings.ReplaceAll(address, "$__all", ""), "$") {
					t.Fatalf("%s: link %q: expected an address without variables, got %q, %v", d.file, l.Title, address, err)
				}
				switch {
				case u.Host == "huggingface.co" && u.Scheme == "https":
					pages++
					if !l.TargetBlank || u.Path != "/datasets/"+sample["repo"][0] {
						t.Errorf("%s: link %q: expected the page of the repository in another tab, got %q", d.file, l.Title, address)
					}
				case u.Path == "/d/this-board":
					turns++
					if u.Query().Get("var-offset") != "200" || u.Query().Get("from") != "now-7d" {
						t.Errorf("%s: link %q: expected the same board with the page that was clicked, got %q", d.file, l.Title, address)
					}
				case strings.HasPrefix(address, "/d/"):
					others++
					checkDashboardLink(t, d, l, u)
				default:
					csv++
					checkCSVLink(t, d, l, u, c)
				}
			}
		}
	}
	if csv == 0 || pages == 0 || others == 0 || turns == 0 {
		t.Errorf("expected links to CSV files, pages of the Hub, dashboards and pages of a table, got %d, %d, %d and %d", csv, pages, others, turns)
	}
}

// checkDashboardLink looks for the dashboard, and for the variables that are set.
func checkDashboardLink(t *testing.T, from *dashboard, l dataLink, u *url.URL) {
	t.Helper()
	all := boards(t)
	i := slices.IndexFunc(all, func(d *dashboard) bool { return "/d/"+d.UID == u.Path })
	if i < 0 {
		t.Errorf("%s: link %q: expected an existing dashboard, got %q", from.file, l.Title, u)
		return
	}
	for name := range u.Query() {
		v, ok := strings.CutPrefix(name, "var-")
		if ok && !slices.ContainsFunc(all[i].Templating.List, func(have variable) bool { return have.Name == v }) {
			t.Errorf("%s: link %q: expected a variable of %s, got %q", from.file, l.Title, all[i].file, v)
		}
	}
	if got := u.Query().Get("var-repo"); got != sample["repo"][0] {
		t.Errorf("%s: link %q: expected the repository that was clicked, %q, got %q", from.file, l.Title, sample["repo"][0], got)
	}
}

// checkCSVLink decodes the address as the plugin does. The file has to be of what
// is chosen, or of the row that was clicked.
func checkCSVLink(t *testing.T, d *dashboard, l dataLink, u *url.URL, c choice) {
	t.Helper()
	where := d.file + ": link " + l.Title + " to " + u.String()
	if u.Path != "/api/datasources/uid/"+sample["source"][0]+"/resources/export.csv" {
		t.Errorf("%s: expected the resource export.csv of the data source", where)
	}
	if !l.TargetBlank {
		t.Errorf("%s: expected targetBlank, without which Grafana's router takes the click", where)
	}
	q, _, err := query.DecodeURL(u.RawQuery)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	if q.Limit != 0 || string(q.Period) != c["period"][0] {
		t.Errorf("%s: expected all records of the period %s, got a limit of %d and %s", where, c["period"][0], q.Limit, q.Period)
	}
	if q.Period == query.TimeRange && (q.From.UnixMilli() != 1772323200000 || q.To.UnixMilli() != 1780099199999) {
		t.Errorf("%s: expected the time range of the dashboard, got %s to %s", where, q.From, q.To)
	}
	var types []string
	for _, r := range q.Filter.RepoTypes {
		types = append(types, string(r))
	}
	wantRepos, wantTypes, wantOrgs, wantSearch := c.chosen("repo"), c.chosen("repo_type"), c.chosen("org"), c["search"]
	if strings.Contains(l.URL, "${__data.fields.repo:") {
		wantRepos, wantTypes, wantOrgs, wantSearch = sample["repo"][:1], []string{"dataset"}, nil, nil
	} else if d.file == fileRepository {
		wantOrgs = nil
	}
	if !slices.Equal(q.Filter.Repos, wantRepos) || !slices.Equal(types, wantTypes) || !slices.Equal(q.Filter.Orgs, wantOrgs) ||
		q.Filter.Search != strings.Join(wantSearch, "") {
		t.Errorf("%s with %v: expected repos %q, types %q, orgs %q and search %q, got %+v", where, c, wantRepos, wantTypes, wantOrgs, wantSearch, q.Filter)
	}
}

// Each dashboard of the Hub's numbers offers them as CSV without a click on a row.
func TestDashboardsOfferCSV(t *testing.T) {
	for _, file := range []string{fileAnalytics, fileRepository} {
		if !slices.ContainsFunc(board(t, file).Links, func(l dashboardLink) bool {
			return l.Title == "Export CSV" && strings.Contains(l.URL, "/resources/export.csv?")
		}) {
			t.Errorf("%s: expected the link Export CSV on top", file)
		}
	}
}

// The list of the other dashboards is made by Grafana, by their tag.
func TestDashboardsListEachOther(t *testing.T) {
	for _, d := range boards(t) {
		if d.file == fileShared {
			continue // who sees it sees no other
		}
		if !slices.ContainsFunc(d.Links, func(l dashboardLink) bool {
			return l.Type == "dashboards" && slices.Equal(l.Tags, []string{"hugging-face"})
		}) {
			t.Errorf("%s: expected a list of the dashboards with the tag hugging-face", d.file)
		}
	}
}
