package hubsync

import (
	"compress/gzip"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// files returns names and content of a folder's files.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var b []byte
			b, err = os.ReadFile(path)
			out[path] = string(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// weather has the Hub fail between two good collections: what was known is served
// on, the reason is in log and metrics, nothing is stored, and the next good answer
// heals everything.
func weather(t *testing.T, o options, begin, end func(*world), reason hub.Kind) {
	t.Helper()
	o.plan, o.durable = fakehub.Team, !o.offline // no files in a bubble
	w := newWorld(t, o)
	day(model, "o/m", 1, 10)(w.hub)
	day(dataset, "o/d", 1, 7)(w.hub)
	w.collect(2, 6)
	good := w.metric(`huggingface_exporter_collection_last_success_timestamp_seconds{org="o"}`)
	records, exposed := w.records(), w.exposed()
	var stored map[string]string
	if o.durable {
		stored = files(t, w.dir)
	}
	w.log.Reset()

	day(model, "o/m", 2, 90)(w.hub)
	begin(w)
	out := w.try(3, 6)
	if out.OK() || out.Reason != reason {
		t.Fatalf("got reason %q, error %v; want %q", out.Reason, out.Err, reason)
	}
	if got := w.records(); got != records {
		t.Errorf("records are\n%s\nwere\n%s", got, records)
	}
	if got := w.exposed(); got != exposed {
		t.Errorf("exposed is\n%s\nwas\n%s", got, exposed)
	}
	if o.durable && !maps.Equal(files(t, w.dir), stored) {
		t.Error("something was stored")
	}
	line := fmt.Sprintf("level=ERROR msg=\"Collection failed; still serving earlier data\" org=o from=%s", o.source)
	if log := w.log.String(); !strings.Contains(log, line) || !strings.Contains(log, fmt.Sprintf(" reason=%s err=", reason)) {
		t.Errorf("the log is\n%s\nwant %s and the reason %s", log, line, reason)
	}
	if strings.Contains(out.Err.Error(), token) || strings.Contains(w.log.String(), token) {
		t.Errorf("the token shows:\n%v\n%s", out.Err, w.log.String())
	}
	failures := func() {
		t.Helper()
		for _, k := range append(hub.Kinds(), ReasonStore, ReasonImplausible) {
			n := "0"
			if k == reason {
				n = "1"
			}
			w.expectMetric(fmt.Sprintf(`huggingface_exporter_collection_failures_total{org="o",reason=%q}`, k), n)
		}
	}
	failures()
	w.expectMetric(`huggingface_exporter_collection_success{org="o"}`, "0")
	w.expectMetric(`huggingface_exporter_collection_last_success_timestamp_seconds{org="o"}`, good)

	end(w)
	if out := w.try(3, 7); !out.OK() {
		t.Fatalf("the next good answer: %v", out.Err)
	}
	if got := w.exposed(); got != lines("o/m 100", "d:o/d 7") {
		t.Errorf("the next good answer heals everything: exposed is\n%s", got)
	}
	failures()
	w.expectMetric(`huggingface_exporter_collection_success{org="o"}`, "1")
}

func heal(w *world) { w.hub.Heal() }

// bomb is an answer that gzip has packed very small.
func bomb(line string) fakehub.Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		block := strings.Repeat(line, 1000)
		for r.Context().Err() == nil {
			if _, err := z.Write([]byte(block)); err != nil {
				return
			}
		}
	}
}

