package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzhttp"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestNewClient(t *testing.T) {
	bad := func(endpoint, want string) {
		t.Helper()
		_, err := New(endpoint, nil, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: expected an error with %s, got %v", endpoint, want, err)
		}
	}
	bad("", `got ""`)
	bad("localhost:9090", `got "localhost:9090"`)
	bad("ftp://localhost", `got "ftp://localhost"`)
	bad("http://", `got "http:"`)
	bad("http://localhost/?a=b", `got "http://localhost/?a=b"`)
	bad("http://localhost/#x", `got "http://localhost/#x"`)
	bad("unix://u:hunter2@localhost", `got "unix://u:xxxxx@localhost"`)
	bad("http://u:hunter2@local host", `what is no URL`)

	c, err := New("https://u:hunter2@example.org/prefix/", &http.Client{Transport: refusing{}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "GET https://example.org/prefix/api/v1/repos: refused"
	if _, err := c.Repos(t.Context(), history.ReposQuery{}); err == nil || err.Error() != want {
		t.Errorf("expected %s, got %v", want, err)
	}
}

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }

// odd are names that a request or an answer may stumble over.
var odd = []string{
	`acme/"quoted"`, "acme/comma,comma", "acme/été-模型-🤗", "acme/100%25/b", `acme/back\slash`, `acme/end\`,
	"acme/a&b=c+d #e", "acme/<b>", "acme/ blank ", "legacy", "été/x",
}

func TestClientOddNames(t *testing.T) {
	var records []history.Record
	for i, name := range odd {
		records = append(records, history.Record{
			Repo: history.Repo{Type: "odd,type", Name: name}, Total: history.Unknown, Day: 19000, Downloads: int64(i),
		})
	}
	ctx := context.Background()
	c := clientOf(t, apitest.StoreOf(t, records))
	for _, want := range records {
		f := history.Filter{Repos: []string{want.Repo.Name, "acme/none"}, RepoTypes: []history.RepoType{"odd,type", "x"}, Orgs: []string{want.Repo.Org()}}
		got, err := history.Collect(c.Records(ctx, history.RecordsQuery{Filter: f}))
		if err != nil || !slices.Equal(got, []history.Record{want}) {
			t.Errorf("expected %v, got %v, %v", want, got, err)
		}
		page, err := c.Repos(ctx, history.ReposQuery{Filter: f})
		if err != nil || len(page.Rows) != 1 || page.Rows[0].Repo != want.Repo {
			t.Errorf("expected %v, got %v, %v", want.Repo, page.Rows, err)
		}
		o, err := c.Overview(ctx, history.OverviewQuery{Filter: f, ByOrg: true})
		if err != nil || len(o.Groups) != 1 || o.Groups[0].Org != want.Repo.Org() || o.Groups[0].Downloads != want.Downloads {
			t.Errorf("expected the group of %v, got %v, %v", want.Repo, o.Groups, err)
		}
	}
}

// answering returns a client of a server that answers everything the same way.
func answering(t *testing.T, o Options, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := New(strings.Replace(srv.URL, "http://", "http://user:hunter2@", 1), srv.Client(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClientErrors(t *testing.T) {
	ask := func(c *Client) map[string]error {
		_, overview := c.Overview(context.Background(), history.OverviewQuery{})
		_, repos := c.Repos(context.Background(), history.ReposQuery{})
		_, records := history.Collect(c.Records(context.Background(), history.RecordsQuery{}))
		_, versions := history.Collect(c.Records(context.Background(), history.RecordsQuery{Stored: true}))
		return map[string]error{"overview": overview, "repos": repos, "counts": countsError(c), "records": records, "versions": versions}
	}
	f := func(o Options, h http.HandlerFunc, want string) {
		t.Helper()
		for name, err := range ask(answering(t, o, h)) {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: expected an error with %q, got %v", name, want, err)
			}
		}
	}
	say := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	// Answers that are errors, ours and those of others.
	f(Options{}, say(400, "application/json", `{"error":"expected x, got \"y\"","field":"from"}`), `: 400 Bad Request: from: expected x, got "y"`)
	f(Options{}, say(500, "application/json", `{"error":"broken"}`), `: 500 Internal Server Error: broken`)
	f(Options{}, say(502, "text/html", "<html>"+strings.Repeat("x", 1000)), `: 502 Bad Gateway: the response is not from an exporter: "<html>xxx`)
	f(Options{}, say(502, "text/html", ""), `: 502 Bad Gateway`)
	f(Options{}, say(599, "application/json", "[]"), `: 599: the response is not from an exporter: "[]"`)
	f(Options{}, say(204, "", ""), `: 204 No Content`)
	// Answers that are none.
	f(Options{}, say(200, "text/html; charset=utf-8", "<html>login</html>"), `got "text/html; charset=utf-8"; is that the URL of an exporter?`)
	f(Options{}, func(w http.ResponseWriter, r *http.Request) { w.Header()["Content-Type"] = nil }, `got ""; is that the URL`)
	f(Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "br")
	}, `expected gzip or no encoding, got "br"`)
	f(Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		io.WriteString(w, "not compressed at all")
	}, `expected gzip`)
	// Bodies that are not what their type says.
	typed := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", r.Header.Get("Accept"))
			io.WriteString(w, body)
		}
	}
	f(Options{}, typed("<html>login</html>"), "")
	f(Options{}, typed(""), "")
	f(Options{}, typed(`{"groups":[{"repos":"x"}],"rows":[{"total":"x","likes":"x"}]}`), "")
	f(Options{}, typed(`{"groups":[],"rows":[]} {}`), "")
	f(Options{}, typed(`{"groups":[{"repos":1}`), "")
	// A connection that breaks.
	f(Options{}, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, "GET http://127.0.0.1")

	// The typed error.
	var e *Error
	c := answering(t, Options{}, say(400, "application/json", `{"error":"expected x","field":"from"}`))
	if err := ask(c)["repos"]; !errors.As(err, &e) || *e != (Error{Status: 400, Route: wire.ReposRoute, Field: "from", Message: "expected x"}) {
		t.Errorf("unexpected %#v", err)
	}
	// JSON is bounded, also where it is compressed.
	big := `{"groups":[` + strings.Repeat(" ", 5000) + `]}`
	c = answering(t, Options{MaxJSONBytes: 4000}, typed(big))
	if err := ask(c)["overview"]; err == nil || !strings.Contains(err.Error(), "expected at most 4000 bytes of JSON, got more") {
		t.Errorf("expected too much JSON to be an error, got %v", err)
	}
	c = answering(t, Options{MaxJSONBytes: 4000}, gzhttp.GzipHandler(typed(big)).ServeHTTP)
	if err := ask(c)["overview"]; err == nil || !strings.Contains(err.Error(), "expected at most 4000 bytes of JSON, got more") {
		t.Errorf("expected too much JSON to be an error, got %v", err)
	}
	c = answering(t, Options{MaxJSONBytes: int64(len(big))}, gzhttp.GzipHandler(typed(big)).ServeHTTP)
	if err := ask(c)["overview"]; err != nil {
		t.Errorf("expected JSON of just the length to pass, got %v", err)
	}
}

