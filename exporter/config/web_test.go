package config

import (
	"reflect"
	"testing"
	"time"
)

func TestWebAndQuery(t *testing.T) {
	c, err := Parse("c.yaml", []byte("web: {max_requests: 7, max_exports: 0, max_export_bytes: 9}\nquery: {timeout: 30s, max_rows: 1000000, extra_labels: {job: hf}}\n"), families...)
	if err != nil {
		t.Fatal(err)
	}
	if c.Web != (Web{MaxRequests: 7, MaxExportBytes: 9}) || !reflect.DeepEqual(c.Query, Query{Timeout: Duration(30 * time.Second), MaxRows: 1_000_000, ExtraLabels: map[string]string{"job": "hf"}}) {
		t.Errorf("got %+v and %+v", c.Web, c.Query)
	}
	if d := Default(families...); d.Web.MaxRequests < 200 || d.Web.MaxExports < 1 || d.Web.MaxExportBytes < 64<<20 || d.Query.Timeout <= 0 || d.Query.MaxRows != 0 {
		t.Errorf("the defaults are %+v and %+v", d.Web, d.Query)
	}
	f := func(text, want string) {
		t.Helper()
		if _, err := Parse("c.yaml", []byte(text), families...); err == nil || err.Error() != want {
			t.Errorf("%s: got %v\nwant %s", text, err, want)
		}
	}
	f("web: {max_requests: -1}", `c.yaml:1: web.max_requests: expected a whole number from 0 (no limit), got "-1"`)
	f("web:\n  max_exports: many", `c.yaml:2: web.max_exports: expected a whole number, got "many"`)
	f("query: {timeout: 0s}", `c.yaml:1: query.timeout: expected a duration like 30s, 5m or 6h, got "0s"`)
	f("query: {max_rows: -5}", `c.yaml:1: query.max_rows: expected a whole number from 0 (no limit), got "-5"`)
	f("query: {extra_labels: {org: x}}", `c.yaml:1: query.extra_labels.org: expected a label that repositories and groups do not already have, got "org"`)
}

func TestBadges(t *testing.T) {
	c, err := Parse("c.yaml", []byte(`badges: {public: [repo=acme/b*, "org=globex", group=our team]}`), families...)
	if err != nil {
		t.Fatal(err)
	}
	f := func(parameter string, want bool, values ...string) {
		t.Helper()
		if got := c.Badges.IsPublic(parameter, values); got != want {
			t.Errorf("%s of %q: got %v, want %v", parameter, values, got, want)
		}
	}
	f("repo", true, "acme/bert")
	f("repo", true)
	f("repo", false, "acme/squad")
	f("repo", false, "acme/bert", "acme/squad")
	f("repo", false, "acme/b/c")
	f("repo", false, "globex")
	f("org", true, "globex")
	f("org", false, "acme/bert")
	f("org", false, "our team")
	f("group", true, "our team")
	bad := func(pattern string) {
		t.Helper()
		want := `c.yaml:1: badges.public[0]: expected a pattern like repo=my-org/*, org=my-org or group=my-group, got "` + pattern + `"`
		if _, err := Parse("c.yaml", []byte(`badges: {public: ["`+pattern+`"]}`), families...); err == nil || err.Error() != want {
			t.Errorf("%s: got %v\nwant %s", pattern, err, want)
		}
	}
	bad("")
	bad("acme/*")
	bad("repo=")
	bad("repo=acme/[")
	bad("search=x")
	bad("Repo=acme/*")
}
