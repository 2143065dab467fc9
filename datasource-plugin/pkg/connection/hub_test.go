package connection

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

func TestHubIsReadOnceAndThenOnASchedule(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.connect(map[string]any{"refreshInterval": "1h"})
		s.after(24 * time.Hour)
		s.wantRequests(0) // nobody has asked
		s.wantShown("d 5 m 15")
		for range 10 {
			s.wantShown("d 5 m 15")
		}
		s.wantRequests(1)
		r := s.hub.Requests()[0]
		if r.Token() != token || r.Header.Get("X-Key") != secret || !strings.HasPrefix(r.Header.Get("User-Agent"), "huggingface_exporter_datasource/") {
			s.Errorf("expected token, header and name of the plugin, got %v", r.Header)
		}
		s.day(history.Model, "acme/m", "2026-11-20", 100)
		s.after(53 * time.Minute)
		s.wantShown("d 5 m 15")
		s.after(14 * time.Minute)
		s.wantRequests(2)
		s.wantShown("d 5 m 115")
		s.after(24 * time.Hour)
		if n := len(s.hub.Requests()); n < 2+21 || n > 2+27 {
			s.Errorf("expected about 24 refreshes in a day, got %d", n-2)
		}
	})
}

func TestHubHealth(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.connect(nil)
		began := time.Now().UTC()
		h := s.conn.Check(s.Context())
		wantSentence(s, h.Message)
		if want := "The Hub returned the downloads of acme: 2 repositories and 3 records of downloads, up to 2026-11-19."; !h.OK || h.Message != want {
			s.Errorf("expected %s, got OK %v, %s", want, h.OK, h.Message)
		}
		d := h.Details
		if d.MemoryBytes <= 0 || !d.CollectedAt.Equal(began) || d.NextRefresh.Before(began.Add(5*time.Hour)) || d.NextRefresh.After(began.Add(7*time.Hour)) {
			s.Errorf("unexpected details %+v", d)
		}
		d.MemoryBytes, d.CollectedAt, d.NextRefresh = 0, time.Time{}, time.Time{}
		if got, want := jsonOf(d), `{"connection":"hub","url":"http://hub.test","organization":"acme","repos":2,"records":3,"firstDay":"2026-11-18","lastDay":"2026-11-19"}`; got != want {
			s.Errorf("expected the details %s, got %s", want, got)
		}
		s.conn.Check(s.Context())
		s.wantRequests(1)
	})
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.hub.AddOrg("empty", fakehub.Team)
		s.hub.AddToken(token, "empty")
		s.connect(map[string]any{"organization": "empty"})
		if h := s.conn.Check(s.Context()); !h.OK || h.Message != "The Hub returned the downloads of empty: it has no downloads yet." {
			s.Errorf("unexpected %+v", h)
		}
	})
}

func TestHubFaults(t *testing.T) {
	f := func(prepare func(s *stage), kind Kind, words ...string) {
		t.Helper()
		onStage(t, fakehub.Options{}, func(s *stage) {
			t.Helper()
			prepare(s)
			if s.conn == nil {
				s.connect(nil)
			}
			_, _, err := s.conn.Reader(s.Context())
			wantUpstream(s, err, kind)
			h := s.conn.Check(s.Context())
			wantFault(s, h, kind, words...)
		})
	}
	failing := func(fault fakehub.Fault) func(s *stage) {
		return func(s *stage) { s.hub.Fail(fakehub.On{}, fakehub.Always, fault) }
	}
	f(func(s *stage) { s.hub.RevokeToken(token) }, KindAuth, "http://hub.test does not know the token", "401", "enter a valid token of a member of acme")
	f(func(s *stage) { delete(s.secrets, "token") }, KindAuth, "401", "enter a token")
	f(failing(fakehub.LoginPage()), KindMalformed, "HTML page", "check the endpoint")
	f(failing(fakehub.RedirectToLogin()), KindAuth, "enter a valid token")
	f(func(s *stage) { s.hub.ForbidToken(token, true) }, KindForbidden, `(403, "The organization's token policy refuses this token.")`, "Team or Enterprise plan")
	f(func(s *stage) { s.hub.AddOrg("acme", fakehub.Free) }, KindForbidden, "plan")
	f(func(s *stage) { s.connect(map[string]any{"organization": "acne"}) }, KindNotFound, "no organization acne", "check the name")
	f(failing(fakehub.TooManyFor("pages", 280)), KindRateLimited, "429", "a token of its own")
	f(failing(fakehub.Status(500)), KindServer, "500", "retry soon")
	f(failing(fakehub.StallHeaders()), KindTimeout, "no response in time")
	f(failing(fakehub.StallBody(60)), KindTimeout)
	f(failing(fakehub.Truncated(60)), KindBroken)
	f(failing(fakehub.Body("text/csv", "a,b\n1,2\n")), KindMalformed, "is not an export of acme", "line 1")
	f(failing(fakehub.Edit(func(csv string) string { return csv[:len(csv)-12] })), KindImplausible, "the export may be truncated")
	f(failing(fakehub.Edit(func(csv string) string {
		// One row of another number for a day is skipped, more are too many.
		return csv + "model,acme/m,15,2026-11-19T00:00:00.000Z,9\nmodel,acme/m,15,2026-11-19T00:00:00.000Z,8\nmodel,acme/m,15,2026-11-19T00:00:00.000Z,7\n"
	})), KindMalformed, "contradicts itself", "one number for model acme/m on 2026-11-19")
	f(failing(fakehub.Edit(func(csv string) string { return csv + strings.Repeat(token+","+secret+"\n", 2) })), KindMalformed)
	f(func(s *stage) { s.network.Remove("hub.test:80") }, KindUnreachable, "no connection: connection refused", "check the URL")
	f(failing(fakehub.RedirectTo("http://cdn.test/x?signature="+token)), KindUnreachable)
}

