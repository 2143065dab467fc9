package victoria_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// hook stands between a store and the engine; before may answer in its place and
// then returns true.
func hook(t *testing.T, before func(http.ResponseWriter, *http.Request) bool) victoria.Options {
	t.Helper()
	target := theEngine(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !before(w, r) {
			forward(t, w, r, target)
		}
	}))
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := optionsFor(target)
	o.InsertURL, o.SelectURL, o.FlushURLs = u, u, []*url.URL{u.JoinPath("/internal/force_flush")}
	return o
}

// forward asks the engine and hands its answer on.
func forward(t *testing.T, w http.ResponseWriter, r *http.Request, target *url.URL) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	req, err := http.NewRequestWithContext(r.Context(), r.Method, target.JoinPath(r.URL.Path).String(), bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Accept-Encoding")
	resp, err := http.DefaultClient.Do(req)
	if r.Context().Err() != nil {
		return // who asked is gone
	}
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(w, resp.Body); err != nil {
		t.Error(err)
	}
}

func direct(t *testing.T, o victoria.Options) victoria.Options {
	u := theEngine(t)
	o.InsertURL, o.SelectURL, o.FlushURLs = u, u, []*url.URL{u.JoinPath("/internal/force_flush")}
	return o
}

var (
	acmeA = history.Repo{Type: history.Model, Name: "acme/a"}
	acmeB = history.Repo{Type: history.Model, Name: "acme/b"}
)

// oneDay is a batch of a record, its total the same.
func oneDay(r history.Repo, day history.Day, downloads int64, asOf history.AsOf) history.Batch {
	v := history.Version{Source: history.Published, AsOf: asOf}
	return history.Batch{Rows: history.RowsOf(v, history.Record{Repo: r, Total: downloads, Day: day, Downloads: downloads})}
}

// wantSums compares the overview, which is read from the sums of groups, with what
// the records add up to.
func wantSums(t *testing.T, s *victoria.Store, repos int, records, downloads int64) {
	t.Helper()
	o, err := s.Overview(t.Context(), history.OverviewQuery{})
	if err != nil {
		t.Fatal(err)
	}
	g := history.Group{}
	if len(o.Groups) > 0 {
		g = o.Groups[0]
	}
	if g.Repos != repos || g.Records != records || g.Downloads != downloads {
		t.Errorf("expected %d repositories, %d records, %d downloads, got %+v", repos, records, downloads, g)
	}
	all, err := history.Collect(s.Records(t.Context(), history.RecordsQuery{}))
	if err != nil {
		t.Fatal(err)
	}
	sum := int64(0)
	for _, r := range all {
		sum += r.Downloads
	}
	if int64(len(all)) != records || sum != downloads {
		t.Errorf("expected %d records and %d downloads, got %v", records, downloads, all)
	}
}

func TestAnAppendThatBreaksOffIsNotSeen(t *testing.T) {
	f := func(allowed int64) {
		t.Helper()
		var writes atomic.Int64
		var failing atomic.Bool
		o := hook(t, func(w http.ResponseWriter, r *http.Request) bool {
			if !failing.Load() || !strings.HasSuffix(r.URL.Path, "/import") || writes.Add(1) <= allowed {
				return false
			}
			http.Error(w, "no more room", http.StatusBadRequest)
			return true
		})
		s := reopen(t, o)
		if _, err := s.Append(t.Context(), oneDay(acmeA, 20000, 5, 1)); err != nil {
			t.Fatal(err)
		}
		failing.Store(true)
		_, err := s.Append(t.Context(), oneDay(acmeB, 20000, 100, 2))
		if err == nil || !strings.Contains(err.Error(), "no more room") {
			t.Fatalf("after %d writes: expected the answer of the engine as the error, got %v", allowed, err)
		}
		// Neither who wrote it nor another process sees any of it.
		other := reopen(t, direct(t, o))
		wantSums(t, s, 1, 1, 5)
		wantSums(t, other, 1, 1, 5)
		failing.Store(false)
		for _, by := range []*victoria.Store{other, s} {
			if _, err := by.Append(t.Context(), oneDay(acmeB, 20000, 7, 3)); err != nil {
				t.Fatal(err)
			}
		}
		wantSums(t, s, 2, 2, 12)
		wantSums(t, other, 2, 2, 12)
	}
	f(0) // nothing
	f(1) // all but that it counts
}

