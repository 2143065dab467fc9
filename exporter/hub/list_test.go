package hub_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

func TestList(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		made := time.Date(2024, 2, 19, 11, 6, 12, 0, time.UTC)
		m := w.AddRepo(history.Model, "acme/m").SetDay(day(1), 100).SetDay(day(20), 20).SetTotal(5000).
			SetLikes(3).SetGated("manual").SetCreated(made)
		w.AddRepo(history.Model, "acme/hidden").SetPrivate(true)
		w.AddRepo(history.Model, "acme/closed").SetDisabled(true)
		w.AddRepo(history.Dataset, "acme/m").SetDay(day(10), 7)
		w.AddRepo(history.Space, "acme/s").SetLikes(9)
		w.SetToday(day(31))
		c := w.client()

		all, err := list(w.t.Context(), c, history.Model, "acme")
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "newest", all[0], hub.Listing{
			Repo: history.Repo{Type: history.Model, Name: "acme/m"}, HubID: m.ID(),
			Downloads: 20, DownloadsAllTime: 5000, Likes: 3, Gated: "manual", CreatedAt: made, LastModified: made,
		})
		equal(w.t, "models", len(all), 3)
		for _, l := range all[1:] {
			equal(w.t, l.Repo.Name, fmt.Sprint(l.Private, l.Disabled),
				fmt.Sprint(l.Repo.Name == "acme/hidden", l.Repo.Name == "acme/closed"))
		}

		all, err = list(w.t.Context(), c, history.Dataset, "acme")
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "datasets", fmt.Sprint(names(all), all[0].DownloadsAllTime), "acme/m7")

		all, err = list(w.t.Context(), c, history.Space, "acme")
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "spaces", fmt.Sprint(names(all), all[0].Likes, all[0].Downloads, all[0].DownloadsAllTime), "acme/s9 -1 -1")

		query, err := url.ParseQuery(strings.TrimPrefix(w.Requests()[0].URL, "/api/models?"))
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "query", query, "map[author:[acme] expand:[likes private disabled createdAt lastModified "+
			"downloads downloadsAllTime gated] limit:[1000] sort:[createdAt]]")

		// An anonymous caller sees what is public.
		o := w.options()
		o.Token = nil
		all, err = list(w.t.Context(), hub.New(o), history.Model, "acme")
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "public models", len(all), 2)
		equal(w.t, "token", w.Requests()[3].Token(), "")

		all, err = list(w.t.Context(), c, history.Model, "nobody")
		equal(w.t, "of nobody", fmt.Sprint(all, err), "[] <nil>")
		for _, err := range c.List(w.t.Context(), "kernel", "acme") {
			equal(w.t, "kernels", err, `expected repo type model, dataset or space, got "kernel"`)
		}
	})
}

// Many organizations on many pages: complete, nothing twice, and within what an
// anonymous caller may ask.
func TestListManyPages(t *testing.T) {
	run(t, fakehub.Options{PublicURL: "https://huggingface.co"}, func(w *world) {
		const orgs, repos = 25, 1200
		for o := range orgs {
			org := fmt.Sprintf("org%d", o)
			w.AddOrg(org, fakehub.Free)
			for i := range repos {
				w.AddRepo(history.Model, fmt.Sprintf("%s/m%d", org, i)).SetTotal(int64(i))
			}
		}
		w.Fail(fakehub.On{}, fakehub.Always, fakehub.Overlap(7))
		o := w.options()
		o.Token = nil
		c := hub.New(o)
		seen := map[string]int{}
		started := time.Now()
		for o := range orgs {
			all, err := list(w.t.Context(), c, history.Model, fmt.Sprintf("org%d", o))
			if err != nil {
				w.t.Fatal(err)
			}
			for _, l := range all {
				seen[l.Repo.Name]++
				if !strings.HasSuffix(l.Repo.Name, fmt.Sprintf("m%d", l.DownloadsAllTime)) {
					w.t.Fatalf("wrong total of %+v", l)
				}
			}
			equal(w.t, "of an organization", len(all), repos)
		}
		equal(w.t, "repositories", len(seen), orgs*repos)
		equal(w.t, "requests", len(w.Requests()), 2*orgs)
		equal(w.t, "waited", time.Since(started), "0s")
	})
}

// paged makes 2,500 models, three pages.
func (w *world) paged() {
	for i := range 2500 {
		w.AddRepo(history.Model, fmt.Sprintf("acme/m%d", i))
	}
}

