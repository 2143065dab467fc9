package dashboards

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
)

// environment is what a file leaves to the environment, outside of comments.
func environment(t *testing.T, name string) []string {
	t.Helper()
	code := regexp.MustCompile(`(?m)^ *#.*$`).ReplaceAll(content(t, name), nil)
	var names []string
	for _, m := range regexp.MustCompile(`\$\{?([A-Z_]+)`).FindAllSubmatch(code, -1) {
		names = append(names, string(m[1]))
	}
	slices.Sort(names)
	return names
}

func TestProvisionedDataSources(t *testing.T) {
	const name = "provisioning/datasources/huggingface.yaml"
	if got := environment(t, name); !slices.Equal(got, []string{"EXPORTER_URL", "PROMETHEUS_URL"}) {
		t.Errorf("%s: expected EXPORTER_URL and PROMETHEUS_URL of the environment, got %v", name, got)
	}
	var f struct {
		Version int `yaml:"apiVersion"`
		Sources []struct {
			Name, UID, Type, Access, URL string
			Data                         object `yaml:"jsonData"`
		} `yaml:"datasources"`
	}
	if err := yaml.Unmarshal(content(t, name), &f); err != nil || f.Version != 1 {
		t.Fatalf("%s: expected apiVersion 1, got %d, %v", name, f.Version, err)
	}
	types, uids := map[string]bool{}, map[string]bool{}
	for _, s := range f.Sources {
		if s.Name == "" || s.UID == "" || uids[s.UID] || s.Access != "proxy" || s.URL == "" {
			t.Errorf("%s: expected a name, a uid of its own, access proxy and a url, got %+v", name, s)
		}
		types[s.Type], uids[s.UID] = true, true
		if s.Type == pluginID && s.Data["connection"] != "exporter" {
			t.Errorf("%s: expected a connection to an exporter, got %v", name, s.Data)
		}
	}
	for _, d := range boards(t) {
		if !types[d.source()] {
			t.Errorf("%s: expected a data source of type %s in %s", d.file, d.source(), name)
		}
	}
}

func TestProvisionedDashboards(t *testing.T) {
	const name = "provisioning/dashboards/huggingface.yaml"
	if got := environment(t, name); !slices.Equal(got, []string{"DASHBOARDS_DIR"}) {
		t.Errorf("%s: expected DASHBOARDS_DIR of the environment, got %v", name, got)
	}
	var f struct {
		Version   int `yaml:"apiVersion"`
		Providers []struct {
			Name, Type string
			Options    struct{ Path string }
		}
	}
	if err := yaml.Unmarshal(content(t, name), &f); err != nil || f.Version != 1 {
		t.Fatalf("%s: expected apiVersion 1, got %d, %v", name, f.Version, err)
	}
	if len(f.Providers) != 1 || f.Providers[0].Type != "file" || f.Providers[0].Options.Path != "${DASHBOARDS_DIR}" || f.Providers[0].Name == "" {
		t.Errorf("%s: expected one provider of type file with the path ${DASHBOARDS_DIR}, got %+v", name, f.Providers)
	}
}

// The plugin brings dashboards of its own, which are these files.
func TestPluginIncludesTheDashboards(t *testing.T) {
	text, err := os.ReadFile("../datasource-plugin/src/plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	var plugin struct {
		ID       string
		Includes []struct{ Type, Name, Path string }
	}
	if err := json.Unmarshal(text, &plugin); err != nil {
		t.Fatal(err)
	}
	if plugin.ID != pluginID {
		t.Errorf("plugin.json: expected the id %s, got %q", pluginID, plugin.ID)
	}
	var paths []string
	for _, i := range plugin.Includes {
		if i.Type == "dashboard" {
			paths = append(paths, i.Path)
		}
	}
	slices.Sort(paths)
	if want := []string{"dashboards/" + fileAnalytics, "dashboards/" + fileRepository}; !slices.Equal(paths, want) {
		t.Errorf("plugin.json: expected the dashboards %v, got %v", want, paths)
	}
}