func TestFaultsOfBothSources(t *testing.T) {
	t.Parallel()
	// The second listing is the one that fails: the first was read by then.
	routes := map[Source]fakehub.Route{SourceAnalytics: fakehub.Analytics, SourceListings: fakehub.Datasets}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("another host was sent %q", r.Header)
		}
		fmt.Fprint(w, "<html>")
	}))
	defer elsewhere.Close()

	run := func(name string, o options, begin, end func(*world), reason hub.Kind) {
		t.Helper()
		for _, source := range []Source{SourceAnalytics, SourceListings} {
			t.Run(name+" of "+string(source), func(t *testing.T) {
				o.source = source
				weather(t, o, begin, end, reason)
			})
		}
	}
	f := func(name string, fault fakehub.Fault, reason hub.Kind) {
		t.Helper()
		run(name, options{maxBytes: 2 << 20}, func(w *world) { failing(routes[w.source], fault)(w.hub) }, heal, reason)
	}
	f("status 400", fakehub.Status(400), hub.KindMalformed)
	f("status 401", fakehub.Status(401), hub.KindAuth)
	f("status 402", fakehub.Status(402), hub.KindForbidden)
	f("status 403", fakehub.Status(403), hub.KindForbidden)
	f("status 404", fakehub.Status(404), hub.KindNotFound)
	f("status 408", fakehub.Status(408), hub.KindTimeout)
	f("status 429 without headers", fakehub.TooMany(), hub.KindRateLimited)
	f("status 500", fakehub.Status(500), hub.KindServer)
	f("status 502", fakehub.Status(502), hub.KindServer)
	f("status 503", fakehub.Status(503), hub.KindServer)
	f("status 504", fakehub.Status(504), hub.KindServer)
	f("a login page", fakehub.LoginPage(), hub.KindMalformed)
	f("a login page as text", fakehub.Body("text/plain", "\n <!DOCTYPE html><title>Log in</title>"), hub.KindMalformed)
	f("a redirect to the login page", fakehub.RedirectToLogin(), hub.KindAuth)
	f("a redirect loop", fakehub.RedirectToItself(), hub.KindMalformed)
	f("a redirect to another host", fakehub.RedirectTo(elsewhere.URL+"/x"), hub.KindMalformed)
	f("a reset before the head", fakehub.Reset(-1), hub.KindNetwork)
	f("a reset within the body", fakehub.Reset(60), hub.KindNetwork)
	f("the end of the connection within the body", fakehub.Truncated(60), hub.KindNetwork)
	f("half of the packed content", fakehub.HalfGzip(), hub.KindMalformed)
	f("half of the content, of no known length", fakehub.Unannounced(70), hub.KindMalformed)
	f("nothing", fakehub.Body("", ""), hub.KindMalformed)
	f("not what gzip packs", func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		w.Header().Set("Content-Encoding", "gzip")
		fakehub.Body("text/plain", "repoType,repoName")(w, r, answer)
	}, hub.KindMalformed)
	f("an unknown packing", func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		w.Header().Set("Content-Encoding", "br")
		fakehub.Body("text/plain", "repoType,repoName")(w, r, answer)
	}, hub.KindMalformed)
	f("endless rows", fakehub.Endless("\nmodel,o/x,1,2026-03-01T00:00:00.000Z,1"), hub.KindMalformed)
	f("an endless line", fakehub.Endless("x"), hub.KindMalformed)
	f("endless space", fakehub.Endless(" "), hub.KindMalformed)
	f("endless rows, packed", bomb("model,o/x,1,2026-03-01T00:00:00.000Z,1\n"), hub.KindMalformed)
	f("endless space, packed", bomb(" "), hub.KindMalformed)

	run("no connection", options{}, func(w *world) { w.unreachable = true; w.client.CloseIdleConnections() },
		func(w *world) { w.unreachable = false }, hub.KindNetwork)
	run("a redirect out of TLS", options{https: true}, func(w *world) {
		failing(routes[w.source], fakehub.RedirectTo("http://example.com/x"))(w.hub)
	}, heal, hub.KindMalformed)
}

