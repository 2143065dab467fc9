package dashboards

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDashboards(t *testing.T) {
	var names []string
	uids, titles := map[string]string{}, map[string]string{}
	for _, d := range boards(t) {
		names = append(names, d.file)
		if other, ok := uids[d.UID]; ok || !regexp.MustCompile(`^huggingface-[a-z-]{1,28}$`).MatchString(d.UID) {
			t.Errorf("%s: expected a uid of its own of at most 40 letters that begins with huggingface-, got %q (%s)", d.file, d.UID, other)
		}
		if other, ok := titles[d.Title]; ok || d.Title == "" || d.Description == "" {
			t.Errorf("%s: expected a title of its own and a description, got %q (%s) and %q", d.file, d.Title, other, d.Description)
		}
		uids[d.UID], titles[d.Title] = d.file, d.file
		if d.ID != nil || d.Inputs != nil {
			t.Errorf("%s: expected neither id nor __inputs, which provisioning would stumble over", d.file)
		}
		if d.SchemaVersion < 41 || d.SchemaVersion > 42 {
			t.Errorf("%s: expected schemaVersion 41 or 42, got %d", d.file, d.SchemaVersion)
		}
		if d.Editable == nil || *d.Editable || d.Timezone != "utc" {
			t.Errorf("%s: expected editable false and timezone utc, for days are those of UTC; got %v and %q", d.file, d.Editable, d.Timezone)
		}
		if !slices.Contains(d.Tags, "hugging-face") {
			t.Errorf("%s: expected the tag hugging-face, by which dashboards find each other, got %v", d.file, d.Tags)
		}
	}
	if want := []string{fileExporter, filePrometheus, fileShared, fileAnalytics, fileRepository}; !slices.Equal(names, want) {
		t.Errorf("expected the dashboards %v, got %v", want, names)
	}
}

// Every query has to go to the data source that the user chose.
func TestDataSourceIsAVariable(t *testing.T) {
	for _, d := range boards(t) {
		if d.file == fileShared {
			continue
		}
		first := d.Templating.List[0]
		if first.Name != "datasource" || first.Type != "datasource" || first.Label != "Data source" ||
			first.Current["text"] != "default" || first.Current["value"] != "default" {
			t.Errorf("%s: expected the first variable to be datasource, labeled Data source and with the value default, got %+v", d.file, first)
		}
		if d.source() != pluginID && d.source() != "prometheus" {
			t.Errorf("%s: expected data sources of type %s or prometheus, got %q", d.file, pluginID, d.source())
		}
		want := ref{Type: d.source(), UID: "${datasource}"}
		check := func(where string, got ref) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s: expected %+v, got %+v", d.file, where, want, got)
			}
		}
		for _, v := range d.Templating.List {
			if v.Type == "query" {
				check("variable "+v.Name, deref(v.Datasource))
			}
		}
		for _, a := range d.Annotations.List {
			check("annotation "+a.Name, deref(a.Datasource))
		}
		for _, p := range d.shown() {
			check("panel "+p.Title, deref(p.Datasource))
			for _, target := range p.Targets {
				// Grafana's own expressions have a fixed name.
				if got := refOf(target); got != (ref{Type: "__expr__", UID: "__expr__"}) {
					check("a query of panel "+p.Title, got)
				}
			}
		}
	}
}

func deref(r *ref) ref {
	if r == nil {
		return ref{}
	}
	return *r
}

func TestPanelsAreExplained(t *testing.T) {
	for _, d := range boards(t) {
		ids, titles := map[int]bool{}, map[string]bool{}
		for _, p := range d.Panels {
			if p.ID <= 0 || ids[p.ID] {
				t.Errorf("%s: panel %q: expected an id of its own, got %d", d.file, p.Title, p.ID)
			}
			ids[p.ID] = true
		}
		for _, p := range d.shown() {
			// The pages of a table are a part of the table, and have no frame of their own.
			if p.Title == "" && !p.Transparent || titles[p.Title] {
				t.Errorf("%s: expected each panel to have a title of its own, got %q", d.file, p.Title)
			}
			titles[p.Title] = true
			if len(p.Description) < 30 || !strings.HasSuffix(p.Description, ".") {
				t.Errorf("%s: panel %q: expected a description in sentences, got %q", d.file, p.Title, p.Description)
			}
			if member(p.FieldConfig.Defaults, "unit") == "" {
				t.Errorf("%s: panel %q: expected a unit", d.file, p.Title)
			}
			if len(p.Targets) == 0 {
				t.Errorf("%s: panel %q: expected a query", d.file, p.Title)
			}
			refs := map[string]bool{}
			for _, target := range p.Targets {
				if id := member(target, "refId"); id == "" || refs[id] {
					t.Errorf("%s: panel %q: expected each query to have a refId of its own, got %q", d.file, p.Title, id)
				} else {
					refs[id] = true
				}
			}
		}
		for _, v := range d.Templating.List {
			if v.Label == "" || v.Description == "" {
				t.Errorf("%s: variable %s: expected a label and a description", d.file, v.Name)
			}
		}
	}
}

// widthOfGrid is in how many columns Grafana lays panels out.
const widthOfGrid = 24

// Every line of a dashboard is filled, and no two panels are on top of each other.
func TestGrid(t *testing.T) {
	for _, d := range boards(t) {
		type cell struct{ x, y int }
		taken, filled, height := map[cell]string{}, map[int]int{}, 0
		for _, p := range d.Panels {
			g := p.GridPos
			if g.W <= 0 || g.H <= 0 || g.X < 0 || g.Y < 0 || g.X+g.W > widthOfGrid {
				t.Errorf("%s: panel %q: expected a place within %d columns, got %+v", d.file, p.Title, widthOfGrid, g)
			}
			for y := g.Y; y < g.Y+g.H; y++ {
				for x := g.X; x < g.X+g.W; x++ {
					if other, ok := taken[cell{x, y}]; ok {
						t.Fatalf("%s: panels %q and %q overlap", d.file, other, p.Title)
					}
					taken[cell{x, y}] = p.Title
					filled[y]++
				}
			}
			height = max(height, g.Y+g.H)
		}
		for y := range height {
			if filled[y] != widthOfGrid {
				t.Errorf("%s: line %d: expected all %d columns to be filled, got %d", d.file, y, widthOfGrid, filled[y])
			}
		}
	}
}

// Units are those that Grafana knows; one that it does not know is shown as text
// behind the number.
func TestUnits(t *testing.T) {
	known := regexp.MustCompile(`^(short|locale|none|string|percent|percentunit|s|bytes|reqps|reqpm|dateTimeFromNow|time:(YYYY-MM-DD|MMM YYYY|MMM D, YYYY))$`)
	check := func(file, title string, unit any) {
		t.Helper()
		if s, _ := unit.(string); !known.MatchString(s) {
			t.Errorf("%s: panel %q: expected a unit that Grafana knows, got %v", file, title, unit)
		}
	}
	for _, d := range boards(t) {
		for _, p := range d.shown() {
			check(d.file, p.Title, p.FieldConfig.Defaults["unit"])
			for _, o := range p.FieldConfig.Overrides {
				for _, property := range o.Properties {
					if property.ID == "unit" {
						check(d.file, p.Title, property.Value)
					}
				}
			}
		}
	}
}
