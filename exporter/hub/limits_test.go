package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// refusals returns how many requests were over the limit.
func (w *world) refusals() int {
	n := 0
	for _, r := range w.Requests() {
		if r.Status == 429 {
			n++
		}
	}
	return n
}

// Many more calls than a window allows: none is refused, since the client waits
// before it would be.
func TestLimitRespected(t *testing.T) {
	f := func(limit, calls int, least, most time.Duration) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.SetLimit(secret, "api", limit)
			w.AddRepo(history.Model, "acme/m")
			c := w.client()
			started := time.Now()
			for range calls {
				if _, err := list(w.t.Context(), c, history.Model, "acme"); err != nil {
					w.t.Fatal(err)
				}
			}
			equal(w.t, "requests", len(w.Requests()), calls)
			equal(w.t, "refused", w.refusals(), 0)
			if waited := time.Since(started); waited < least || waited > most {
				w.t.Errorf("expected %s to %s, got %s", least, most, waited)
			}
		})
	}
	f(100, 89, 0, 0)                                        // far from the limit nothing waits
	f(100, 95, time.Minute, 5*time.Minute)                  // near it the rest is spread
	f(100, 105, 5*time.Minute, 5*time.Minute+2*time.Second) // past it the next window is waited for
	f(1, 3, 10*time.Minute, 10*time.Minute+3*time.Second)
}

// Clients of one token share what is left, in whatever order they ask.
func TestLimitShared(t *testing.T) {
	f := func(clients int, refused bool, tokens ...string) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.AddRepo(history.Model, "acme/m")
			limiters := hub.NewLimiters()
			done := make(chan error)
			for i := range clients {
				token := tokens[i%len(tokens)]
				w.AddToken(token, "acme")
				w.SetLimit(token, "api", 20)
				o := w.options()
				secret, err := hub.NewToken(token, "the test")
				if err != nil {
					w.t.Fatal(err)
				}
				o.Token, o.Limiters = hub.StaticToken(secret), limiters
				if refused {
					o.Limiters = nil
				}
				c := hub.New(o)
				go func() {
					for range 5 {
						if _, err := list(w.t.Context(), c, history.Model, "acme"); err != nil {
							done <- err
							return
						}
						time.Sleep(time.Second)
					}
					done <- nil
				}()
			}
			for range clients {
				if err := <-done; err != nil {
					w.t.Error(err)
				}
			}
			if got := w.refusals() > 0; got != refused {
				w.t.Errorf("expected refused requests: %v, got %d of %d", refused, w.refusals(), len(w.Requests()))
			}
		})
	}
	f(10, false, "hf_one")
	f(10, false, "hf_one", "hf_two")
	// Each for itself does run into the limit: the test above can fail.
	f(10, true, "hf_one")
}

// What others do with the token counts as well.
func TestLimitUsedByOthers(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.SetLimit(secret, "api", 100)
		w.AddRepo(history.Model, "acme/m")
		mine, other := w.client(), w.client()
		call := func(c *hub.Client) {
			if _, err := list(w.t.Context(), c, history.Model, "acme"); err != nil {
				w.t.Fatal(err)
			}
		}
		call(mine)
		for range 85 {
			call(other)
		}
		call(mine) // learns of the others here
		started := time.Now()
		for range 20 {
			call(mine)
		}
		equal(w.t, "refused", w.refusals(), 0)
		if waited := time.Since(started); waited < 4*time.Minute {
			w.t.Errorf("expected a wait until the next window, got %s", waited)
		}
	})
}

// The limits of the two buckets are apart, and an answer says which one a route
// is in.
func TestLimitBuckets(t *testing.T) {
	f := func(bucket string, api int, waits bool) {
		t.Helper()
		run(t, fakehub.Options{AnalyticsBucket: bucket}, func(w *world) {
			w.twoRepos()
			w.SetLimit(secret, "pages", 2)
			w.SetLimit(secret, "api", api)
			c := w.client()
			started := time.Now()
			for range 3 {
				if _, _, err := analytics(w.t.Context(), c, hub.Validators{}); err != nil {
					w.t.Fatal(err)
				}
			}
			equal(w.t, "refused", w.refusals(), 0)
			if waited := time.Since(started) >= 4*time.Minute; waited != waits {
				w.t.Errorf("expected a wait: %v, got %s", waits, time.Since(started))
			}
		})
	}
	f("pages", 50, true)
	f("api", 50, false)
	f("api", 2, true)
}

// After a 429 all callers of the token wait, not only the one that got it.
func TestLimitPausesAll(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.AddRepo(history.Model, "acme/m")
		c := w.client()
		w.Fail(fakehub.On{}, 1, fakehub.TooMany("Retry-After", "100"))
		started := time.Now()
		results := make(chan string)
		call := func() {
			_, err := list(w.t.Context(), c, history.Model, "acme")
			results <- fmt.Sprint(err, " after ", time.Since(started))
		}
		go call()
		synctest.Wait() // it got its 429
		go call()
		synctest.Wait()
		equal(w.t, "requests before the wait is over", len(w.Requests()), 1)
		for range 2 {
			equal(w.t, "call", <-results, "<nil> after 1m40s")
		}
	})
}

// A wait that is too long fails at once, for the one who asks next as well.
func TestLimitTooLong(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.AddRepo(history.Model, "acme/m")
		c := w.client()
		w.Fail(fakehub.On{}, 1, fakehub.TooMany("Retry-After", "86400"))
		_, err := list(w.t.Context(), c, history.Model, "acme")
		wantError(w.t, err, hub.KindRateLimited, "retry in 24h0m0s")
		_, err = list(w.t.Context(), c, history.Model, "acme")
		wantError(w.t, err, hub.KindRateLimited, "rate limit of the Hub is exhausted", "retry in 1h0m0s")
		equal(w.t, "requests", len(w.Requests()), 1)
		time.Sleep(time.Hour)
		if _, err = list(w.t.Context(), c, history.Model, "acme"); err != nil {
			w.t.Fatal(err)
		}
	})
}

// Who waits for the next window can be called off at once.
func TestLimitCancelled(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.SetLimit(secret, "api", 1)
		c := w.client()
		if _, err := list(w.t.Context(), c, history.Model, "acme"); err != nil {
			w.t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(w.t.Context(), 7*time.Second)
		defer cancel()
		started := time.Now()
		_, err := list(ctx, c, history.Model, "acme")
		if !errors.Is(err, context.DeadlineExceeded) || hub.KindOf(err) != hub.KindTimeout {
			w.t.Errorf("expected the end of the deadline, got %v", err)
		}
		equal(w.t, "waited", time.Since(started), "7s")
		if !strings.Contains(w.log.String(), "Waiting for the Hub's rate limit") {
			w.t.Errorf("expected a word in the log, got %q", &w.log)
		}
	})
}

// A token that is replaced is used from the next request on, with its own limit.
func TestTokenReplaced(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.AddRepo(history.Model, "acme/m")
		w.SetLimit(secret, "api", 1)
		value := secret
		o := w.options()
		o.Token = func() (hub.Token, error) { return hub.NewToken(value, "a file") }
		c := hub.New(o)
		if _, err := list(w.t.Context(), c, history.Model, "acme"); err != nil {
			w.t.Fatal(err)
		}
		value = "hf_other"
		w.AddToken(value, "acme")
		started := time.Now()
		if _, err := list(w.t.Context(), c, history.Model, "acme"); err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "tokens", w.Requests()[0].Token()+" "+w.Requests()[1].Token(), secret+" hf_other")
		equal(w.t, "waited", time.Since(started), "0s")
	})
}
