package fakehub_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// get asks a Hub; header is names and values in turn.
func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const day = history.Day(20454) // 2026-01-01

// small is a Hub with one organization and a member of it.
func small() *fakehub.Hub {
	h := fakehub.New(fakehub.Options{})
	h.AddOrg("acme", fakehub.Team)
	h.AddToken("hf_a", "acme")
	return h
}

// shown returns the listed repositories: name, total and likes of each.
func shown(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var page []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	var b strings.Builder
	for _, r := range page {
		fmt.Fprintf(&b, "%v %v %v;", r["id"], r["downloadsAllTime"], r["likes"])
	}
	return b.String()
}

func TestListingIsStrict(t *testing.T) {
	h := small()
	h.AddRepo(history.Model, "acme/m").SetTotal(7).SetLikes(2)
	h.AddRepo(history.Space, "acme/s").SetLikes(3)
	f := func(target string, status int, text string) {
		t.Helper()
		w := get(h, target)
		if w.Code != status || !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s: expected %d and %q, got %d and %s", target, status, text, w.Code, w.Body)
		}
	}
	f("/api/models?author=acme&limit=10&sort=createdAt&expand=likes&expand=downloadsAllTime", 200, `"likes":2`)
	f("/api/spaces?author=acme&expand=likes", 200, `"likes":3`)
	f("/api/models?author=acme&limit=99999", 200, `acme/m`)
	f("/api/models?author=acme&expand=likes,downloads", 400, "likes,downloads")
	f("/api/models?author=acme&expand=stars", 400, "stars")
	f("/api/models?author=acme&expand=", 400, "expand")
	f("/api/spaces?author=acme&expand=downloads", 400, "downloads")
	f("/api/spaces?author=acme&expand=gated", 400, "gated")
	f("/api/models?author=acme&page=2", 400, "page")
	f("/api/models?author=acme&author=b", 400, "author")
	f("/api/models?author=acme&sort=created_at", 400, "created_at")
	f("/api/models?author=acme&limit=0", 400, "limit")
	f("/api/models?author=acme&limit=x", 400, "limit")
	f("/api/models?author=acme&cursor=x", 400, "cursor")
	f("/api/kernels?author=acme", 404, "404")
	f("/api/models/acme/m", 404, "404")
	f("/organizations/acme/settings/publisher-analytics/download-breakdown?x=y", 400, "no parameters")
	if w := get(h, "/api/models?author=acme", "Authorization", "Bearer hf_unknown"); w.Code != 401 {
		t.Errorf("expected 401 for a token that is not known, got %d", w.Code)
	}

	w := get(h, "/api/models?author=acme&expand=likes")
	if got := strings.TrimSpace(w.Body.String()); !strings.HasPrefix(got, `[{"_id":"`) || strings.Count(got, ":") != 3 {
		t.Errorf("expected _id, id and likes alone, got %s", got)
	}
}

// Pages of equal times of creation neither lose nor repeat a repository, and
// none is shifted by one that is made meanwhile.
func TestPages(t *testing.T) {
	h := small()
	for i := range 25 {
		r := h.AddRepo(history.Model, fmt.Sprintf("acme/m%02d", i))
		if i%5 == 0 {
			r.SetCreated(time.Date(2024, 1, 1+i, 0, 0, 0, 0, time.UTC))
		}
	}
	seen := map[string]bool{}
	target := "http://hub.test/api/models?author=acme&limit=4&sort=createdAt&expand=likes"
	pages := 0
	for target != "" {
		w := get(h, target)
		for r := range strings.SplitSeq(strings.TrimSuffix(shown(t, w), ";"), ";") {
			if seen[r] {
				t.Errorf("%s comes twice", r)
			}
			seen[r] = true
		}
		link := w.Header().Get("Link")
		target = strings.TrimSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
		if u, err := url.Parse(target); target != "" && (err != nil || u.Host != "hub.test") {
			t.Fatalf("expected an absolute link, got %q", link)
		}
		pages++
		h.AddRepo(history.Model, fmt.Sprintf("acme/new%d", pages)).SetCreated(time.Date(2025, 1, pages, 0, 0, 0, 0, time.UTC))
	}
	if pages != 7 || len(seen) != 25 {
		t.Errorf("expected 25 repositories on 7 pages, got %d on %d", len(seen), pages)
	}
}

