package api

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestBadRequests(t *testing.T) {
	h := New(storeOf(t, sixRows()), Options{})
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
	for _, route := range []string{overviewRoute, reposRoute, recordsRoute} {
		// Days and periods.
		bad(route+"?from=yesterday", "from", `expected a date like 2021-01-22, got \"yesterday\"`)
		bad(route+"?from=", "from", `expected a date like 2021-01-22, got \"\"`)
		bad(route+"?to=2021-02-30", "to", `expected a date like 2021-01-22, got \"2021-02-30\"`)
		bad(route+"?to=1969-12-31", "to", `expected a date from 1970-01-01 to 9999-12-31, got \"1969-12-31\"`)
		bad(route+"?to=22.01.2021", "to", `expected a date like 2021-01-22, got \"22.01.2021\"`)
		bad(route+"?from=2021-02-01&to=2021-01-31", "from", `expected a day not after to, which is 2021-01-31, got \"2021-02-01\"`)
		bad(route+"?period=week", "period", `expected all_time, last_month, range or none, got \"week\"`)
		bad(route+"?period=last_month&from=2021-01-01", "period", `expected range, or no period, beside from and to, got \"last_month\"`)
		bad(route+"?period=none&from=2021-01-01", "period", `expected range, or no period, beside from and to, got \"none\"`)
		bad(route+"?period=all_time&to=2021-01-01", "period", `expected range, or no period, beside from and to, got \"all_time\"`)
		// Parameters given twice, or unknown.
		bad(route+"?from=2021-01-01&from=2021-01-02", "from", `expected one value, got 2: \"2021-01-01\", \"2021-01-02\"`)
		bad(route+"?period=last_month&period=last_month", "period", `expected one value, got 2: \"last_month\", \"last_month\"`)
		bad(route+"?search=a&search=b&search=c", "search", `expected one value, got 3: \"a\", \"b\"`)
		// Lists.
		bad(route+"?repo_type=model,", "repo_type", `expected a repo type like model, got \"\"`)
		bad(route+"?repo_type=", "repo_type", `expected a repo type like model, got \"\"`)
		bad(route+"?repo=", "repo", `expected a full name like org/name, got \"\"`)
		bad(route+"?repo="+strings.Repeat("a,", maxItems)+"a", "repo", `expected at most 10000 items, got 10001`)
		// Long values.
		long := strings.Repeat("x", maxValue+1)
		cut := `\"` + long[:maxQuoted] + `\"... (1025 bytes)`
		bad(route+"?search="+long, "search", `expected at most 1024 bytes, got `+cut)
		bad(route+"?to="+strings.Repeat("x", 100), "to", `expected at most 80 bytes, got \"`+long[:maxQuoted]+`\"... (100 bytes)`)
		bad(route+"?from="+long, "from", `expected at most 1024 bytes, got `+cut)
		bad(route+"?org=a&org="+long, "org", `expected items of at most 1024 bytes, got `+cut)
		bad(route+"?repo=a,"+long, "repo", `expected items of at most 1024 bytes, got `+cut)
		f(route+"?%zz=1", http.StatusBadRequest, `{"error":"expected a URL-encoded query, got \"%zz=1\": invalid URL escape \"%zz\""}`)
		f(route+"?from=2021-01-01;to=2021-01-02", http.StatusBadRequest, `{"error":"expected a URL-encoded query, got \"from=2021-01-01;to=2021-01-02\": invalid semicolon separator in query"}`)
	}

	const known = `expected one of the parameters from, group_by, org, period, repo, repo_type, search, series, to, got `
	bad(overviewRoute+"?form=2021-01-01", "form", known+`\"form\"`)
	bad(overviewRoute+"?zz=1&aa=2", "aa", known+`\"aa\"`)
	bad(overviewRoute+"?limit=1", "limit", known+`\"limit\"`)
	bad(overviewRoute+"?From=2021-01-01", "From", known+`\"From\"`)
	bad(overviewRoute+"?"+strings.Repeat("k", 100)+"=1", strings.Repeat("k", 80), known+`\"`+strings.Repeat("k", 80)+`\"... (100 bytes)`)
	f(overviewRoute+"?=1", http.StatusBadRequest, `{"error":"`+known+`\"\""}`)
	bad(overviewRoute+"?group_by=day", "group_by", `expected repo_type, org or both, got \"day\"`)
	bad(overviewRoute+"?group_by=org,", "group_by", `expected repo_type, org or both, got \"\"`)
	bad(overviewRoute+"?series=yes", "series", `expected true or false, got \"yes\"`)
	bad(overviewRoute+"?series=", "series", `expected true or false, got \"\"`)
	bad(overviewRoute+"?series=true&series=false", "series", `expected one value, got 2: \"true\", \"false\"`)

	bad(reposRoute+"?sort=likes", "sort", `expected downloads, total, change, name or corrected, got \"likes\"`)
	bad(reposRoute+"?order=up", "order", `expected asc or desc, got \"up\"`)
	bad(reposRoute+"?order=time", "order", `expected asc or desc, got \"time\"`)
	for _, n := range []string{"", "0", "-1", "ten", "1.5", "1e3", "100001", "99999999999999999999"} {
		bad(reposRoute+"?limit="+n, "limit", `expected a whole number from 1 to 100000, got \"`+n+`\"`)
	}
	bad(reposRoute+"?offset=-1", "offset", `expected a whole number from 0 to 2147483647, got \"-1\"`)
	bad(reposRoute+"?trend=1000001", "trend", `expected a whole number from 0 to 1000000, got \"1000001\"`)
	bad(reposRoute+"?limit=1000&trend=1001", "trend", `expected at most 1000, for limit times trend may be 1000000, got 1001 with a limit of 1000`)
	bad(reposRoute+"?group_by=org", "group_by", `expected one of the parameters from, limit, offset, order, org, period, repo, repo_type, search, sort, to, trend, got \"group_by\"`)

	bad(recordsRoute+"?order=desc", "order", `expected time or repo, got \"desc\"`)
	bad(recordsRoute+"?format=xlsx", "format", `expected csv, jsonl or parquet, got \"xlsx\"`)
	bad(recordsRoute+"?format=csv&format=csv", "format", `expected one value, got 2: \"csv\", \"csv\"`)
	bad(recordsRoute+"?versions=1", "versions", `expected true or false, got \"1\"`)
	bad(recordsRoute+"?limit=1", "limit", `expected one of the parameters format, from, order, org, period, repo, repo_type, search, to, versions, got \"limit\"`)

	bad(statusRoute+"?org=acme", "org", `expected no parameter, got \"org\"`)

	const hubPath = "/organizations/huggingface/settings/publisher-analytics/download-breakdown"
	bad(hubPath+"?from=2021-01-01", "from", `expected no parameter, got \"from\"`)
	f("/organizations/acme/settings/publisher-analytics/download-breakdown", http.StatusNotFound,
		`{"error":"expected an organisation with a known repository, got \"acme\""}`)
	f("/organizations/a%2Fb%25%22/settings/publisher-analytics/download-breakdown", http.StatusNotFound,
		`{"error":"expected an organisation with a known repository, got \"a/b%\\\"\""}`)

	for _, path := range []string{"/api/", "/api/v1", "/api/v1/", "/api/v1/record", "/api/v2/records", "/api/v1/records/"} {
		f(path, http.StatusNotFound, `{"error":"expected /api/v1/status, /api/v1/overview, /api/v1/repos, /api/v1/counts or /api/v1/records, got \"`+path+`\""}`)
	}
}

