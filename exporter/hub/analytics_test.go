package hub_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// twoRepos makes a model with two days and a dataset with one.
func (w *world) twoRepos() {
	w.AddRepo(history.Model, "acme/m").SetDay(day(1), 4).SetDay(day(3), 7).SetTotal(100)
	w.AddRepo(history.Dataset, "acme/d").SetDay(day(2), 0)
}

const twoReposRecords = "[{model acme/m 100 2026-01-01 4} {dataset acme/d 0 2026-01-02 0} {model acme/m 100 2026-01-03 7}]"

func TestAnalytics(t *testing.T) {
	f := func(o fakehub.Options) {
		t.Helper()
		run(t, o, func(w *world) {
			w.twoRepos()
			records, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
			if err != nil {
				w.t.Fatal(err)
			}
			equal(w.t, "records", records, twoReposRecords)
			sent := w.Requests()
			equal(w.t, "requests", len(sent), 1)
			equal(w.t, "URL", sent[0].URL, "/organizations/acme/settings/publisher-analytics/download-breakdown")
			equal(w.t, "Authorization", sent[0].Header.Get("Authorization"), "Bearer "+secret)
			equal(w.t, "Accept-Encoding", sent[0].Header.Get("Accept-Encoding"), "gzip")
			if agent := sent[0].Header.Get("User-Agent"); !strings.HasPrefix(agent, "huggingface_exporter/unknown; go/1.") {
				w.t.Errorf("User-Agent: got %q", agent)
			}
			equal(w.t, "requests seen by hooks", len(w.requests), 1)
			equal(w.t, "status", w.requests[0].Code(), "200")
			equal(w.t, "date", w.requests[0].Date, time.Now().UTC())
			equal(w.t, "limits", w.limits, "[{pages 399 5m0s 400 5m0s}]")
		})
	}
	f(fakehub.Options{}) // packed by gzip
	f(fakehub.Options{NoGzip: true})
}

func TestAnalyticsConditional(t *testing.T) {
	f := func(validators fakehub.Validators, header string) {
		t.Helper()
		run(t, fakehub.Options{Validators: validators}, func(w *world) {
			c := w.client()
			w.twoRepos()
			_, known, err := analytics(w.t.Context(), c, hub.Validators{})
			if err != nil {
				w.t.Fatal(err)
			}
			_, _, err = analytics(w.t.Context(), c, known)
			if !errors.Is(err, hub.ErrNotModified) || hub.KindOf(err) != "" {
				w.t.Fatalf("expected ErrNotModified, got %v", err)
			}
			if w.Requests()[1].Header.Get(header) == "" {
				w.t.Errorf("expected %s in the second request, got %v", header, w.Requests()[1].Header)
			}
			time.Sleep(2 * time.Second) // Last-Modified has whole seconds
			w.Repo(history.Model, "acme/m").SetDay(day(1), 5)
			records, _, err := analytics(w.t.Context(), c, known)
			if err != nil {
				w.t.Fatal(err)
			}
			equal(w.t, "records", len(records), 3)
		})
	}
	f(fakehub.ETag, "If-None-Match")
	f(fakehub.LastModified, "If-Modified-Since")
	f(fakehub.ETag|fakehub.LastModified, "If-None-Match")

	// Without validators, and with ones that were not kept as they came, the
	// request has no condition.
	run(t, fakehub.Options{}, func(w *world) {
		w.twoRepos()
		_, known, err := analytics(w.t.Context(), w.client(), hub.Validators{ETag: "a\nb", LastModified: strings.Repeat("x", 2000)})
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "validators", known, hub.Validators{})
		for name := range w.Requests()[0].Header {
			if strings.HasPrefix(name, "If-") {
				w.t.Errorf("unexpected condition %s", name)
			}
		}
	})
}

func TestAnalyticsRefused(t *testing.T) {
	f := func(prepare func(w *world, o *hub.Options), kind hub.Kind, texts ...string) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			o := w.options()
			prepare(w, &o)
			_, _, err := analytics(w.t.Context(), hub.New(o), hub.Validators{})
			wantError(w.t, err, kind, texts...)
			if n := len(w.Requests()); n > 1 {
				w.t.Errorf("expected one request, got %d", n)
			}
		})
	}
	f(func(_ *world, o *hub.Options) { o.Token = nil }, hub.KindAuth, `publisher_analytics of "acme"`, "401", "needs a token")
	f(func(w *world, _ *hub.Options) { w.RevokeToken(secret) }, hub.KindAuth, "Invalid credentials")
	f(func(w *world, _ *hub.Options) { w.ForbidToken(secret, true) }, hub.KindForbidden, "token policy", "request Root=1-")
	f(func(w *world, _ *hub.Options) { w.AddOrg("acme", fakehub.Free) }, hub.KindForbidden, "Team and Enterprise")
	f(func(w *world, _ *hub.Options) {
		w.Fail(fakehub.On{}, 1, fakehub.Status(404, "X-Error-Code", "RepoNotFound"))
	}, hub.KindNotFound, "404", "RepoNotFound")
	f(func(_ *world, o *hub.Options) {
		o.Token = func() (hub.Token, error) { return hub.Token{}, errors.New("no such file") }
	}, hub.KindAuth, "no such file")
	f(func(w *world, _ *hub.Options) { w.Fail(fakehub.On{}, 1, fakehub.Status(410)) }, hub.KindNotFound)
	f(func(w *world, _ *hub.Options) { w.Fail(fakehub.On{}, 1, fakehub.Status(402)) }, hub.KindForbidden)
	f(func(w *world, _ *hub.Options) { w.Fail(fakehub.On{}, 1, fakehub.Status(400)) }, hub.KindMalformed, "400 Bad Request")
	f(func(w *world, _ *hub.Options) { w.Fail(fakehub.On{}, 1, fakehub.Status(501)) }, hub.KindServer, "501")
	f(func(w *world, _ *hub.Options) { w.Fail(fakehub.On{}, 1, fakehub.Status(302)) }, hub.KindMalformed, "302", "without a target")
	f(func(w *world, _ *hub.Options) { w.Fail(fakehub.On{}, 1, fakehub.Status(304)) }, hub.KindMalformed, "304")
	f(func(w *world, _ *hub.Options) { w.Fail(fakehub.On{}, 1, fakehub.Status(204)) }, hub.KindMalformed, "204")
}

