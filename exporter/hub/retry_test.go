package hub_test

import (
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

// codes returns the codes of the requests, in a line.
func (w *world) codes() string {
	var all []string
	for _, r := range w.requests {
		all = append(all, r.Code())
	}
	return strings.Join(all, " ")
}

// Two failures and then an answer: the call succeeds, after waits within bounds.
func TestRetried(t *testing.T) {
	f := func(fault fakehub.Fault, codes string, least, most time.Duration) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			w.Fail(fakehub.On{}, 2, fault)
			started := time.Now()
			records, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
			if err != nil {
				w.t.Fatal(err)
			}
			equal(w.t, "records", len(records), 3)
			equal(w.t, "codes", w.codes(), codes)
			if waited := time.Since(started); waited < least || waited > most {
				w.t.Errorf("expected a wait of %s to %s, got %s", least, most, waited)
			}
			if !strings.Contains(w.log.String(), "Retrying a request to the Hub") {
				w.t.Errorf("expected a word in the log, got %q", &w.log)
			}
		})
	}
	// Pauses are of 1 s and 2 s, half of it more or less.
	const least, most = 1500 * time.Millisecond, 4500 * time.Millisecond
	for _, status := range []int{408, 429, 500, 502, 503, 504} {
		fault := fakehub.Status(status)
		if status == 429 {
			fault = fakehub.TooMany()
		}
		f(fault, fmt.Sprintf("%[1]d %[1]d 200", status), least, most)
	}
	f(fakehub.Reset(-1), "none none 200", least, most)
	f(fakehub.Reset(0), "200 200 200", least, most)
	f(fakehub.Truncated(60), "200 200 200", least, most)
	f(fakehub.StallHeaders(), "none none 200", 2*time.Minute+least, 2*time.Minute+most)
	f(fakehub.StallBody(60), "200 200 200", 2*time.Minute+least, 2*time.Minute+most)

	f(fakehub.TooManyFor("pages", 55), "429 429 200", 112*time.Second, 113*time.Second)
	f(fakehub.TooMany("Retry-After", "20"), "429 429 200", 40*time.Second, 41*time.Second)
	f(fakehub.Status(503, "Retry-After", "20"), "503 503 200", 40*time.Second, 41*time.Second)
	f(fakehub.Status(503, "Retry-After", "0"), "503 503 200", least, most)
	f(fakehub.Status(503, "Retry-After", "soon"), "503 503 200", least, most)
	// A date is taken against the Hub's own clock.
	f(fakehub.TooMany("Retry-After", "Thu, 01 Jan 2026 00:00:30 GMT", "Date", "Thu, 01 Jan 2026 00:00:00 GMT"),
		"429 429 200", 60*time.Second, 61*time.Second)
	// A window told with something left does not say how long to wait.
	f(fakehub.TooMany("RateLimit", `"pages";r=7;t=200`, "Retry-After", "5"), "429 429 200", 10*time.Second, 11*time.Second)
}

func TestGivenUp(t *testing.T) {
	f := func(fault fakehub.Fault, kind hub.Kind, codes string, texts ...string) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			w.Fail(fakehub.On{}, fakehub.Always, fault)
			_, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
			wantError(w.t, err, kind, texts...)
			equal(w.t, "codes", w.codes(), codes)
		})
	}
	f(fakehub.Status(500, "X-Request-Id", "Root=1-77"), hub.KindServer, "500 500 500 500 500", "500 Internal Server Error", "Root=1-")
	f(fakehub.TooMany(), hub.KindRateLimited, "429 429 429 429 429", "429")
	f(fakehub.Status(408), hub.KindTimeout, "408 408 408 408 408")
	f(fakehub.StallHeaders(), hub.KindTimeout, "none none none none none", "timeout")
	f(fakehub.StallBody(44), hub.KindTimeout, "200 200 200 200 200", "within 1m0s, got nothing after 44 bytes")
	f(fakehub.Reset(-1), hub.KindNetwork, "none none none none none", "EOF")
	f(fakehub.Truncated(50), hub.KindNetwork, "200 200 200 200 200", "was aborted after 50 bytes")
	// A wait of more than ten minutes is left to the caller.
	f(fakehub.TooMany("Retry-After", "3600"), hub.KindRateLimited, "429", "retry in 1h0m0s")
	f(fakehub.Status(503, "Retry-After", "1e300"), hub.KindServer, "503", "retry in 8760h0m0s")
}