// The Hub may keep an export at a store of its own. Nothing secret goes there.
func TestHubRedirects(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		cdn := fakehub.New(fakehub.Options{})
		cdn.Fail(fakehub.On{}, fakehub.Always, fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\nmodel,acme/far,1,2026-11-19T00:00:00.000Z,3\n"))
		s.network.Serve("cdn.test:80", cdn)
		s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.RedirectTo("http://cdn.test/export.csv"))
		s.connect(map[string]any{"basicAuth": true, "basicAuthUser": "u"})
		s.wantShown("far 3")
		for name := range cdn.Requests()[0].Header {
			if name == "Authorization" || name == "X-Key" || name == "Cookie" {
				s.Errorf("expected nothing secret, got the header %s", name)
			}
		}
		if s.hub.Requests()[0].Token() != token {
			s.Error("expected the Hub to get the token")
		}
	})
}

func TestHubFailureKeepsWhatWasThere(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.connect(map[string]any{"refreshInterval": "1h"})
		collected := time.Now().UTC().Format("2006-01-02 15:04 UTC")
		s.wantShown("d 5 m 15")
		s.day(history.Model, "acme/m", "2026-11-20", 1)
		s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Status(403))
		s.hub.ForgetRequests()
		s.after(67 * time.Minute)
		s.wantOld("d 5 m 15", collected, "the refresh at ", " failed: http://hub.test denies access")
		wantFault(s, s.conn.Check(s.Context()), KindForbidden, "Showing the downloads as collected on "+collected)
		d := s.conn.Check(s.Context()).Details
		if d.Repos != 2 || d.CollectedAt.Format("2006-01-02 15:04 UTC") != collected || d.NextRefresh.IsZero() {
			s.Errorf("unexpected details %+v", d)
		}
		// After 1, 2, 4, ... minutes, then once an hour.
		s.after(5 * time.Hour)
		if n := len(s.hub.Requests()); n < 8 || n > 13 {
			s.Errorf("expected about 10 tries in five hours, got %d", n)
		}
		s.wantOld("d 5 m 15", collected)
		s.hub.Heal()
		s.after(67 * time.Minute)
		s.wantShown("d 5 m 16")
		if h := s.conn.Check(s.Context()); !h.OK {
			s.Errorf("expected all to be well, got %s", h.Message)
		}
		if !strings.Contains(s.notes.String(), "error Loading the downloads from the Hub failed") {
			s.Errorf("expected the failure in the log, got %s", s.notes)
		}
	})
}

// What the user has mended outside Grafana is seen by the next check.
func TestHubCheckTriesAgain(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.hub.ForbidToken(token, true)
		s.connect(nil)
		wantFault(s, s.conn.Check(s.Context()), KindForbidden)
		s.hub.ForbidToken(token, false)
		for range 5 { // not at once: pages and people check often
			wantFault(s, s.conn.Check(s.Context()), KindForbidden)
		}
		_, _, err := s.conn.Reader(s.Context())
		wantUpstream(s, err, KindForbidden)
		s.wantRequests(1)
		s.after(11 * time.Second)
		_, _, err = s.conn.Reader(s.Context())
		wantUpstream(s, err, KindForbidden)
		s.wantRequests(1) // a query asks nothing
		var checks sync.WaitGroup
		for range 5 {
			checks.Go(func() {
				if h := s.conn.Check(s.Context()); !h.OK {
					s.Errorf("expected all to be well, got %s", h.Message)
				}
			})
		}
		checks.Wait()
		s.wantRequests(2)
		s.wantShown("d 5 m 15")
		s.after(time.Hour)
		s.wantRequests(2)
	})
}

func TestHubNotModified(t *testing.T) {
	for _, v := range []fakehub.Validators{fakehub.ETag, fakehub.LastModified} {
		onStage(t, fakehub.Options{Validators: v}, func(s *stage) {
			s.connect(map[string]any{"refreshInterval": "1h"})
			s.wantShown("d 5 m 15")
			first := s.conn.Check(s.Context()).Details.CollectedAt
			s.after(67 * time.Minute)
			if r := s.hub.Requests(); len(r) != 2 || r[1].Status != 304 {
				s.Errorf("expected a second answer that says that nothing changed, got %d", len(r))
			}
			s.wantShown("d 5 m 15")
			if at := s.conn.Check(s.Context()).Details.CollectedAt; !at.After(first) {
				s.Errorf("expected what is shown to be of the second answer, got %v and %v", first, at)
			}
			s.day(history.Model, "acme/m", "2026-11-20", 1)
			s.after(67 * time.Minute)
			s.wantShown("d 5 m 16")
		})
	}
}

