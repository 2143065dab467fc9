package connection

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// redirects are all that send a GET on.
var redirects = []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}

// sendTo answers with a redirect and a cookie.
func sendTo(w http.ResponseWriter, status int, target string) {
	w.Header().Set("Location", target)
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "of-the-first-host", Path: "/", Domain: "test"})
	w.WriteHeader(status)
}

// wantHarmless checks that a request tells another host nothing but what is asked.
func wantHarmless(t testing.TB, what string, r *http.Request) {
	t.Helper()
	for name, values := range r.Header {
		text := strings.Join(values, " ")
		switch name {
		case "Accept", "Accept-Encoding", "User-Agent":
		case "Referer":
			if strings.ContainsAny(text, "?@") {
				t.Errorf("%s: the referer is %q", what, text)
			}
		case "Authorization":
			// What the redirect itself names is no secret of ours.
			if user, pass, ok := r.BasicAuth(); !ok || user != "whoever" || pass != "else" {
				t.Errorf("%s: the header %s went along: %q", what, name, text)
			}
		default:
			t.Errorf("%s: the header %s: %q went along", what, name, text)
		}
		wantNoSecret(t, text)
	}
	wantNoSecret(t, r.URL.String())
}

// What the Hub sends on to another host goes there without token, password, header
// and cookie, whatever the redirect, and comes back without them, too.
func TestNothingOfTheHubsGoesToAnotherHost(t *testing.T) {
	const export = "repoType,repoName,total,timestamp,downloads\nmodel,acme/x,1,2026-01-01T00:00:00.000Z,1\n"
	f := func(status int, host, target string) {
		t.Helper()
		what := fmt.Sprintf("%d to %s", status, target)
		onStage(t, fakehub.Options{}, func(s *stage) {
			var came []*http.Request
			s.network.Serve(host, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				came = append(came, r)
				w.Header().Set("Content-Type", "text/csv")
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "of-the-second-host", Path: "/"})
				fmt.Fprint(w, export)
			}))
			s.hub.Fail(fakehub.On{}, 1, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { sendTo(w, status, target) })
			s.secrets["basicAuthPassword"] = password
			s.connect(map[string]any{"keepCookies": []string{"session"}})
			s.wantShown("x 1")
			if len(came) != 1 {
				s.Fatalf("%s: %d requests came", what, len(came))
			}
			wantHarmless(s, what, came[0])
			first := s.hub.Requests()
			if len(first) != 1 || first[0].Token() != token || first[0].Header.Get("X-Key") != secret {
				s.Errorf("%s: the Hub was asked by %+v", what, first)
			}
		})
	}
	for _, status := range redirects {
		f(status, "cdn.test:80", "http://cdn.test/export.csv")
		f(status, "hub.test:8080", "http://hub.test:8080/export.csv")
		f(status, "sub.hub.test:80", "http://sub.hub.test/export.csv")
		f(status, "hub.test.evil.test:80", "http://hub.test.evil.test/export.csv")
		f(status, "evil.test:80", "//evil.test/export.csv")
		f(status, "evil.test:80", "http://whoever:else@evil.test/export.csv")
	}
}

// A cookie that an answer sets is not kept: the next question comes without one.
func TestCookiesAreNotKept(t *testing.T) {
	here := &seen{Handler: server.New(storeOf(t, threeRecords()...), server.Options{})}
	srv := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "x", Path: "/"})
		here.ServeHTTP(w, r)
	}))
	c, _ := connect(t, nil, withCredentials(srv.URL))
	s, _, err := c.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := s.Overview(t.Context(), history.OverviewQuery{}); err != nil {
			t.Fatal(err)
		}
	}
	if requests := here.requests(); len(requests) != 3 {
		t.Errorf("%d requests came", len(requests))
	}
	for _, h := range here.requests() {
		if h.Get("Cookie") != "" {
			t.Errorf("the cookie %q came back", h.Get("Cookie"))
		}
	}
}

// An exporter that sends on to another host is not followed, whatever the redirect
// and the question.
func TestExporterIsNotFollowedElsewhere(t *testing.T) {
	elsewhere := &seen{Handler: server.New(storeOf(t, threeRecords()...), server.Options{})}
	other := serving(t, elsewhere)
	name := strings.TrimPrefix(other.URL, "http://")
	for _, status := range redirects {
		for _, target := range []string{other.URL, "//" + name, "http://whoever:else@" + name, "https://" + name} {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sendTo(w, status, target+r.URL.RequestURI()) }))
			c, _ := connect(t, nil, withCredentials(srv.URL))
			for what, err := range ask(t, c) {
				if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindRedirect {
					t.Errorf("%d to %s: %s: got %v", status, target, what, err)
				}
			}
			if h := c.Check(context.Background()); h.OK {
				t.Errorf("%d to %s: it is found well", status, target)
			}
			srv.Close()
		}
	}
	if n := len(elsewhere.requests()); n > 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}