func TestFaultsOfTheExport(t *testing.T) {
	t.Parallel()
	g := func(name, content string, reason hub.Kind) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			weather(t, options{source: SourceAnalytics}, func(w *world) {
				failing(fakehub.Analytics, fakehub.Body("text/csv", content))(w.hub)
			}, heal, reason)
		})
	}
	f := func(name, content string) {
		t.Helper()
		g(name, content, hub.KindMalformed)
	}
	const header = "repoType,repoName,total,timestamp,downloads\n"
	g("a header alone", header, ReasonImplausible)
	f("another header", "a,b,c\n1,2,3\n")
	f("no header", "model,o/m,10,2026-03-01T00:00:00.000Z,10\n")
	f("the form that the Hub had before", `[{"repoType":"model","repoName":"o/m","totalDownloads":1,"records":[]}]`)
	const good = "model,o/m,500,2026-03-01T00:00:00.000Z,500\ndataset,o/d,9,2026-03-01T00:00:00.000Z,9\n"
	bad := func(name, row string) {
		t.Helper()
		f(name, header+good+row+row)
	}
	bad("no number", "model,o/m,10,2026-03-01T00:00:00.000Z,ten\n")
	bad("a negative number", "model,o/m,10,2026-03-01T00:00:00.000Z,-1\n")
	bad("a number with a fraction", "model,o/m,10,2026-03-01T00:00:00.000Z,1.5\n")
	bad("a number too large", "model,o/m,10,2026-03-01T00:00:00.000Z,9223372036854775808\n")
	bad("no day", "model,o/m,10,2026-02-30T00:00:00.000Z,1\n")
	bad("a day in the future", "model,o/m,10,9999-12-31T00:00:00.000Z,1\n")
	bad("a row too short", "model,o/m,10,2026-03-01T00:00:00.000Z\n")
	f("three numbers for a day", header+"model,o/m,10,2026-03-01T00:00:00.000Z,1\nmodel,o/m,10,2026-03-01T00:00:00.000Z,2\n"+
		"model,o/m,10,2026-03-01T00:00:00.000Z,3\n")
}

func TestFaultsOfListings(t *testing.T) {
	t.Parallel()
	f := func(name, content string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			weather(t, options{source: SourceListings}, func(w *world) {
				failing(fakehub.Datasets, fakehub.Body("application/json", content))(w.hub)
			}, heal, hub.KindMalformed)
		})
	}
	item := func(fields string) string { return `[{"_id":"000000000000000000000001","id":"o/x",` + fields + `}]` }
	f("an object", `{"error":"no"}`)
	f("null", `null`)
	f("a text", `"o/m"`)
	f("more after the array", `[] []`)
	f("an element that is no object", `[1]`)
	f("an element without a name", `[{"_id":"000000000000000000000001","downloadsAllTime":1}]`)
	f("a name that is no text", `[{"id":7}]`)
	f("an id that is no text", `[{"_id":7,"id":"o/x"}]`)
	f("a text for a number", item(`"downloadsAllTime":"1"`))
	f("a negative number", item(`"downloadsAllTime":-1`))
	f("a number with a fraction", item(`"downloads":1.5`))
	f("a number too large", item(`"downloadsAllTime":9223372036854775808`))
	f("an array for a number", item(`"likes":[1]`))
	f("a text for a flag", item(`"private":"yes"`))
	f("cut in the middle of an element", `[{"_id":"000000000000000000000001","id":"o/x","downl`)
	f("cut between elements", `[{"_id":"000000000000000000000001","id":"o/x"},`)
}

// Waits cost nothing in a bubble.
func TestFaultsThatTakeTime(t *testing.T) {
	f := func(name string, source Source, route fakehub.Route, fault fakehub.Fault, reason hub.Kind) {
		t.Helper()
		t.Run(name+" of "+string(source), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				weather(t, options{source: source, offline: true}, func(w *world) { failing(route, fault)(w.hub) }, func(w *world) {
					heal(w)
					time.Sleep(time.Hour) // what the Hub asks to wait is waited for
				}, reason)
			})
		})
	}
	both := func(name string, fault func(bucket string) fakehub.Fault, reason hub.Kind) {
		t.Helper()
		f(name, SourceAnalytics, fakehub.Analytics, fault("pages"), reason)
		f(name, SourceListings, fakehub.Datasets, fault("api"), reason)
	}
	always := func(f fakehub.Fault) func(string) fakehub.Fault { return func(string) fakehub.Fault { return f } }
	both("no head", always(fakehub.StallHeaders()), hub.KindTimeout)
	both("a body that stalls", always(fakehub.StallBody(60)), hub.KindTimeout)
	both("a body that never begins", always(fakehub.StallBody(0)), hub.KindTimeout)
	both("status 429 with Retry-After", always(fakehub.TooMany("Retry-After", "120")), hub.KindRateLimited)
	both("status 429 with an hour to wait", always(fakehub.TooMany("Retry-After", "3600")), hub.KindRateLimited)
	both("status 429 with RateLimit", func(bucket string) fakehub.Fault { return fakehub.TooManyFor(bucket, 200) }, hub.KindRateLimited)
}
