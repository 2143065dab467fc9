package dashboards

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"testing"
)

// pluginID is the type of our data source, as plugin.json has it.
const pluginID = "huggingfaceexporter-publisheranalytics-datasource"

// The dashboards there are, by file.
const (
	fileAnalytics  = "publisher-analytics.json"
	fileShared     = "publisher-analytics-shared.json"
	fileRepository = "repository.json"
	filePrometheus = "publisher-analytics-prometheus.json"
	fileExporter   = "exporter.json"
)

// object is a JSON object of which no Go type is known here.
type object = map[string]any

// dashboard is what the tests read of a dashboard's JSON.
type dashboard struct {
	file string

	ID            *int64   `json:"id"`
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	SchemaVersion int      `json:"schemaVersion"`
	Editable      *bool    `json:"editable"`
	Timezone      string   `json:"timezone"`
	Links         []dashboardLink
	Templating    struct {
		List []variable
	}
	Annotations struct {
		List []annotation
	}
	Panels []panel
	Inputs any `json:"__inputs"`
}

type dashboardLink struct {
	Title, Type, URL string
	Tags             []string
	TargetBlank      bool
}

type variable struct {
	Name, Type, Label, Description string
	Query                          any
	Datasource                     *ref
	Options                        []struct{ Value any }
	AllValue                       string
	Multi, IncludeAll              bool
	Hide                           int
	Current                        object
}

type annotation struct {
	Name       string
	Datasource *ref
	Target     object
}

// ref names a data source.
type ref struct{ Type, UID string }

type panel struct {
	ID                       int
	Type, Title, Description string
	Transparent              bool
	Datasource               *ref
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []object
	FieldConfig              struct {
		Defaults  object
		Overrides []struct {
			Matcher struct {
				ID      string
				Options any
			}
			Properties []struct {
				ID    string
				Value any
			}
		}
	}
	Options         object
	Links           []dataLink
	Transformations []struct {
		ID      string
		Options object
	}
}

// dataLink is a link of a panel or of a value.
type dataLink struct {
	Title, URL  string
	TargetBlank bool
}

// files returns the names of the shipped files of a folder with an ending.
func files(t *testing.T, folder, ending string) []string {
	t.Helper()
	names, err := fs.Glob(Files, path.Join(folder, "*"+ending))
	if err != nil || len(names) == 0 {
		t.Fatalf("expected files %s/*%s, got %v, %v", folder, ending, names, err)
	}
	return names
}

// content returns a shipped file.
func content(t *testing.T, name string) []byte {
	t.Helper()
	b, err := Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// boards returns all dashboards.
func boards(t *testing.T) []*dashboard {
	t.Helper()
	var all []*dashboard
	for _, name := range files(t, ".", ".json") {
		d := &dashboard{file: name}
		if err := json.Unmarshal(content(t, name), d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		d.shareTargets(t)
		all = append(all, d)
	}
	return all
}

// otherPanel is the data source of a panel that shows what another one asked for.
var otherPanel = ref{Type: "datasource", UID: "-- Dashboard --"}

// shareTargets gives panels that show the answer of another one its queries.
func (d *dashboard) shareTargets(t *testing.T) {
	t.Helper()
	for i, p := range d.Panels {
		if deref(p.Datasource) != otherPanel {
			continue
		}
		id, _ := p.Targets[0]["panelId"].(float64)
		j := slices.IndexFunc(d.Panels, func(p panel) bool { return p.ID == int(id) })
		if len(p.Targets) != 1 || refOf(p.Targets[0]) != otherPanel || j < 0 || deref(d.Panels[j].Datasource) == otherPanel {
			t.Fatalf("%s: panel %q: expected one query, with the id of a panel that has queries of its own, got %v", d.file, p.Title, p.Targets)
		}
		d.Panels[i].Datasource, d.Panels[i].Targets = d.Panels[j].Datasource, d.Panels[j].Targets
	}
}

// board returns a dashboard by its file.
func board(t *testing.T, file string) *dashboard {
	t.Helper()
	all := boards(t)
	i := slices.IndexFunc(all, func(d *dashboard) bool { return d.file == file })
	if i < 0 {
		t.Fatalf("expected a dashboard %s", file)
	}
	return all[i]
}

// source returns the type of the data source that the variable "datasource"
// offers, or without variables that of the panels.
func (d *dashboard) source() string {
	if len(d.Templating.List) == 0 {
		return deref(d.Panels[0].Datasource).Type
	}
	for _, v := range d.Templating.List {
		if v.Name == "datasource" {
			s, _ := v.Query.(string)
			return s
		}
	}
	return ""
}

// shown are the panels that show something, which rows do not.
func (d *dashboard) shown() []panel {
	return slices.DeleteFunc(slices.Clone(d.Panels), func(p panel) bool { return p.Type == "row" })
}

// member returns a member of a JSON object that has to be a string.
func member(o object, name string) string {
	s, _ := o[name].(string)
	return s
}

// refOf returns the data source that a JSON object names.
func refOf(o object) ref {
	d, _ := o["datasource"].(object)
	return ref{Type: member(d, "type"), UID: member(d, "uid")}
}
