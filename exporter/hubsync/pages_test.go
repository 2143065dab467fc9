package hubsync

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// anonymousLimit is what the Hub allows a caller without a token in five minutes on
// the routes of listings.
const anonymousLimit = 500

// fill makes repositories of an organization, each a minute younger than the one
// before, but some of them at the same time.
func fill(h *fakehub.Hub, t history.RepoType, org string, n int) {
	for i := range n {
		h.AddRepo(t, fmt.Sprintf("%s/%s-%05d", org, t, i)).SetTotal(int64(i)).
			SetCreated(time.Date(2023, 1, 1, 0, i/3, 0, 0, time.UTC))
	}
}

// checkComplete checks that exactly the repositories of the Hub are stored, with
// their totals.
func checkComplete(t *testing.T, s history.Appender, h *fakehub.Hub, orgs ...string) {
	t.Helper()
	stored := make(map[history.Repo]history.RepoMeta)
	for st := range s.Meta(t.Context(), history.MetaQuery{}) {
		stored[st.Repo] = st
	}
	n := 0
	for _, org := range orgs {
		for _, r := range h.Repos(org) {
			n++
			st, ok := stored[r.Repo()]
			want := r.Total()
			if r.Repo().Type == history.Space {
				want = history.Unknown
			}
			if !ok || st.Total != want || st.HubID != r.ID() || st.Gone() {
				t.Fatalf("%s: got %+v, %v; want total %d and id %s", r.Repo(), st, ok, want, r.ID())
			}
		}
	}
	if len(stored) != n {
		t.Errorf("%d repositories are stored, want %d", len(stored), n)
	}
}

// fleet is a Hub of 25 organizations with 30,000 repositories: one is so large that
// its models take twelve pages.
func fleet(t *testing.T, s *stage) (orgs []string) {
	t.Helper()
	for i := range 25 {
		org := fmt.Sprintf("org-%02d", i)
		orgs = append(orgs, org)
		s.hub.AddOrg(org, fakehub.Free)
		models, datasets, spaces := 500, 200, 50
		if i == 7 {
			models, datasets, spaces = 11_400, 400, 200
		}
		fill(s.hub, model, org, models)
		fill(s.hub, dataset, org, datasets)
		fill(s.hub, space, org, spaces)
	}
	return orgs
}

// A caller without a token asks for the analytics of each organization in vain, and
// gets the listings within what the Hub allows.
func TestThirtyThousandRepositories(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		defer s.stop()
		orgs := fleet(t, s)
		var jobs []Job
		for _, org := range orgs {
			jobs = append(jobs, s.jobFrom(SourceAuto, org, 6*time.Hour, ""))
		}
		s.manager.Set(jobs)
		time.Sleep(time.Minute)
		synctest.Wait()
		checkComplete(t, s.store, s.hub, orgs...)
		for _, org := range orgs {
			if st := s.status(org); st.Last == nil || !st.Last.OK() || st.Last.Repos != len(s.hub.Repos(org)) {
				t.Errorf("%s: got %+v", org, st.Last)
			}
		}
		// A listing of each type and organization, and a page for each further thousand.
		const pages = 25*3 + 11
		if n := s.answers(fakehub.Models) + s.answers(fakehub.Datasets) + s.answers(fakehub.Spaces); n != pages || n > anonymousLimit {
			t.Errorf("%d requests for pages, want %d, and at most %d", n, pages, anonymousLimit)
		}
		if n := s.answers(fakehub.Analytics); n != len(orgs) {
			t.Errorf("%d requests for analytics, want %d", n, len(orgs))
		}
		if s.tooMany > 0 {
			t.Errorf("%d requests were too many for the Hub", s.tooMany)
		}
	})
}