// Pages that are odd, and links that lead astray, change nothing.
func TestListOddPages(t *testing.T) {
	f := func(o fakehub.Options, requests int, prepare func(w *world)) {
		t.Helper()
		run(t, o, func(w *world) {
			w.paged()
			elsewhere := fakehub.New(fakehub.Options{})
			w.net.Serve("evil.test:80", elsewhere)
			prepare(w)
			all, err := list(w.t.Context(), w.client(), history.Model, "acme")
			if err != nil {
				w.t.Fatal(err)
			}
			equal(w.t, "repositories", len(all), 2500)
			distinct := map[string]bool{}
			for _, l := range all {
				distinct[l.Repo.Name] = true
			}
			equal(w.t, "different ones", len(distinct), 2500)
			equal(w.t, "requests", len(w.Requests()), requests)
			equal(w.t, "requests elsewhere", len(elsewhere.Requests()), 0)
			for _, r := range w.Requests() {
				equal(w.t, "token", r.Token(), secret)
			}
		})
	}
	fail := func(page, times int, fault fakehub.Fault) func(w *world) {
		return func(w *world) { w.Fail(fakehub.On{Route: fakehub.Models, Page: page}, times, fault) }
	}
	f(fakehub.Options{}, 3, func(*world) {})
	f(fakehub.Options{NoGzip: true}, 3, func(*world) {})
	f(fakehub.Options{PublicURL: "https://huggingface.co"}, 3, func(*world) {})
	f(fakehub.Options{PublicURL: "http://evil.test"}, 3, func(*world) {})
	f(fakehub.Options{}, 3, fail(0, fakehub.Always, fakehub.LinkHost("//evil.test")))
	f(fakehub.Options{}, 3, fail(0, fakehub.Always, fakehub.LinkHost("")))
	f(fakehub.Options{}, 3, fail(0, fakehub.Always, fakehub.Overlap(100)))
	f(fakehub.Options{}, 4, fail(2, 1, fakehub.FirstPage()))
	f(fakehub.Options{}, 4, fail(2, 1, fakehub.EmptyPage()))
	f(fakehub.Options{}, 12, fail(3, 9, fakehub.EmptyPage()))
	// A page that breaks is asked for again, whole.
	f(fakehub.Options{}, 4, fail(2, 1, fakehub.Truncated(5000)))
	f(fakehub.Options{}, 4, fail(3, 1, fakehub.StallBody(5000)))
	f(fakehub.Options{}, 5, fail(2, 2, fakehub.Status(502)))
	f(fakehub.Options{}, 4, fail(1, 1, fakehub.TooManyFor("api", 30)))
}

func TestListFails(t *testing.T) {
	f := func(page int, fault fakehub.Fault, kind hub.Kind, requests int, texts ...string) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.paged()
			w.Fail(fakehub.On{Page: page}, fakehub.Always, fault)
			o := w.options()
			o.MaxResponseBytes = 1 << 20
			c := hub.New(o)
			all, err := list(w.t.Context(), c, history.Model, "acme")
			wantError(w.t, err, kind, append(texts, `models of "acme"`)...)
			equal(w.t, "repositories before", len(all), (page-1)*1000)
			equal(w.t, "requests", len(w.Requests()), requests)
			w.Heal()
			if all, err = list(w.t.Context(), c, history.Model, "acme"); err != nil || len(all) != 2500 {
				w.t.Errorf("expected all afterwards, got %d and %v", len(all), err)
			}
		})
	}
	body := func(content string) fakehub.Fault { return fakehub.Body("application/json", content) }
	f(1, fakehub.Status(401), hub.KindAuth, 1, "401", "check the token")
	f(2, fakehub.Status(400, "X-Error-Message", "Invalid cursor"), hub.KindMalformed, 2, "400", "Bad Request")
	f(2, fakehub.Status(503), hub.KindServer, 6, "503")
	f(1, fakehub.LoginPage(), hub.KindMalformed, 1, "expected a JSON array, got an HTML page")
	f(1, fakehub.RedirectToLogin(), hub.KindAuth, 1, "login page")
	f(2, fakehub.Half(), hub.KindMalformed, 2, "unexpected EOF")
	f(2, fakehub.HalfGzip(), hub.KindMalformed, 2, "gzip")
	f(2, fakehub.Endless(" "), hub.KindMalformed, 2, "at most 1048576 bytes")
	f(2, fakehub.Endless(`,{"id":"a/b","_id":"1"}`), hub.KindMalformed, 2, "at most 10000 repositories")
	f(2, fakehub.Edit(func(s string) string { return s + "x" }), hub.KindMalformed, 2, "nothing after the array")
	f(2, fakehub.Edit(func(s string) string { return s + "[]" }), hub.KindMalformed, 2, "nothing after the array")
	f(1, body(``), hub.KindMalformed, 1, `expected "[" of a JSON array`)
	f(1, body(`{"error":"x"}`), hub.KindMalformed, 1, `expected "[" of a JSON array`)
	f(1, body(`[{"id":"a/b","downloads":"many"}]`), hub.KindMalformed, 1, "model a/b, field downloads", "many")

	// Links that go round, and links to something else.
	f(2, fakehub.EmptyPage(), hub.KindMalformed, 11, "10 pages in a row without one")
	run(t, fakehub.Options{}, func(w *world) {
		w.paged()
		w.Fail(fakehub.On{Page: 2}, fakehub.Always, fakehub.FirstPage())
		_, err := list(w.t.Context(), w.client(), history.Model, "acme")
		wantError(w.t, err, hub.KindMalformed, "10 pages in a row without one")
		equal(w.t, "requests", len(w.Requests()), 11)
	})
	link := func(link string, texts ...string) {
		t.Helper()
		f(1, fakehub.Link(link), hub.KindMalformed, 1, texts...)
	}
	link(`<http://hub.test/api/datasets?cursor=x>; rel="next"`, "expected a next page at /api/models")
	link(`<http://hub.test/api/models/../datasets?x=y>; rel="next"`, "expected a next page at /api/models")
	link(`<http://hub.test/>; rel="next"`, "expected a next page at /api/models")
	link(`<http://hub.test/api/models?a=%zz>; rel=next`, "expected a query")
	link(`<:>; rel=next`, "expected a URL")
	// One that only goes back: the first page again and again.
	run(t, fakehub.Options{}, func(w *world) {
		w.paged()
		w.Fail(fakehub.On{}, fakehub.Always, fakehub.Link(`</api/models>; rel="next"`))
		_, err := list(w.t.Context(), w.client(), history.Model, "acme")
		wantError(w.t, err, hub.KindMalformed, "10 pages in a row without one")
	})
}