func TestProcessesSeeEachOther(t *testing.T) {
	o := optionsFor(theEngine(t))
	a, b := reopen(t, o), reopen(t, o)
	for i := range int64(6) {
		by := []*victoria.Store{a, b}[i%2]
		if _, err := by.Append(t.Context(), oneDay(acmeA, history.Day(20000+i), i, history.AsOf(i))); err != nil {
			t.Fatal(err)
		}
	}
	wantSums(t, a, 1, 6, 15)
	wantSums(t, b, 1, 6, 15)
	wantSums(t, reopen(t, o), 1, 6, 15)
}

// An append that another comes in between of sees it, and is worked out anew. One that
// cannot see it in time sees that the sums lack something, and sums all up. Both are stored.
func TestAnAppendInTheMidstOfAnother(t *testing.T) {
	f := func(at int64, theirs history.Repo) {
		t.Helper()
		var flushes atomic.Int64
		var other *victoria.Store
		o := hook(t, func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/force_flush") && flushes.Add(1) == at {
				if _, err := other.Append(context.Background(), oneDay(theirs, 20000, 7, 1)); err != nil {
					t.Error(err)
				}
			}
			return false
		})
		other = reopen(t, direct(t, o))
		s := reopen(t, o)
		if _, err := s.Append(t.Context(), oneDay(acmeA, 20000, 5, 1)); err != nil {
			t.Fatal(err)
		}
		for _, by := range []*victoria.Store{s, other, reopen(t, direct(t, o))} {
			wantSums(t, by, 2, 2, 12)
		}
	}
	for _, theirs := range []history.Repo{acmeB, {Type: history.Model, Name: "globex/b"}} {
		f(1, theirs) // while the samples are on their way
		f(2, theirs) // while it is said that they count
	}
}

// Several Stores that append all at once lose nothing, whether they are at one
// organization or each at its own.
func TestManyAppendAtOnce(t *testing.T) {
	const writers, appends = 3, 4
	f := func(sameOrg bool) {
		t.Helper()
		o := optionsFor(theEngine(t))
		var g errgroup.Group
		for w := range writers {
			s := reopen(t, o)
			g.Go(func() error {
				for i := range appends {
					name := fmt.Sprintf("acme%d/r%d", w, i)
					if sameOrg {
						name = fmt.Sprintf("acme/r%d-%d", w, i)
					}
					if _, err := s.Append(t.Context(), oneDay(history.Repo{Type: history.Model, Name: name}, 20000, 1, 1)); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		wantSums(t, reopen(t, o), writers*appends, writers*appends, writers*appends)
	}
	f(true)
	f(false)
}

// Two that store the same at once change nothing for each other.
func TestTheSameTwiceAtOnce(t *testing.T) {
	o := optionsFor(theEngine(t))
	var g errgroup.Group
	for range 2 {
		s := reopen(t, o)
		g.Go(func() error {
			for day := range history.Day(3) {
				if _, err := s.Append(t.Context(), oneDay(acmeA, 20000+day, 4, 1)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	wantSums(t, reopen(t, o), 1, 3, 12)
}

func TestAnAnswerThatBreaksOffIsAnError(t *testing.T) {
	var failing atomic.Bool
	o := hook(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !failing.Load() || !strings.HasSuffix(r.URL.Path, "/export") {
			return false
		}
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("\n"))
		return true
	})
	s := reopen(t, o)
	if _, err := s.Append(t.Context(), oneDay(acmeA, 20000, 5, 1)); err != nil {
		t.Fatal(err)
	}
	failing.Store(true)
	if all, err := history.Collect(s.Records(t.Context(), history.RecordsQuery{})); err == nil {
		t.Errorf("Records: expected an error, got %v", all)
	}
	if o, err := s.Overview(t.Context(), history.OverviewQuery{}); err == nil {
		t.Errorf("Overview: expected an error, got %+v", o)
	}
	if p, err := s.Repos(t.Context(), history.ReposQuery{}); err == nil {
		t.Errorf("Repos: expected an error, got %+v", p)
	}
	if c, err := s.Append(t.Context(), oneDay(acmeA, 20001, 5, 1)); err == nil {
		t.Errorf("Append: expected an error, got %+v", c)
	}
}