// With less left than is needed the collections wait for the next windows, and do
// not ask what would be refused.
func TestASmallRateLimitIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		defer s.stop()
		s.hub.SetLimit("", "api", 20)
		var jobs []Job
		var orgs []string
		for i := range 12 {
			org := fmt.Sprintf("org-%02d", i)
			orgs = append(orgs, org)
			s.repos(org, 3)
			jobs = append(jobs, s.job(org, 6*time.Hour, ""))
		}
		s.manager.Set(jobs)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		checkComplete(t, s.store, s.hub, orgs...)
		if n := s.answers(fakehub.Models) + s.answers(fakehub.Datasets) + s.answers(fakehub.Spaces); n != 36 {
			t.Errorf("%d requests, want 36", n)
		}
		if s.tooMany > 0 {
			t.Errorf("%d requests were too many for the Hub", s.tooMany)
		}
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("a host that was not configured was asked for %s, with %q", r.URL, r.Header)
	}))
	defer stranger.Close()

	f := func(name string, on fakehub.On, times int, fault fakehub.Fault, requests int, reason hub.Kind) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{source: SourceListings})
			fill(w.hub, model, "o", 2500)
			fill(w.hub, space, "o", 3)
			on.Route = fakehub.Models
			w.hub.Fail(on, times, fault)
			o := w.try(1, 6)
			if o.Reason != reason {
				t.Fatalf("got reason %q, error %v; want %q", o.Reason, o.Err, reason)
			}
			n := 0
			for _, r := range w.hub.Requests() {
				if r.Route == fakehub.Models {
					n++
				}
				if r.Token() != token {
					t.Errorf("%s was asked with the token %q", r.URL, r.Token())
				}
			}
			if requests > 0 && n != requests {
				t.Errorf("%d requests for models, want %d", n, requests)
			}
			if reason == "" {
				checkComplete(t, w.store, w.hub, "o")
				return
			}
			if w.exposed() != "" {
				t.Error("something was stored")
			}
			w.hub.Heal()
			w.collect(1, 7)
			checkComplete(t, w.store, w.hub, "o")
		})
	}
	f("as they are", fakehub.On{}, fakehub.Always, unchanged, 3, "")
	f("a cursor that repeats rows", fakehub.On{}, fakehub.Always, fakehub.Overlap(40), 3, "")
	f("the first page comes twice", fakehub.On{Page: 2}, 1, fakehub.FirstPage(), 4, "")
	f("the first page comes for ever", fakehub.On{}, fakehub.Always, fakehub.FirstPage(), 0, hub.KindMalformed)
	f("an empty page with a link", fakehub.On{Page: 2}, 1, fakehub.EmptyPage(), 4, "")
	f("three empty pages with a link", fakehub.On{Page: 3}, 3, fakehub.EmptyPage(), 6, "")
	f("empty pages without an end", fakehub.On{Page: 2}, fakehub.Always, fakehub.EmptyPage(), 0, hub.KindMalformed)
	f("links to the Hub's own name", fakehub.On{}, fakehub.Always, fakehub.LinkHost("https://huggingface.co"), 3, "")
	f("links to a stranger", fakehub.On{}, fakehub.Always, fakehub.LinkHost(stranger.URL), 3, "")
	f("a link to another route", fakehub.On{}, fakehub.Always, fakehub.Link(`</api/whoami?cursor=x>; rel="next"`), 1, hub.KindMalformed)
	f("a link to another route of a stranger", fakehub.On{}, fakehub.Always, fakehub.Link("<"+stranger.URL+`/x>; rel="next"`), 1, hub.KindMalformed)
	f("a page in the middle fails", fakehub.On{Page: 2}, 1, fakehub.Status(500), 2, hub.KindServer)
	f("the last page is cut", fakehub.On{Page: 3}, 1, fakehub.Half(), 3, hub.KindMalformed)
}

// unchanged is no fault.
func unchanged(w http.ResponseWriter, r *http.Request, answer http.Handler) { answer.ServeHTTP(w, r) }

// A repository that is made while pages are read shifts none of them, one that is
// deleted leaves no gap.
func TestPagesOfAHubThatChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{source: SourceListings})
	fill(w.hub, model, "o", 2500)
	gone := w.hub.Repo(model, "o/model-02490").Repo()
	w.hub.Fail(fakehub.On{Route: fakehub.Models, Page: 2}, 1, func(rw http.ResponseWriter, r *http.Request, answer http.Handler) {
		w.hub.AddRepo(model, "o/late").SetCreated(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).SetTotal(3)
		w.hub.Repo(model, gone.Name).Delete() // on the first page, which was read
		answer.ServeHTTP(rw, r)
	})
	if o := w.collect(1, 6); o.Repos != 2500 {
		t.Errorf("got %d repositories, want 2500", o.Repos)
	}
	if o := w.collect(1, 7); said(o) != "appeared o/late; gone "+gone.Name {
		t.Errorf("the next collection: %q", said(o))
	}
	if !strings.Contains(w.log.String(), "Repository is no longer on the Hub") {
		t.Errorf("the log does not say that a repository is gone:\n%s", w.log.String())
	}
}
