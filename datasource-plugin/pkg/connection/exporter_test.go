package connection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history/storetest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// remote is a store that is filled where it is and asked over a connection.
type remote struct {
	history.Reader
	behind *memtable.Store
}

func (r remote) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	return r.behind.Append(ctx, b)
}

func (r remote) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return r.behind.Meta(ctx, q)
}

// KnowsGroups says that the exporter does.
func (remote) KnowsGroups() {}

func (r remote) Refresh(ctx context.Context) (bool, error) { return r.behind.Refresh(ctx) }

func TestExporterConformance(t *testing.T) {
	storetest.RunShort(t, func(t *testing.T) storetest.Store {
		behind := memtable.NewStore()
		srv := httptest.NewServer(server.New(storetest.Groups(behind), server.Options{}))
		t.Cleanup(srv.Close)
		c, _ := connect(t, nil, configured(srv.URL, nil, nil))
		s, notice, err := c.Reader(context.Background())
		if err != nil || notice != "" {
			t.Fatalf("expected a store, got %q, %v", notice, err)
		}
		return remote{s, behind}
	})
}

// exporterOf serves a store as the exporter does.
func exporterOf(t testing.TB, s history.Reader) *httptest.Server {
	t.Helper()
	return serving(t, server.New(s, server.Options{Version: "1.2.3"}))
}

func serving(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

func TestExporterHealth(t *testing.T) {
	f := func(s history.Reader, message, details string) {
		t.Helper()
		srv := exporterOf(t, s)
		c, _ := connect(t, nil, configured(srv.URL+"/", nil, nil))
		h := c.Check(context.Background())
		wantSentence(t, h.Message)
		b, err := json.Marshal(h.Details)
		if err != nil {
			t.Fatal(err)
		}
		place := strings.NewReplacer(srv.URL, "URL")
		if got := place.Replace(h.Message); !h.OK || got != message {
			t.Errorf("expected the message %s, got OK %v, %s", message, h.OK, got)
		}
		if got := place.Replace(string(b)); got != details {
			t.Errorf("expected the details\n%s, got\n%s", details, got)
		}
	}
	f(storeOf(t, threeRecords()...),
		"Reached the exporter at URL/, version 1.2.3: 2 repositories and 3 records of downloads, up to 2026-11-19.",
		`{"connection":"exporter","url":"URL/","version":"1.2.3","repos":2,"records":3,"firstDay":"2026-11-18","lastDay":"2026-11-19"}`)
	f(storeOf(t),
		"Reached the exporter at URL/, version 1.2.3: it has no downloads yet.",
		`{"connection":"exporter","url":"URL/","version":"1.2.3","repos":0,"records":0}`)
}

// ask asks every question, and returns the errors.
func ask(t testing.TB, c Connection) map[string]error {
	t.Helper()
	ctx := context.Background()
	s, _, err := c.Reader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, overview := s.Overview(ctx, history.OverviewQuery{})
	_, repos := s.Repos(ctx, history.ReposQuery{})
	_, records := history.Collect(s.Records(ctx, history.RecordsQuery{}))
	return map[string]error{"overview": overview, "repos": repos, "records": records}
}

// wantFaults checks that the check and every query fail in one way.
func wantFaults(t testing.TB, c Connection, kind Kind, words ...string) {
	t.Helper()
	wantFault(t, c.Check(context.Background()), kind, words...)
	for what, err := range ask(t, c) {
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != kind || !backend.IsDownstreamError(err) {
			t.Errorf("%s: expected an error of upstream of the kind %q, got %v", what, kind, err)
		}
	}
}

func TestExporterFaults(t *testing.T) {
	say := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", strings.ReplaceAll(contentType, "as asked", r.Header.Get("Accept")))
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	f := func(h http.HandlerFunc, kind Kind, words ...string) {
		t.Helper()
		srv := serving(t, h)
		c, _ := connect(t, nil, configured(srv.URL, nil, nil))
		wantFaults(t, c, kind, append(words, srv.URL)...)
	}
	f(say(401, "application/json", `{"error":"who?"}`), KindAuth, "(401)", "check user and password")
	f(say(401, "text/plain", "Unauthorized"), KindAuth)
	f(say(403, "text/html", "<html>"), KindForbidden, "(403)", "enter another")
	f(say(404, "text/html", "<html>not here"), KindNotExporter, "here is no exporter", "(404)", "check the URL")
	f(say(404, "application/json", `{"error":"expected /api/v1/overview, got ..."}`), KindVersion, "older than this plugin", "update the exporter")
	f(say(200, "text/html; charset=utf-8", "<html>login"), KindNotExporter, "an HTML page", "check the URL")
	f(say(200, "text/plain", "hello"), KindNotExporter, `the type "text/plain"`)
	f(say(200, "", ""), KindNotExporter)
	f(say(200, "as asked", "nonsense"), KindMalformed, "check the URL, and that the versions of exporter and plugin match")
	f(say(200, "as asked", `{"groups": 5, "rows": 5, "api": "x"}`), KindMalformed)
	f(say(400, "application/json", `{"error":"expected x","field":"from"}`), KindRefused, "400 Bad Request: from: expected x")
	f(say(400, "text/plain", "Client sent an HTTP request to an HTTPS server."), KindNotExporter, "starts with https://")
	f(say(429, "text/plain", ""), KindRateLimited, "(429)")
	f(say(502, "text/html", "<html>"), KindServer, "(502)", "check that the exporter is running")
	f(say(500, "application/json", `{"error":"broken"}`), KindServer, "500, broken", "see its log")
	f(say(503, "application/json", `{"error":"8 requests are being answered, which is the limit; ask again in 1 s"}`), KindServer, "is temporarily unavailable (503, 8 requests are being answered")
	f(say(302, "", ""), KindNotExporter)
	f(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, KindBroken, "retry")
	f(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.String(), http.StatusFound)
	}, KindRedirect, "in a loop")
}

