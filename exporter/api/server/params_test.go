package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
)

func TestBadRequests(t *testing.T) {
	h := New(apitest.StoreOf(t, apitest.SixRows()), Options{})
	f := func(target string, status int, want string) {
		t.Helper()
		resp := do(h, http.MethodGet, target)
		got := strings.TrimSuffix(bodyOf(t, resp), "\n")
		if len(target) > 120 {
			target = target[:120] + "..."
		}
		if resp.StatusCode != status || got != want {
			t.Errorf("%s:\nexpected %d %s\ngot      %d %s", target, status, want, resp.StatusCode, got)
		}
		if ct := resp.Header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("%s: expected JSON, got the type %q", target, ct)
		}
		if resp.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s: an error is offered as a file", target)
		}
	}
	bad := func(target, field, text string) {
		t.Helper()
		f(target, http.StatusBadRequest, `{"error":"`+text+`","field":"`+field+`"}`)
	}
	for _, route := range []string{wire.OverviewRoute, wire.ReposRoute, wire.RecordsRoute} {
		// Days and periods.
		bad(route+"?from=yesterday", "from", `expected a date like 2021-01-22, got \"yesterday\"`)
		bad(route+"?from=", "from", `expected a date like 2021-01-22, got \"\"`)
		bad(route+"?to=2021-02-30", "to", `expected a date like 2021-01-22, got \"2021-02-30\"`)
		bad(route+"?to=1969-12-31", "to", `expected a date from 1970-01-01 to 9999-12-31, got \"1969-12-31\"`)
		bad(route+"?to=22.01.2021", "to", `expected a date like 2021-01-22, got \"22.01.2021\"`)
		bad(route+"?from=2021-02-01&to=2021-01-31", "from", `expected a day on or before to, which is 2021-01-31, got \"2021-02-01\"`)
		bad(route+"?period=week", "period", `expected all_time, last_month, range or none, got \"week\"`)
		bad(route+"?period=last_month&from=2021-01-01", "period", `expected range or no period with from and to, got \"last_month\"`)
		bad(route+"?period=none&from=2021-01-01", "period", `expected range or no period with from and to, got \"none\"`)
		bad(route+"?period=all_time&to=2021-01-01", "period", `expected range or no period with from and to, got \"all_time\"`)
		// Parameters given twice, or unknown.
		bad(route+"?from=2021-01-01&from=2021-01-02", "from", `expected one value, got 2: \"2021-01-01\", \"2021-01-02\"`)
		bad(route+"?period=last_month&period=last_month", "period", `expected one value, got 2: \"last_month\", \"last_month\"`)
		bad(route+"?search=a&search=b&search=c", "search", `expected one value, got 3: \"a\", \"b\"`)
		// Lists.
		bad(route+"?repo_type=model,", "repo_type", `expected a repository type like model, got \"\"`)
		bad(route+"?repo_type=", "repo_type", `expected a repository type like model, got \"\"`)
		bad(route+"?repo=", "repo", `expected a full name like org/name, got \"\"`)
		bad(route+"?repo="+strings.Repeat("a,", 10_000)+"a", "repo", `expected at most 10000 items, got 10001`)
		// Long values.
		long := strings.Repeat("x", 1025)
		cut := `\"` + long[:80] + `\"... (1025 bytes)`
		bad(route+"?search="+long, "search", `expected at most 1024 bytes, got `+cut)
		bad(route+"?to="+strings.Repeat("x", 100), "to", `expected at most 80 bytes, got \"`+long[:80]+`\"... (100 bytes)`)
		bad(route+"?from="+long, "from", `expected at most 1024 bytes, got `+cut)
		bad(route+"?org=a&org="+long, "org", `expected items of at most 256 bytes, got `+cut)
		bad(route+"?repo=a,"+long, "repo", `expected items of at most 256 bytes, got `+cut)
		f(route+"?%zz=1", http.StatusBadRequest, `{"error":"expected a URL-encoded query, got \"%zz=1\": invalid URL escape \"%zz\""}`)
		f(route+"?from=2021-01-01;to=2021-01-02", http.StatusBadRequest, `{"error":"expected a URL-encoded query, got \"from=2021-01-01;to=2021-01-02\": invalid semicolon separator in query"}`)
	}

	const known = `expected one of the parameters from, group, group_by, org, period, repo, repo_type, search, series, to, got `
	bad(wire.OverviewRoute+"?form=2021-01-01", "form", known+`\"form\"`)
	bad(wire.OverviewRoute+"?zz=1&aa=2", "aa", known+`\"aa\"`)
	bad(wire.OverviewRoute+"?limit=1", "limit", known+`\"limit\"`)
	bad(wire.OverviewRoute+"?From=2021-01-01", "From", known+`\"From\"`)
	bad(wire.OverviewRoute+"?"+strings.Repeat("k", 100)+"=1", strings.Repeat("k", 80), known+`\"`+strings.Repeat("k", 80)+`\"... (100 bytes)`)
	f(wire.OverviewRoute+"?=1", http.StatusBadRequest, `{"error":"`+known+`\"\""}`)
	bad(wire.OverviewRoute+"?group_by=day", "group_by", `expected repo_type, org, group or several of them, got \"day\"`)
	bad(wire.OverviewRoute+"?group_by=org,", "group_by", `expected repo_type, org, group or several of them, got \"\"`)
	bad(wire.OverviewRoute+"?series=yes", "series", `expected true or false, got \"yes\"`)
	bad(wire.OverviewRoute+"?series=", "series", `expected true or false, got \"\"`)
	bad(wire.OverviewRoute+"?series=true&series=false", "series", `expected one value, got 2: \"true\", \"false\"`)

	bad(wire.ReposRoute+"?sort=likes", "sort", `expected downloads, total, change, name or removed, got \"likes\"`)
	bad(wire.ReposRoute+"?order=up", "order", `expected asc or desc, got \"up\"`)
	bad(wire.ReposRoute+"?order=time", "order", `expected asc or desc, got \"time\"`)
	for _, n := range []string{"", "0", "-1", "ten", "1.5", "1e3", "100001", "99999999999999999999"} {
		bad(wire.ReposRoute+"?limit="+n, "limit", `expected a whole number from 1 to 100000, got \"`+n+`\"`)
	}
	bad(wire.ReposRoute+"?offset=-1", "offset", `expected a whole number from 0 to 2147483647, got \"-1\"`)
	bad(wire.ReposRoute+"?trend=1000001", "trend", `expected a whole number from 0 to 1000000, got \"1000001\"`)
	bad(wire.ReposRoute+"?limit=1000&trend=1001", "trend", `expected at most 1000, because limit times trend must not exceed 1000000, got 1001 with a limit of 1000`)
	bad(wire.ReposRoute+"?group_by=org", "group_by", `expected one of the parameters from, group, limit, offset, order, org, period, repo, repo_type, search, sort, to, trend, got \"group_by\"`)

	bad(wire.RecordsRoute+"?order=desc", "order", `expected time or repo, got \"desc\"`)
	bad(wire.RecordsRoute+"?format=xlsx", "format", `expected csv, jsonl or parquet, got \"xlsx\"`)
	bad(wire.RecordsRoute+"?format=csv&format=csv", "format", `expected one value, got 2: \"csv\", \"csv\"`)
	bad(wire.RecordsRoute+"?versions=1", "versions", `expected true or false, got \"1\"`)
	bad(wire.RecordsRoute+"?limit=1", "limit", `expected one of the parameters format, from, group, order, org, period, repo, repo_type, search, stored, to, versions, got \"limit\"`)

	bad(wire.ReadingsRoute+"?order=time", "order", `expected one of the parameters from, group, org, period, repo, repo_type, search, to, got \"order\"`)
	bad(wire.StatusRoute+"?org=acme", "org", `expected no parameter, got \"org\"`)

	const hubPath = "/organizations/huggingface/settings/publisher-analytics/download-breakdown"
	bad(hubPath+"?from=2021-01-01", "from", `expected no parameter, got \"from\"`)
	f("/organizations/acme/settings/publisher-analytics/download-breakdown", http.StatusNotFound,
		`{"error":"expected an organization with a known repository, got \"acme\""}`)
	f("/organizations/a%2Fb%25%22/settings/publisher-analytics/download-breakdown", http.StatusNotFound,
		`{"error":"expected an organization with a known repository, got \"a/b%\\\"\""}`)

	for _, path := range []string{"/api/", "/api/v1", "/api/v1/", "/api/v1/record", "/api/v2/records", "/api/v1/records/"} {
		f(path, http.StatusNotFound, `{"error":"expected /api/v1/status, /api/v1/overview, /api/v1/repos, /api/v1/counts, /api/v1/records, /api/v1/readings, /api/v1/badge, /api/v1/chart.svg or /api/v1/chart.png, got \"`+path+`\""}`)
	}
}

func TestWrongMethod(t *testing.T) {
	h := New(apitest.StoreOf(t, apitest.SixRows()), Options{})
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"} {
		for _, path := range []string{wire.StatusRoute, wire.OverviewRoute, wire.ReposRoute, wire.RecordsRoute, wire.ReadingsRoute, "/api/v1/x", "/organizations/huggingface/settings/publisher-analytics/download-breakdown"} {
			resp := do(h, method, path)
			want := `{"error":"expected GET or HEAD, got \"` + method + `\""}` + "\n"
			if got := bodyOf(t, resp); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" || got != want {
				t.Errorf("%s %s: expected 405, Allow: GET, HEAD and %s, got %d, %q and %s", method, path, want, resp.StatusCode, resp.Header.Get("Allow"), got)
			}
		}
	}
}