func TestWrongMethod(t *testing.T) {
	h := New(storeOf(t, sixRows()), Options{})
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"} {
		for _, path := range []string{statusRoute, overviewRoute, reposRoute, recordsRoute, "/api/v1/x", "/organizations/huggingface/settings/publisher-analytics/download-breakdown"} {
			resp := do(h, method, path)
			want := `{"error":"expected GET or HEAD, got \"` + method + `\""}` + "\n"
			if got := bodyOf(t, resp); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" || got != want {
				t.Errorf("%s %s: expected 405, Allow: GET, HEAD and %s, got %d, %q and %s", method, path, want, resp.StatusCode, resp.Header.Get("Allow"), got)
			}
		}
	}
}

func TestQueriesAreReadAsWritten(t *testing.T) {
	filters := []history.Filter{
		{},
		{RepoTypes: []history.RepoType{history.Model, "kernel"}, Orgs: []string{"a", "", "b"}},
		{Orgs: []string{""}},
		{Repos: []string{`a/"b"`, "a/b,c", `a\b`, `a\,b`, `\\`, "été/模型", "100%/x", "a&b=c+d #e", "a b", "\xff"}, Search: `,a\,b&%`},
	}
	periods := []history.Period{
		{}, {Kind: history.LastMonth},
		history.RangeOf(18649, 18700), history.RangeOf(history.NoDay, 18700), history.RangeOf(18649, history.NoDay),
		history.RangeOf(history.NoDay, history.NoDay), history.RangeOf(history.MinDay, history.MaxDay), noDays,
	}
	f := func(written url.Values, read func(p *params) any, want any) {
		t.Helper()
		p := readParams(written.Encode())
		got := read(p)
		if err := p.done(); err != nil {
			t.Errorf("%s: %s", written.Encode(), err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: expected\n%+v, got\n%+v", written.Encode(), want, got)
		}
	}
	for _, filter := range filters {
		for _, period := range periods {
			for n := range 8 {
				o := history.OverviewQuery{Filter: filter, Period: period, ByRepoType: n&1 != 0, ByOrg: n&2 != 0, Series: n&4 != 0}
				f(writeOverview(o), func(p *params) any { return readOverview(p) }, o)
				r := history.ReposQuery{
					Filter: filter, Period: period, Sort: history.Sort(n % 5), Ascending: n&4 != 0,
					Limit: n + 1, Offset: n * 1000, Trend: n * 10,
				}
				f(writeRepos(r), func(p *params) any { return readRepos(p) }, r)
				e := history.RecordsQuery{Filter: filter, Period: period, Order: history.Order(n & 1), Versions: n&2 != 0}
				f(writeRecords(e), func(p *params) any { return readRecords(p) }, e)
			}
		}
	}
}

func TestListsAndDefaults(t *testing.T) {
	filter := func(query string) history.Filter {
		t.Helper()
		p := readParams(query)
		f := readFilter(p)
		if err := p.done(); err != nil {
			t.Fatal(err)
		}
		return f
	}
	want := history.Filter{Repos: []string{"a/x", "a/y", "a/z"}, Orgs: []string{"a", ""}}
	for _, query := range []string{
		"repo=a/x&repo=a/y&repo=a/z&org=a&org=",
		"repo=a/x,a/y,a/z&org=a,",
		"repo=a%2Fx%2Ca/y&repo=a/z&org=a,",
	} {
		if got := filter(query); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: expected %+v, got %+v", query, want, got)
		}
	}
	// A backslash before anything else is itself.
	if got := filter(`repo=a%5Cb,c%5C`).Repos; !reflect.DeepEqual(got, []string{`a\b`, `c\`}) {
		t.Errorf("unexpected %q", got)
	}

	repos := func(query string) history.ReposQuery {
		t.Helper()
		p := readParams(query)
		q := readRepos(p)
		if err := p.done(); err != nil {
			t.Fatal(err)
		}
		return q
	}
	f := func(query string, want history.ReposQuery) {
		t.Helper()
		if got := repos(query); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: expected %+v, got %+v", query, want, got)
		}
	}
	f("", history.ReposQuery{Limit: 50})
	f("sort=name", history.ReposQuery{Limit: 50, Sort: history.SortName, Ascending: true})
	f("sort=name&order=desc", history.ReposQuery{Limit: 50, Sort: history.SortName})
	f("sort=corrected", history.ReposQuery{Limit: 50, Sort: history.SortCorrected})
	f("sort=total&order=asc", history.ReposQuery{Limit: 50, Sort: history.SortTotal, Ascending: true})
	f("limit=100000&trend=10", history.ReposQuery{Limit: 100000, Trend: 10})
	f("period=range", history.ReposQuery{Limit: 50, Period: history.RangeOf(history.NoDay, history.NoDay)})
	f("period=none", history.ReposQuery{Limit: 50, Period: noDays})
	f("to=2021-01-22&search=", history.ReposQuery{Limit: 50, Period: history.RangeOf(history.NoDay, 18649)})
}