// A link cannot widen the listing to another organization or another order.
func TestListKeepsItsParameters(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.paged()
		w.AddOrg("other", fakehub.Free)
		w.AddRepo(history.Model, "other/m")
		w.Fail(fakehub.On{Page: 1}, 1, func() fakehub.Fault {
			return fakehub.Link(`<http://hub.test/api/models?author=other&limit=5&sort=likes&expand=tags>; rel="next"`)
		}())
		all, err := list(w.t.Context(), w.client(), history.Model, "acme")
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "repositories", len(all), 2500)
		equal(w.t, "URL of the second", w.Requests()[1].URL, w.Requests()[0].URL)
	})
}

func TestListLeftEarly(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.paged()
		for range w.client().List(w.t.Context(), history.Model, "acme") {
			break
		}
		equal(w.t, "requests", len(w.Requests()), 1)
	})
}

// The endpoint may have a path, under which the Hub's routes are.
func TestCheckExists(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.AddOrg("empty", fakehub.Free)
		c := w.client()
		if err := c.CheckExists(w.t.Context(), "empty"); err != nil {
			w.t.Errorf("an organization without repositories: %v", err)
		}
		wantError(w.t, c.CheckExists(w.t.Context(), "nowhere"), hub.KindNotFound, `overview of "nowhere": not_found`, "check the name of the organization")
		// Who may not know is not said to be wrong.
		for _, status := range []int{401, 403, 501} {
			w.Fail(fakehub.On{Route: fakehub.Overview}, fakehub.Always, fakehub.Status(status))
			if err := c.CheckExists(w.t.Context(), "nowhere"); err != nil {
				w.t.Errorf("status %d: %v", status, err)
			}
			w.Heal()
		}
	})
}

func TestEndpointWithPath(t *testing.T) {
	run(t, fakehub.Options{PublicURL: "https://huggingface.co"}, func(w *world) {
		w.paged()
		w.SetLimit(secret, "api", 1000)
		endpoint, err := hub.ParseEndpoint("http://mirror.test/hf/")
		if err != nil {
			w.t.Fatal(err)
		}
		w.net.Serve("mirror.test:80", http.StripPrefix("/hf", w.Hub))
		o := w.options()
		o.Endpoint = endpoint
		all, err := list(w.t.Context(), hub.New(o), history.Model, "acme")
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "repositories", len(all), 2500)
	})
}

func TestCollection(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		m := w.AddRepo(history.Model, "acme/m")
		hidden := w.AddRepo(history.Dataset, "acme/hidden").SetPrivate(true)
		space := w.AddRepo(history.Space, "acme/s")
		c := w.AddCollection("acme", "a-title", m, hidden, space)
		f := func(client *hub.Client, want string) {
			w.t.Helper()
			repos, err := client.Collection(w.t.Context(), c.Slug())
			equal(w.t, "collection", strings.TrimSpace(fmt.Sprintf("%v %s", repos, hub.KindOf(err))), want)
		}
		options := w.options()
		options.Token = nil
		anonymous := hub.New(options)
		f(w.client(), "[model acme/m dataset acme/hidden space acme/s]") // without the paper in it
		f(anonymous, "[model acme/m space acme/s]")
		m.Rename("acme/n")
		space.Delete()
		f(anonymous, "[model acme/n]")
		c.SetPrivate(true)
		f(w.client(), "[model acme/n dataset acme/hidden]")
		f(anonymous, "[] not_found")
		c.SetItems()
		f(w.client(), "[]")

		for _, text := range []string{`[]`, `{"slug":"x"}`, `{"items":[{"id":"acme/m"}]}`, `{"items":[{"type":"model","id":"a\u0000b"}]}`, `{"items":[`, `<html>`} {
			w.Fail(fakehub.On{Route: fakehub.Collections}, fakehub.Always, fakehub.Body("application/json", text))
			f(w.client(), "[] malformed")
			w.Heal()
		}
		c.Delete()
		f(w.client(), "[] not_found")
		for _, slug := range []string{"", "acme", "acme/", "/x", "acme/x/y", "../x"} {
			if _, err := w.client().Collection(w.t.Context(), slug); err == nil || !strings.Contains(err.Error(), "expected the slug of a collection") {
				w.t.Errorf("%q: got %v", slug, err)
			}
		}
	})
}