func TestAnalyticsNames(t *testing.T) {
	for _, org := range []string{"", ".", "..", "a/b", "a\nb", `a\b`} {
		if _, err := hub.New(hub.Options{}).PublisherAnalytics(t.Context(), org, hub.Validators{}); err == nil ||
			!strings.Contains(err.Error(), fmt.Sprintf("%q", org)) {
			t.Errorf("%q: expected an error that quotes it, got %v", org, err)
		}
	}
	run(t, fakehub.Options{}, func(w *world) {
		_, err := w.client().PublisherAnalytics(w.t.Context(), "a b?c", hub.Validators{})
		wantError(w.t, err, hub.KindNotFound, "a b?c")
		equal(w.t, "URL", w.Requests()[0].URL, "/organizations/a%20b%3Fc/settings/publisher-analytics/download-breakdown")
	})
}

// What comes is not an export, or not all of one: no try makes it better, but
// the next good answer does.
func TestAnalyticsMalformed(t *testing.T) {
	f := func(fault fakehub.Fault, kind hub.Kind, texts ...string) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			w.Fail(fakehub.On{}, 1, fault)
			c := w.client()
			_, _, err := analytics(w.t.Context(), c, hub.Validators{})
			wantError(w.t, err, kind, texts...)
			equal(w.t, "requests", len(w.requests), 1)
			records, _, err := analytics(w.t.Context(), c, hub.Validators{})
			if err != nil {
				w.t.Fatal(err)
			}
			equal(w.t, "records afterwards", records, twoReposRecords)
		})
	}
	f(fakehub.LoginPage(), hub.KindMalformed, "expected CSV, got an HTML page")
	f(fakehub.Body("text/csv", "\n <html>"), hub.KindMalformed, "HTML")
	f(fakehub.RedirectToLogin(), hub.KindAuth, "http://hub.test/login")
	f(fakehub.Body("application/json", "[]"), hub.KindMalformed, "repoType")
	f(fakehub.Body("text/csv", ""), hub.KindMalformed, "line 1: expected the header")
	f(fakehub.HalfGzip(), hub.KindMalformed, "expected a complete gzip stream")
	f(fakehub.Edit(func(s string) string { return strings.ReplaceAll(s, "2026-01-0", "2926-01-0") }), hub.KindMalformed, "line 4", "2926-01-03",
		"3 of 3 rows are invalid, and at most one of 100 is skipped")
	f(contentEncoding("gzip"), hub.KindMalformed, "expected gzip, got something else")
	f(contentEncoding("br"), hub.KindMalformed, `Content-Encoding "br"`)
	// Without the length of the body even a row that looks whole may be cut.
	f(fakehub.Unannounced(len("repoType,repoName,total,timestamp,downloads\nmodel,acme/m,100,2026-01-01T00:00:00.000Z,4")),
		hub.KindMalformed, "it is truncated")
}

// However many rows are wrong, an error does not repeat much of an answer.
func TestAnalyticsQuotesLittle(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.twoRepos()
		bad := strings.Repeat("model,acme/m,100,2026-01-01T00:00:00.000Z,"+strings.Repeat("Z", 60)+"\n", 10)
		w.Fail(fakehub.On{}, 1, fakehub.Edit(func(s string) string { return s + bad }))
		_, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
		wantError(w.t, err, hub.KindMalformed, strings.Repeat("Z", 60))
		if n := strings.Count(err.Error(), "Z"); n > 200 {
			w.t.Errorf("expected at most 200 bytes of the answer, got %d:\n%v", n, err)
		}
	})
}

