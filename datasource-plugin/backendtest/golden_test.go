package backendtest

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files of what comes")

// golden compares with a file in testdata/golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".json")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%s: %v; go test -update writes it", name, err)
	}
	if got != string(want) {
		t.Errorf("%s: expected what %s holds, got\n%s", name, path, got)
	}
}

// TestGoldenFrames asks every type of query in every format, from Grafana's side
// of the wire to an exporter's store.
func TestGoldenFrames(t *testing.T) {
	p := startPlugin(t, serve(t, smallHistory(t)).url)
	asked := map[string]bool{}
	f := func(name, queryJSON string) {
		t.Helper()
		asked[name+".json"] = true
		r := p.ask(t, queryJSON)
		if r.Error != nil {
			t.Errorf("%s: %v", name, r.Error)
			return
		}
		raw, err := json.Marshal(r.Frames)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, name, indented(t, raw))
	}
	f("overview_default", `{}`)
	f("overview_totals", `{"queryType":"overview","groupBy":"none"}`)
	f("overview_all_time_by_org", `{"queryType":"overview","period":"all_time","groupBy":"org"}`)
	f("overview_last_month", `{"queryType":"overview","period":"last_month"}`)
	f("overview_nothing", `{"queryType":"overview","orgs":["nobody"]}`)
	f("overview_series", `{"queryType":"overview","format":"time_series"}`)
	f("overview_series_by_type_weeks", `{"queryType":"overview","format":"time_series","groupBy":"repo_type","interval":"week"}`)
	f("overview_series_by_org_months", `{"queryType":"overview","format":"time_series","groupBy":"org","interval":"month","period":"all_time"}`)
	f("overview_series_nothing", `{"queryType":"overview","format":"time_series","search":"nothing"}`)
	f("repos_table", `{"queryType":"repos"}`)
	f("repos_table_page", `{"queryType":"repos","sort":"name","order":"asc","limit":2,"offset":1,"trend":5,"period":"last_month"}`)
	f("repos_table_no_trend", `{"queryType":"repos","sort":"removed","trend":0,"search":"acme","period":"all_time"}`)
	f("repos_table_nothing", `{"queryType":"repos","repos":["acme/none"]}`)
	f("repos_series", `{"queryType":"repos","format":"time_series","limit":3,"interval":"week"}`)
	f("repos_series_one_name", `{"queryType":"repos","format":"time_series","repos":["acme/rocket"],"interval":"day"}`)
	f("export", `{"queryType":"export","orgs":["huggingface",""],"period":"all_time"}`)
	f("export_cut", `{"queryType":"export","repoTypes":"space","limit":3,"order":"repo"}`)
	f("readings", `{"queryType":"readings","repos":["acme/rocket"],"period":"all_time"}`)
	f("readings_nothing", `{"queryType":"readings","number":"likes"}`)
	f("overview_series_overlaid", `{"queryType":"overview","groupBy":"none","interval":"day","period":"last_month","overlay":"previous_period","smooth":"7d"}`)
	f("repos_launch", `{"queryType":"repos","format":"launch","repos":["acme/rocket"]}`)
	f("milestones", `{"queryType":"milestones"}`)
	f("forecast", `{"queryType":"forecast","groupBy":"repo"}`)
	f("highlights", `{"queryType":"highlights"}`)
	f("highlights_outliers", `{"queryType":"highlights","event":"outlier","groupBy":"none"}`)
	f("corrections", `{"queryType":"corrections"}`)
	f("variable_repo_types", `{"queryType":"variable","values":"repo_type"}`)
	f("variable_orgs", `{"queryType":"variable","values":"org"}`)
	f("variable_repos", `{"queryType":"variable","values":"repo","orgs":["acme"],"sort":"name"}`)

	files, err := os.ReadDir(filepath.Join("testdata", "golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !asked[file.Name()] && strings.HasSuffix(file.Name(), ".json") {
			t.Errorf("testdata/golden/%s: no query asks for it", file.Name())
		}
	}
}
