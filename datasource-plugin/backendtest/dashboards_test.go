package backendtest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/dashboards"
)

// TestDashboardLinks follows each CSV link of the dashboards as Grafana writes it,
// with everything selected and with one repository, and expects what the exporter
// gives for the same selection.
func TestDashboardLinks(t *testing.T) {
	e := serve(t, smallHistory(t))
	p := startPlugin(t, e.url)
	from, to := time.Date(2021, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2021, 10, 31, 23, 59, 59, 0, time.UTC)
	f := func(link string, values map[string]string, records string) {
		t.Helper()
		asked, err := follow(link, values, from, to)
		if err != nil {
			t.Errorf("%s: %v", link, err)
			return
		}
		r, err := p.get(t, asked, nil)
		if err != nil || r.status != http.StatusOK {
			t.Errorf("%s: expected status 200, got %d, %v\n%s", asked, r.status, err, r.body)
			return
		}
		want := e.get(t, "/api/v1/records?"+records)
		if strings.Count(want, "\n") < 2 {
			t.Errorf("records?%s: expected records to compare with, got none", records)
		}
		if got := string(r.body); got != want {
			t.Errorf("%s: expected the records of %s, %d bytes, got %d bytes", asked, records, len(want), len(got))
		}
	}
	links := csvLinks(t)
	if len(links) < 5 {
		t.Fatalf("expected the links of two dashboards, found %d: %q", len(links), links)
	}
	for _, link := range links {
		if strings.Contains(link, "${org:") {
			f(link, map[string]string{"period": "all_time", "org": "$__all", "repo_type": "$__all"}, "")
			f(link, map[string]string{"period": "time_range", "org": "acme", "repo_type": "model", "search": "rock"},
				"from=2021-10-01&to=2021-10-31&org=acme&repo_type=model&search=rock")
			continue
		}
		f(link, map[string]string{"period": "time_range", "repo_type": "model", "repo": "acme/rocket"},
			"from=2021-10-01&to=2021-10-31&repo_type=model&repo=acme/rocket")
	}
}

// csvLinks returns the part behind resources/ of each link to the CSV.
func csvLinks(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(dashboards.Files, "*.json")
	if err != nil {
		t.Fatal(err)
	}
	var links []string
	for _, name := range files {
		text, err := dashboards.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var board any
		if err := json.Unmarshal(text, &board); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		walk(board, func(s string) {
			if _, link, ok := strings.Cut(s, "/resources/"); ok && strings.HasPrefix(s, "/api/datasources/uid/${source}/") {
				links = append(links, link)
			}
		})
	}
	return links
}

// walk calls use with each string in a JSON value.
func walk(v any, use func(string)) {
	switch v := v.(type) {
	case string:
		use(v)
	case []any:
		for _, item := range v {
			walk(item, use)
		}
	case map[string]any:
		for _, item := range v {
			walk(item, use)
		}
	}
}

var placeholder = regexp.MustCompile(`\$\{([a-z_.]+)(?::([a-z]+))?\}`)

// follow replaces what Grafana replaces in a link.
func follow(link string, values map[string]string, from, to time.Time) (string, error) {
	var fault error
	asked := placeholder.ReplaceAllStringFunc(link, func(s string) string {
		m := placeholder.FindStringSubmatch(s)
		name, format := strings.TrimPrefix(m[1], "__data.fields."), m[2]
		switch {
		case name == "__from":
			return fmt.Sprint(from.UnixMilli())
		case name == "__to":
			return fmt.Sprint(to.UnixMilli())
		case format == "queryparam":
			return url.Values{"var-" + name: {values[name]}}.Encode()
		case format == "percentencode":
			return url.QueryEscape(values[name])
		}
		fault = fmt.Errorf("expected variables to be encoded, got %s", s)
		return s
	})
	return asked, fault
}