func TestMaxTries(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.Fail(fakehub.On{}, fakehub.Always, fakehub.Status(500))
		o := w.options()
		o.MaxTries = 1
		_, _, err := analytics(w.t.Context(), hub.New(o), hub.Validators{})
		wantError(w.t, err, hub.KindServer)
		equal(w.t, "codes", w.codes(), "500")
		var e *hub.Error
		if !errors.As(err, &e) {
			w.t.Fatal(err)
		}
		if _, ok := e.Retry(); !ok {
			w.t.Errorf("expected an error that is worth a repetition, got %v", err)
		}
	})
}

func TestRefusedConnection(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.net.Remove("hub.test:80")
		_, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
		wantError(w.t, err, hub.KindNetwork, "refused")
		equal(w.t, "tries", len(w.requests), 5)
		equal(w.t, "latency", w.requests[0].Latency, "0s")

		w.twoRepos()
		w.net.Serve("hub.test:80", w.Hub)
		if _, _, err := analytics(w.t.Context(), w.client(), hub.Validators{}); err != nil {
			w.t.Fatal(err)
		}
	})
}

// Once rows were handed on nothing can be asked again: the stream ends with the
// error, whichever way the body breaks.
func TestBrokenInTheMiddle(t *testing.T) {
	f := func(fault fakehub.Fault, kind hub.Kind, texts ...string) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			m := w.AddRepo(history.Model, "acme/m")
			for d := range history.Day(20_000) {
				m.SetDay(d, 1)
			}
			w.Fail(fakehub.On{}, 1, fault)
			c := w.client()
			a, err := c.PublisherAnalytics(w.t.Context(), "acme", hub.Validators{})
			if err != nil {
				w.t.Fatal(err)
			}
			rows := 0
			for block, failed := range a.Rows(version, lastDay) {
				if err = failed; err == nil {
					rows += block.Len()
				}
			}
			wantError(w.t, err, kind, texts...)
			if rows == 0 || rows == 20_000 {
				w.t.Errorf("expected some of the rows before the error, got %d", rows)
			}
			equal(w.t, "requests", w.codes(), "200")

			records, _, err := analytics(w.t.Context(), c, hub.Validators{})
			if err != nil || len(records) != 20_000 {
				w.t.Errorf("expected all records afterwards, got %d and %v", len(records), err)
			}
		})
	}
	const some = 600_000 // of 0.9 MB
	f(fakehub.StallBody(some), hub.KindTimeout, "within 1m0s, got nothing after")
	f(fakehub.Truncated(some), hub.KindNetwork, "was aborted after 600000 bytes")
	f(fakehub.Reset(some), hub.KindNetwork, "was aborted")
	f(fakehub.HalfGzip(), hub.KindMalformed, "expected a complete gzip stream")
	f(fakehub.Unannounced(some), hub.KindMalformed, "line ")
}

// A slow body is not a stalled one, however long it takes.
func TestSlowBody(t *testing.T) {
	run(t, fakehub.Options{}, func(w *world) {
		w.twoRepos()
		w.Fail(fakehub.On{}, 1, fakehub.Slow(1, 50*time.Second))
		started := time.Now()
		records, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "records", len(records), 3)
		if waited := time.Since(started); waited < 2*time.Hour {
			w.t.Errorf("expected hours, got %s", waited)
		}
	})
}