// countsError walks over all counts.
func countsError(c *Client) error {
	for _, err := range c.Counts(context.Background(), history.Filter{}) {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestClientContext(t *testing.T) {
	c := clientOf(t, apitest.StoreOf(t, apitest.SixRows()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, overview := c.Overview(ctx, history.OverviewQuery{})
	_, repos := c.Repos(ctx, history.ReposQuery{})
	_, records := history.Collect(c.Records(ctx, history.RecordsQuery{}))
	for _, err := range []error{overview, repos, records} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("expected %v, got %v", context.Canceled, err)
		}
	}
}

// TestClientSeesTruncation breaks off streams that are well formed as far as
// they go.
func TestClientSeesTruncation(t *testing.T) {
	const rows = 200_000
	for _, versions := range []bool{false, true} {
		seq := apitest.Synthetic(10, rows, apitest.ErrSecret)
		if versions {
			seq = func(yield func(*history.Rows, error) bool) {
				for block, err := range apitest.Synthetic(10, rows, apitest.ErrSecret) {
					if block != nil {
						block.Version = apitest.Published
					}
					if !yield(block, err) {
						return
					}
				}
			}
		}
		c := clientOf(t, apitest.Streaming(seq))
		got, err := history.Collect(c.Records(context.Background(), history.RecordsQuery{Stored: versions}))
		if err == nil {
			t.Errorf("expected an error, got %d of %d rows without one", len(got), rows)
		}
	}
	// A body with a length, cut where a block ends.
	var whole bytes.Buffer
	if _, err := export.Write(t.Context(), &whole, format.Rows, true, apitest.Synthetic(10, rows, nil)); err != nil {
		t.Fatal(err)
	}
	c := answering(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.huggingface-exporter.rows")
		w.Header().Set("Content-Length", fmt.Sprint(whole.Len()))
		w.Write(whole.Bytes()[:whole.Len()/2])
	})
	if got, err := history.Collect(c.Records(context.Background(), history.RecordsQuery{})); err == nil {
		t.Errorf("expected an error, got %d records", len(got))
	}
}

func TestClientRequests(t *testing.T) {
	var got *http.Request
	c := answering(t, Options{UserAgent: "plugin/1.0"}, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{}`)
	})
	if _, err := c.Overview(context.Background(), history.OverviewQuery{Filter: history.Filter{Orgs: []string{"a,b"}}}); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := got.BasicAuth(); !ok || got.UserAgent() != "plugin/1.0" || got.Header.Get("Accept-Encoding") != "identity" || got.URL.Path != wire.OverviewRoute {
		t.Errorf("unexpected request %v %v", got.URL, got.Header)
	}
	if want := (url.Values{"org": {`a\,b`}}); got.URL.RawQuery != want.Encode() {
		t.Errorf("expected the query %s, got %s", want.Encode(), got.URL.RawQuery)
	}
}

func TestAcceptedEncoding(t *testing.T) {
	f := func(endpoint, want string) {
		t.Helper()
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := acceptedEncoding(u.Hostname()); got != want {
			t.Errorf("%s: expected %s, got %s", endpoint, want, got)
		}
	}
	f("http://localhost:10061", "identity")
	f("http://127.0.0.1:9090", "identity")
	f("http://[::1]:9090", "identity")
	f("http://[::ffff:10.0.0.1]/", "identity")
	f("http://10.1.2.3:9090/path", "identity")
	f("http://192.168.0.7", "identity")
	f("https://exporter:9090", "identity")
	f("http://exporter.monitoring.svc:9090", "identity")
	f("http://exporter.monitoring.svc.cluster.local.", "identity")
	f("http://host.docker.internal:9090", "identity")

	f("https://exporter.example.com", "gzip")
	f("https://local.example.com", "gzip")
	f("https://example.notlocal", "gzip")
	f("http://8.8.8.8:9090", "gzip")
	f("http://[2001:db8::1]:9090", "gzip")
	f("http://172.32.0.1", "gzip")
}