// What is changed shows, in the listing and in the export.
func TestChanges(t *testing.T) {
	h := small()
	h.AddOrg("other", fakehub.Free)
	f := func(listing, rows string) {
		t.Helper()
		w := get(h, "/api/models?author=acme&expand=downloadsAllTime&expand=likes")
		if got := shown(t, w); got != listing {
			t.Errorf("listing: expected %q, got %q", listing, got)
		}
		w = get(h, "/organizations/acme/settings/publisher-analytics/download-breakdown", "Authorization", "Bearer hf_a")
		records, err := history.Collect(hubcsv.Read(w.Body, hubcsv.Options{}))
		if got := fmt.Sprint(records); len(records) > 0 && (err != nil || got != rows) || len(records) == 0 && rows != "" {
			t.Errorf("export: expected %q, got %q and %v", rows, got, err)
		}
	}
	f("", "")
	r := h.AddRepo(history.Model, "acme/m")
	id := r.ID()
	f("acme/m 0 0;", "")
	r.Download(day, 5).Download(day, 2).SetLikes(1)
	f("acme/m 7 1;", "[{model acme/m 7 2026-01-01 7}]")
	r.SetTotal(100)
	h.Advance(func(*fakehub.Repo, history.Day) int64 { return 3 })
	f("acme/m 103 1;", "[{model acme/m 103 2026-01-01 7} {model acme/m 103 2026-01-02 3}]")
	r.SetDay(day, 4) // a correction
	f("acme/m 100 1;", "[{model acme/m 100 2026-01-01 4} {model acme/m 100 2026-01-02 3}]")
	r.SetTotal(60)
	f("acme/m 60 1;", "[{model acme/m 60 2026-01-01 4} {model acme/m 60 2026-01-02 3}]")
	r.Rename("acme/n")
	f("acme/n 60 1;", "[{model acme/n 60 2026-01-01 4} {model acme/n 60 2026-01-02 3}]")
	if r.ID() != id || h.Repo(history.Model, "acme/n") != r || h.Repo(history.Model, "acme/m") != nil {
		t.Error("expected the same repository under the new name alone")
	}
	r.SetPrivate(true) // seen by the member alone
	f("", "[{model acme/n 60 2026-01-01 4} {model acme/n 60 2026-01-02 3}]")
	if got := shown(t, get(h, "/api/models?author=acme&expand=likes", "Authorization", "Bearer hf_a")); got != "acme/n <nil> 1;" {
		t.Errorf("expected the member to see it, got %q", got)
	}
	r.SetPrivate(false).Rename("other/n")
	f("", "")
	r.Rename("acme/n").Delete()
	f("", "")
	if again := h.AddRepo(history.Model, "acme/n"); again.ID() == id {
		t.Error("expected another id after deletion and creation under the same name")
	}
	f("acme/n 0 0;", "")
}

func TestLastMonth(t *testing.T) {
	h := small()
	r := h.AddRepo(history.Model, "acme/m").SetDay(day, 1).SetDay(day+1, 10).SetDay(day+30, 100)
	f := func(want string) {
		t.Helper()
		if got := get(h, "/api/models?author=acme&expand=downloads").Body.String(); !strings.Contains(got, `"downloads":`+want) {
			t.Errorf("expected %s, got %s", want, got)
		}
	}
	f("110,")
	h.SetToday(day + 31)
	f("100,")
	r.SetLastMonth(0)
	f("0,")
	r.SetLastMonth(-1)
	f("100,")
}

func TestRateLimit(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 1, 0, 500, time.UTC)
	h := fakehub.New(fakehub.Options{Now: func() time.Time { return now }})
	h.AddToken("hf_a")
	h.SetLimit("", "api", 3)
	f := func(status int, limit string, header ...string) {
		t.Helper()
		w := get(h, "/api/models?author=acme", header...)
		if got := w.Header().Get("RateLimit"); w.Code != status || got != limit {
			t.Errorf("expected %d and %s, got %d and %s", status, limit, w.Code, got)
		}
	}
	f(200, `"api";r=2;t=240`)
	f(200, `"api";r=1;t=240`)
	f(401, `"api";r=0;t=240`, "Authorization", "Bearer hf_unknown") // as an anonymous caller
	f(429, `"api";r=0;t=240`)
	f(200, `"api";r=2999;t=240`, "Authorization", "Bearer hf_a")
	now = now.Add(4 * time.Minute)
	f(200, `"api";r=2;t=300`)
	if got := get(h, "/nothing").Header().Get("RateLimit-Policy"); got != `"fixed window";"pages";q=100;w=300` {
		t.Errorf("got policy %s", got)
	}
}

// A synthetic organization goes in and comes out again.
func TestPopulate(t *testing.T) {
	h := fakehub.New(fakehub.Options{})
	o := synthetic.Options{Repos: 30, Days: 40, Seed: 5, Org: "acme", Order: history.OrderTime}
	if err := h.Populate(o); err != nil {
		t.Fatal(err)
	}
	h.AddToken("hf_a", "acme")
	w := get(h, "/organizations/acme/settings/publisher-analytics/download-breakdown", "Authorization", "Bearer hf_a")
	got, err := history.Collect(hubcsv.Read(w.Body, hubcsv.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	want, err := history.Collect(synthetic.Rows(o))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("expected the %d records that went in, got %d", len(want), len(got))
	}
	if n := strings.Count(shown(t, get(h, "/api/spaces?author=acme&expand=likes")), ";"); n != 3 {
		t.Errorf("expected three spaces, got %d", n)
	}
	before := h.Today()
	h.Advance(fakehub.Steady(1))
	var downloads int64
	for _, r := range h.Repos("acme") {
		downloads += r.Total()
	}
	if h.Today() != before+1 || downloads <= sum(want) {
		t.Errorf("expected one day more, with downloads; got %s and %d", h.Today(), downloads)
	}
}

func sum(records []history.Record) int64 {
	totals := map[history.Repo]int64{}
	for _, r := range records {
		totals[r.Repo] = r.Total
	}
	var n int64
	for _, v := range totals {
		n += v
	}
	return n
}

func TestRequests(t *testing.T) {
	h := small()
	h.Fail(fakehub.On{Route: fakehub.Models}, 1, fakehub.Status(500))
	h.Fail(fakehub.On{Org: "acme"}, fakehub.Always, fakehub.LoginPage())
	get(h, "/api/models?author=other", "Authorization", "Bearer hf_a")
	get(h, "/api/models?author=other")
	get(h, "/api/models?author=acme")
	h.Heal()
	get(h, "/api/models?author=acme")
	var got []string
	for _, r := range h.Requests() {
		got = append(got, fmt.Sprintf("%s %s %d %q", r.Route, r.Org, r.Status, r.Token()))
	}
	want := []string{`models other 500 "hf_a"`, `models other 200 ""`, `models acme 200 ""`, `models acme 200 ""`}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("expected %v, got %v", want, got)
	}
	h.ForgetRequests()
	if n := len(h.Requests()); n != 0 {
		t.Errorf("expected no requests, got %d", n)
	}
}