// An export that was not read to its end is asked for anew: its validators are
// not kept.
func TestHubValidatorsOfABrokenExport(t *testing.T) {
	onStage(t, fakehub.Options{Validators: fakehub.ETag}, func(s *stage) {
		s.hub.Fail(fakehub.On{}, 3, fakehub.Truncated(100))
		s.connect(nil)
		_, _, err := s.conn.Reader(s.Context())
		wantUpstream(s, err, KindBroken)
		s.hub.Heal()
		s.after(2 * time.Minute)
		s.wantShown("d 5 m 15")
	})
}

func TestHubConcurrentFirstUse(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Slow(20, time.Second))
		s.connect(nil)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				if i%5 == 0 {
					s.conn.Check(s.Context())
					return
				}
				if _, _, err := s.conn.Reader(s.Context()); err != nil {
					s.Errorf("expected a history, got %v", err)
				}
			})
		}
		all.Wait()
		s.wantRequests(1)
	})
}

// Who does not wait for the first load is told so, and it goes on.
func TestHubFirstUseIsBounded(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Slow(10, 5*time.Second))
		s.connect(nil)
		ctx, cancel := context.WithTimeout(s.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		_, _, err := s.conn.Reader(ctx)
		wantUpstream(s, err, KindTimeout)
		if took(began) != 30*time.Second || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "loading continues, retry the query later") {
			s.Errorf("expected to be told to ask again after 30s, got %v after %v", err, took(began))
		}
		wantFault(s, s.conn.Check(ctx), KindTimeout, "0 MiB in 30s so far")
		ctx, cancel = context.WithCancel(s.Context())
		cancel()
		if _, _, err := s.conn.Reader(ctx); !errors.Is(err, context.Canceled) {
			s.Errorf("expected the end of the context, got %v", err)
		}
		s.wantShown("d 5 m 15") // waits
		s.wantRequests(1)
	})
}

func TestHubClose(t *testing.T) {
	f := func(what string, fault fakehub.Fault, before time.Duration) {
		t.Helper()
		// A bubble whose goroutines do not end fails.
		onStage(t, fakehub.Options{}, func(s *stage) {
			t.Helper()
			s.hub.Fail(fakehub.On{}, fakehub.Always, fault)
			s.connect(nil)
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() { _, _, _ = s.conn.Reader(context.Background()) })
			}
			s.after(before)
			closed := time.Now()
			s.conn.Close()
			s.conn.Close()
			all.Wait()
			if took(closed) != 0 {
				s.Errorf("%s: expected to close at once, took %v", what, took(closed))
			}
			synctest.Wait()
			n := len(s.hub.Requests())
			s.after(24 * time.Hour)
			s.wantRequests(n)
			stack := make([]byte, 1<<20)
			if text := string(stack[:runtime.Stack(stack, true)]); strings.Contains(text, "connection.(*hubConnection)") {
				s.Errorf("%s: expected no goroutine of the connection, got %s", what, text)
			}
		})
	}
	f("before the answer", fakehub.StallHeaders(), time.Second)
	f("within the answer", fakehub.StallBody(100), time.Second)
	f("between tries", fakehub.Status(403), 30*time.Second)
	f("between refreshes", fakehub.Slow(1000, time.Millisecond), time.Hour)
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.connect(nil)
		s.conn.Close()
		_, _, err := s.conn.Reader(s.Context())
		wantUpstream(s, err, KindClosed)
		wantFault(s, s.conn.Check(s.Context()), KindClosed)
		s.wantRequests(0)
	})
	// Queries under way when the settings change get what was there.
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.connect(nil)
		s.wantShown("d 5 m 15")
		s.conn.Close()
		s.wantShown("d 5 m 15")
	})
}

func TestHubGroups(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		collection := s.hub.AddCollection("acme", "title", s.hub.Repo(history.Dataset, "acme/d"))
		s.connect(map[string]any{"groups": []any{
			map[string]any{"name": "models", "repos": []string{"model:acme/*"}},
			map[string]any{"name": "picked", "collections": []string{collection.Slug()}},
		}})
		want := func(want string) {
			s.Helper()
			reader, _, err := s.conn.Reader(s.Context())
			if err != nil {
				s.Fatal(err)
			}
			o, err := reader.Overview(s.Context(), history.OverviewQuery{ByGroup: true})
			got := ""
			for _, g := range o.Groups {
				got += fmt.Sprintf("%s %d ", g.Group, g.Downloads)
			}
			if got += fmt.Sprint(o.Sum().Downloads); err != nil || got != want {
				s.Errorf("expected %s, got %s, %v", want, got, err)
			}
		}
		want("models 15 picked 5 20")
		collection.Delete()
		s.after(12 * time.Hour)
		want("models 15 picked 5 20")
		if !strings.Contains(s.notes.String(), "their last known repositories stay in the groups") {
			s.Errorf("expected a note on the collection, got %s", s.notes)
		}
	})
}