// A last line without an end is told of: it may have been cut, in a timestamp, in a number
// that looks whole, before its end.
func TestAnalyticsOpen(t *testing.T) {
	f := func(missing int, open bool) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			w.Fail(fakehub.On{}, 1, fakehub.Edit(func(s string) string { return strings.Replace(s, ",7\n", ",712\n", 1)[:len(s)+2-missing] }))
			a, err := w.client().PublisherAnalytics(w.t.Context(), "acme", hub.Validators{})
			if err != nil {
				w.t.Fatal(err)
			}
			if _, err := history.Collect(a.Rows(version, lastDay)); err != nil || a.Open != open {
				w.t.Errorf("%d bytes missing: open %v, %v; want %v", missing, a.Open, err, open)
			}
		})
	}
	f(0, false)
	f(1, true)
	f(2, true)
	f(20, true)
}

// A row that cannot be understood does not stop the others.
func TestAnalyticsBadRows(t *testing.T) {
	f := func(old, new, records, notice string) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			w.Fail(fakehub.On{}, 1, fakehub.Edit(func(s string) string { return strings.Replace(s, old, new, 1) }))
			a, err := w.client().PublisherAnalytics(w.t.Context(), "acme", hub.Validators{})
			if err != nil {
				w.t.Fatal(err)
			}
			got, err := history.Collect(a.Rows(version, lastDay))
			if err != nil {
				w.t.Fatal(err)
			}
			equal(w.t, "records", got, records)
			equal(w.t, "notices", strings.Join(a.Notes.Notices(), "\n"), notice)
		})
	}
	f("", "", twoReposRecords, "")
	f(",7\n", ",-7\n", "[{model acme/m 100 2026-01-01 4} {dataset acme/d 0 2026-01-02 0}]",
		"skipped: line 4, column downloads: expected a whole number from 0 to 9223372036854775807, got \"-7\"\nskipped 1 row of 3: 1 for downloads")
	f("2026-01-02", "2027-02-02", "[{model acme/m 100 2026-01-01 4} {model acme/m 100 2026-01-03 7}]",
		"skipped: line 3, column timestamp: expected a day up to 2027-01-01, got \"2027-02-02T00:00:00.000Z\"; this day is in the future: "+
			"is the clock of its source or of this machine wrong?\nskipped 1 row of 3: 1 for future")
	f("100,2026-01-03", "103,2026-01-03", "[{model acme/m 103 2026-01-01 4} {dataset acme/d 0 2026-01-02 0} {model acme/m 103 2026-01-03 7}]",
		"model acme/m has totals from 100 to 103; using 103, the total of its newest day, 2026-01-03")
}

// contentEncoding sends the plain content as if it were encoded.
func contentEncoding(coding string) fakehub.Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		w.Header().Set("Content-Encoding", coding)
		fakehub.Edit(func(s string) string { return s })(w, r, answer)
	}
}

// A body that ends with the connection is taken if it ends with a line.
func TestAnalyticsUnannounced(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.twoRepos()
		w.Fail(fakehub.On{}, 1, fakehub.Unannounced(1<<20))
		records, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "records", records, twoReposRecords)
	})
}

func TestAnalyticsRowsOnce(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.twoRepos()
		a, err := w.client().PublisherAnalytics(w.t.Context(), "acme", hub.Validators{})
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := history.Collect(a.Rows(version, lastDay)); err != nil {
			w.t.Fatal(err)
		}
		if a.Bytes() < 100 {
			w.t.Errorf("expected the bytes of the export, got %d", a.Bytes())
		}
		if _, err := history.Collect(a.Rows(version, lastDay)); err == nil {
			w.t.Error("expected an error from the second reading, got none")
		}
	})
}

// Who stops reading early waits for nothing, though the body stands still.
func TestAnalyticsLeftEarly(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		m := w.AddRepo(history.Model, "acme/m")
		for d := range history.Day(40_000) {
			m.SetDay(d, 1)
		}
		w.Fail(fakehub.On{}, 1, fakehub.StallBody(1_200_000))
		a, err := w.client().PublisherAnalytics(w.t.Context(), "acme", hub.Validators{})
		if err != nil {
			w.t.Fatal(err)
		}
		started, rows := time.Now(), 0
		for block := range a.Rows(version, lastDay) {
			if rows += block.Len(); rows >= 20_000 { // of some 27,000 that come
				break
			}
		}
		equal(w.t, "waited", time.Since(started), "0s")
	})
}

func TestAnalyticsCancelled(t *testing.T) {
	f := func(fault fakehub.Fault) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			w.Fail(fakehub.On{}, fakehub.Always, fault)
			ctx, cancel := context.WithCancelCause(w.t.Context())
			gone := errors.New("the user has gone")
			time.AfterFunc(3*time.Second, func() { cancel(gone) })
			started := time.Now()
			_, _, err := analytics(ctx, w.client(), hub.Validators{})
			if !errors.Is(err, gone) || !strings.Contains(err.Error(), "acme") {
				w.t.Errorf("expected the cause of the cancellation, got %v", err)
			}
			equal(w.t, "waited", time.Since(started), 3*time.Second)
		})
	}
	f(fakehub.StallHeaders())
	f(fakehub.StallBody(0))
	f(fakehub.StallBody(100))
	f(fakehub.Slow(1, time.Second))
	f(fakehub.TooManyFor("pages", 100))
	f(fakehub.TooMany("Retry-After", "100"))
}