func TestMaxResponseBytes(t *testing.T) {
	f := func(fault fakehub.Fault) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			if fault != nil {
				w.Fail(fakehub.On{}, 1, fault)
			}
			o := w.options()
			o.MaxResponseBytes = 130
			_, _, err := analytics(w.t.Context(), hub.New(o), hub.Validators{})
			wantError(w.t, err, hub.KindMalformed, "at most 130 bytes (max_response_bytes)")
			equal(w.t, "codes", w.codes(), "200")
		})
	}
	f(nil)                                                        // packed
	f(fakehub.Edit(func(s string) string { return s }))           // announced
	f(fakehub.Endless("model,acme/m,1,2026-01-01T00:00:00Z,1\n")) // without an end
	f(fakehub.Endless("x"))

	// The bound counts bytes, not a byte more.
	run(t, fakehub.Options{}, func(w *world) {
		w.twoRepos()
		o := w.options()
		o.MaxResponseBytes = 176
		records, _, err := analytics(w.t.Context(), hub.New(o), hub.Validators{})
		if err != nil {
			w.t.Fatal(err)
		}
		equal(w.t, "records", len(records), 3)
		o.MaxResponseBytes--
		_, _, err = analytics(w.t.Context(), hub.New(o), hub.Validators{})
		wantError(w.t, err, hub.KindMalformed, "at most 175 bytes")
	})
}

// The token is in no error, though the Hub says it in every place it has.
func TestTokenEchoed(t *testing.T) {
	f := func(kind hub.Kind, fault fakehub.Fault) {
		t.Helper()
		run(t, fakehub.Options{}, func(w *world) {
			w.twoRepos()
			w.Fail(fakehub.On{Route: fakehub.Analytics}, fakehub.Always, fault)
			_, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
			wantError(w.t, err, kind)
			if strings.Contains(err.Error(), secret[:12]) {
				w.t.Errorf("the error holds a part of the token: %s", err)
			}
		})
	}
	long := strings.Repeat("x", 60) + secret
	f(hub.KindForbidden, fakehub.Status(403, "X-Error-Code", secret, "X-Request-Id", secret))
	f(hub.KindServer, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Error-Message", strings.Repeat("y", 290)+secret)
		w.WriteHeader(500)
		fmt.Fprintf(w, `{"error": "token %s is bad"}`, secret)
	})
	f(hub.KindMalformed, fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\n"+
		strings.Repeat("model,a/b,"+long+",2026-01-01,1\n", 2)))
	f(hub.KindMalformed, fakehub.Body("text/csv", long+"\n"))
	f(hub.KindMalformed, contentEncoding(secret))
	f(hub.KindAuth, fakehub.RedirectTo("http://hub.test/login/"+secret+"?token="+secret))
	f(hub.KindNetwork, fakehub.RedirectTo("http://nowhere.test/"+secret+"?token="+secret))
	f(hub.KindNetwork, fakehub.RedirectTo("http://"+secret+".test/"))

	// A fault of the text stays one, with its line and column, and so it does among those
	// that are set aside.
	row := "model,a/b," + secret + ",2026-01-01,1\n"
	run(t, fakehub.Options{}, func(w *world) {
		w.Fail(fakehub.On{}, 1, fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\n"+row+row))
		_, _, err := analytics(w.t.Context(), w.client(), hub.Validators{})
		wantError(w.t, err, hub.KindMalformed, "<token>")
		var faults *history.InputErrors
		if !errors.As(err, &faults) || faults.Listed[0].Line != 2 || faults.Listed[0].Column != "total" {
			w.t.Errorf("expected a fault of line 2, column total, got %v", err)
		}
	})
	run(t, fakehub.Options{}, func(w *world) {
		w.Fail(fakehub.On{}, 1, fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\n"+row))
		a, err := w.client().PublisherAnalytics(w.t.Context(), "acme", hub.Validators{})
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := history.Collect(a.Rows(version, lastDay)); err != nil {
			w.t.Fatal(err)
		}
		if notices := strings.Join(a.Notes.Notices(), "\n"); strings.Contains(notices, secret[:12]) || !strings.Contains(notices, `got "<token>"`) {
			w.t.Errorf("the notices hold the token, or nothing of it: %s", notices)
		}
	})
}
