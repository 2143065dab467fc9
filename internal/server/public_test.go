package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

func TestIsPublic(t *testing.T) {
	s := newTestServer(t, false)
	s.RoutePrefix = "/hub stats"
	f := func(public []config.BadgePattern, target string, want bool) {
		t.Helper()
		c := config.Default()
		c.Badges.Public = public
		s.config.Store(c)
		for method, want := range map[string]bool{http.MethodGet: want, http.MethodHead: want, http.MethodPost: false, "get": false} {
			if got := s.isPublic(httptest.NewRequest(method, target, nil)); got != want {
				t.Errorf("%s %s with %q: got %v, want %v", method, target, public, got, want)
			}
		}
	}
	const badge, chart = "/hub%20stats/api/v1/badge?", "/hub%20stats/api/v1/chart.png?"
	patterns := []config.BadgePattern{"repo=acme/b*", "org=acme", "group=team[12]", "repo=gpt2"}
	f(nil, badge+"repo=acme/bert", false)
	for _, route := range []string{badge, chart} {
		f(patterns, route, false)
		f(patterns, route+"repo=acme/bert", true)
		f(patterns, route+"repo=acme%2Fb%65rt", true) // as the route reads it
		f(patterns, route+"repo=acme/bert,acme/b", true)
		f(patterns, route+"repo=acme/bert,acme/squad", false)
		f(patterns, route+"repo=acme/bert&repo=acme/squad", false)
		f(patterns, route+`repo=acme/bert\,x`, true) // one name with a comma
		f(patterns, route+"repo=acme/bert,", false)
		f(patterns, route+"repo=acme/b/c", false)
		f(patterns, route+"repo=acme/Bert", false)
		f(patterns, route+"repo=Acme/bert", false)
		f(patterns, route+"repo=gpt2", true)
		f(patterns, route+"org=gpt2", false)
		f(patterns, route+"repo=", false)
		f(patterns, route+"org=acme", true)
		f(patterns, route+"org=acme&repo_type=model&period=last_month", true)
		f(patterns, route+"org=acme&repo=acme/squad", false) // not the share of a single one
		f(patterns, route+"org=acme&search=s", false)
		f(patterns, route+"org=acme&search=", true)
		f(patterns, route+"org=acme,globex", false)
		f(patterns, route+"org=", false)
		f(patterns, route+"group=acme", false)
		f(patterns, route+"group=team1", true)
		f(patterns, route+"group=team1&group=team3", false)
		f(patterns, route+"group=team1&org=globex", false)
		f(patterns, route+"repo_type=model", false)
		f(patterns, route+"Repo=acme/bert", false)
		f(patterns, route+"repo=acme/bert&x=1", false)
		f(patterns, route+"repo=acme/bert;org=globex", false)
		f(patterns, route+"repo=acme/bert&%zz", false)
	}
	f([]config.BadgePattern{"repo=*"}, badge+"repo=acme/bert", false)
	f([]config.BadgePattern{"org=*"}, badge+"org=acme", true)
	for _, path := range []string{
		"/api/v1/badge", "/hub%20stats/api/v1/%62adge", "/hub%20stats/api/v1/badge/", "/hub%20stats//api/v1/badge", "/hub%20stats/api/v1%2fbadge",
		"/hub%20stats/api/v1/BADGE", "/hub%20stats/./api/v1/badge", "/hub%20stats/api/v1/badge/../overview", "/hub%20stats/api/v1/overview", "/hub%20stats/metrics",
		"/%68ub%20stats/api/v1/badge", "/hub%20stats/api/v1/chart.svg/", "/hub%20stats/api/v1/chart",
	} {
		f(patterns, path+"?repo=acme/bert", false)
	}
}

// What next answers to those who need no password stays, as that there were too many requests.
func TestPublicBadgesGoThroughNext(t *testing.T) {
	s := newTestServer(t, false)
	c := config.Default()
	c.Badges.Public = []config.BadgePattern{"org=acme"}
	s.config.Store(c)
	routes := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a badge")) })
	f := func(status int, want int, wantBody string) {
		t.Helper()
		next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				t.Error("got a password that does not matter")
			}
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "next", status)
		})
		r := httptest.NewRequest(http.MethodGet, "/api/v1/badge?org=acme", nil)
		r.SetBasicAuth("a", "b")
		w := httptest.NewRecorder()
		s.admitPublic(routes, next).ServeHTTP(w, r)
		if w.Code != want || w.Body.String() != wantBody || (w.Header().Get("WWW-Authenticate") == "") != (want == 200) {
			t.Errorf("%d: got %d, %q, %v", status, w.Code, w.Body, w.Header())
		}
	}
	f(http.StatusUnauthorized, 200, "a badge")
	f(http.StatusTooManyRequests, 429, "next\n")
	f(http.StatusInternalServerError, 500, "next\n")
}