func TestExporterOfAnotherVersion(t *testing.T) {
	f := func(status string, kind Kind, words ...string) {
		t.Helper()
		srv := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, status)
		}))
		c, _ := connect(t, nil, configured(srv.URL, nil, nil))
		wantFault(t, c.Check(context.Background()), kind, words...)
	}
	f(fmt.Sprintf(`{"api":%d,"version":"9.0.0","repos":4}`, wire.Version+1), KindVersion, `version "9.0.0"`, "update the plugin")
	f(`{"api":0.5}`, KindMalformed, "versions of exporter and plugin match")
	f(`{"status":"success","data":{}}`, KindNotExporter, "not like an exporter")
	f(`{}`, KindNotExporter)
}

// Each answer tells its version, so that no query shows what it misread.
func TestAnswersOfAnotherVersion(t *testing.T) {
	f := func(version string, words ...string) {
		t.Helper()
		srv := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Api-Version", version)
			w.Header().Set("Content-Type", r.Header.Get("Accept"))
			_, _ = fmt.Fprintf(w, `{"api":%s,"version":"9.0.0","groups":[],"rows":[]}`, version)
		}))
		c, _ := connect(t, nil, configured(srv.URL, nil, nil))
		wantFaults(t, c, KindVersion, append(words, srv.URL, "version "+version+" of the API", "this plugin uses version 1")...)
		for what, err := range ask(t, c) {
			for _, word := range words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%s: expected %q in the error, got %v", what, word, err)
				}
			}
		}
	}
	f("2", "update the plugin")
}

// A stream that breaks off is an error, whatever came before.
func TestExporterBreaksOff(t *testing.T) {
	var records []history.Record
	for i := range 50_000 {
		records = append(records, history.Record{Repo: history.Repo{Type: history.Model, Name: "acme/m"}, Total: 5, Day: history.Day(i), Downloads: int64(i * 7919 % 1000)})
	}
	whole := server.New(storeOf(t, records...), server.Options{})
	srv := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		whole.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		maps.Copy(w.Header(), rec.Header())
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	}))
	c, _ := connect(t, nil, configured(srv.URL, nil, nil))
	s, _, _ := c.Reader(context.Background())
	got, err := history.Collect(s.Records(context.Background(), history.RecordsQuery{}))
	wantUpstream(t, err, KindBroken)
	if got != nil {
		t.Errorf("expected nothing, got %d records", len(got))
	}
}

func TestExporterOutOfReach(t *testing.T) {
	network := fakehub.NewNetwork()
	defer network.Close()
	c, _ := connect(t, network.DialContext, configured("http://exporter.test:9090", nil, nil))
	wantFaults(t, c, KindUnreachable, "http://exporter.test:9090", "connection refused", "check the URL, and that it is running")

	unknown := func(_ context.Context, _, address string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: address[:strings.Index(address, ":")], IsNotFound: true}}
	}
	c, _ = connect(t, unknown, configured("http://exporter.test:9090", nil, nil))
	wantFaults(t, c, KindDNS, `the host name "exporter.test" has no address`, "check the URL")
}

// What answers may say again what was sent to it: to no user and no log.
func TestSecretsThatAreSaidAgain(t *testing.T) {
	srv := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, pass, _ := r.BasicAuth()
		_, _ = fmt.Fprintf(w, `{"error":"got %s, %s and %s"}`, r.Header.Get("X-Key"), pass, r.Header.Get("Authorization"))
	}))
	c, _ := connect(t, nil, withCredentials(srv.URL))
	h := c.Check(context.Background())
	wantFault(t, h, KindServer, "got <secret>, <secret> and Basic <secret>")
	for what, err := range ask(t, c) {
		if err == nil {
			t.Errorf("%s: expected an error", what)
			continue
		}
		wantNoSecret(t, err.Error())
	}
}
