package api

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

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestNewClient(t *testing.T) {
	bad := func(endpoint, want string) {
		t.Helper()
		_, err := NewClient(endpoint, nil, ClientOptions{})
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

	c, err := NewClient("https://u:hunter2@example.org/prefix/", nil, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.name(reposRoute); got != "https://example.org/prefix/api/v1/repos" {
		t.Errorf("unexpected %s", got)
	}
}

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
	c := clientOf(t, storeOf(t, records))
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
func answering(t *testing.T, o ClientOptions, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := NewClient(strings.Replace(srv.URL, "http://", "http://user:hunter2@", 1), srv.Client(), o)
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
		_, versions := history.Collect(c.Records(context.Background(), history.RecordsQuery{Versions: true}))
		return map[string]error{"overview": overview, "repos": repos, "records": records, "versions": versions}
	}
	f := func(o ClientOptions, h http.HandlerFunc, want string) {
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
	f(ClientOptions{}, say(400, "application/json", `{"error":"expected x, got \"y\"","field":"from"}`), `: 400 Bad Request: from: expected x, got "y"`)
	f(ClientOptions{}, say(500, "application/json", `{"error":"broken"}`), `: 500 Internal Server Error: broken`)
	f(ClientOptions{}, say(502, "text/html", "<html>"+strings.Repeat("x", 1000)), `: 502 Bad Gateway: the answer is not of an exporter: "<html>xxx`)
	f(ClientOptions{}, say(502, "text/html", ""), `: 502 Bad Gateway`)
	f(ClientOptions{}, say(599, "application/json", "[]"), `: 599: the answer is not of an exporter: "[]"`)
	f(ClientOptions{}, say(204, "", ""), `: 204 No Content`)
	// Answers that are none.
	f(ClientOptions{}, say(200, "text/html; charset=utf-8", "<html>login</html>"), `got "text/html; charset=utf-8"; is that the URL of an exporter?`)
	f(ClientOptions{}, func(w http.ResponseWriter, r *http.Request) { w.Header()["Content-Type"] = nil }, `got ""; is that the URL`)
	f(ClientOptions{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "br")
	}, `expected gzip or no encoding, got "br"`)
	f(ClientOptions{}, func(w http.ResponseWriter, r *http.Request) {
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
	f(ClientOptions{}, typed("<html>login</html>"), "")
	f(ClientOptions{}, typed(""), "")
	f(ClientOptions{}, typed(`{"groups":[{"repos":"x"}],"rows":[{"total":"x"}]}`), "")
	f(ClientOptions{}, typed(`{"groups":[],"rows":[]} {}`), "")
	f(ClientOptions{}, typed(`{"groups":[{"repos":1}`), "")
	// A connection that breaks.
	f(ClientOptions{}, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, "GET http://127.0.0.1")

	// The typed error.
	var e *Error
	c := answering(t, ClientOptions{}, say(400, "application/json", `{"error":"expected x","field":"from"}`))
	if err := ask(c)["repos"]; !errors.As(err, &e) || *e != (Error{400, reposRoute, "from", "expected x"}) {
		t.Errorf("unexpected %#v", err)
	}
	// JSON is bounded, also where it is compressed.
	big := `{"groups":[` + strings.Repeat(" ", 5000) + `]}`
	c = answering(t, ClientOptions{MaxJSONBytes: 4000}, typed(big))
	if err := ask(c)["overview"]; err == nil || !strings.Contains(err.Error(), "expected at most 4000 bytes of JSON, got more") {
		t.Errorf("expected too much JSON to be an error, got %v", err)
	}
	c = answering(t, ClientOptions{MaxJSONBytes: 4000}, compress(typed(big)))
	if err := ask(c)["overview"]; err == nil || !strings.Contains(err.Error(), "expected at most 4000 bytes of JSON, got more") {
		t.Errorf("expected too much JSON to be an error, got %v", err)
	}
	c = answering(t, ClientOptions{MaxJSONBytes: int64(len(big))}, compress(typed(big)))
	if err := ask(c)["overview"]; err != nil {
		t.Errorf("expected JSON of just the length to pass, got %v", err)
	}
}

func TestClientContext(t *testing.T) {
	c := clientOf(t, storeOf(t, sixRows()))
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
		seq := synthetic(10, rows, errSecret)
		if versions {
			seq = func(yield func(*history.Rows, error) bool) {
				for block, err := range synthetic(10, rows, errSecret) {
					if block != nil {
						block.Version = published
					}
					if !yield(block, err) {
						return
					}
				}
			}
		}
		c := clientOf(t, streaming(seq))
		got, err := history.Collect(c.Records(context.Background(), history.RecordsQuery{Versions: versions}))
		if err == nil {
			t.Errorf("expected an error, got %d of %d rows without one", len(got), rows)
		}
	}
	// A body with a length, cut where a block ends.
	var whole bytes.Buffer
	if _, err := export.Write(t.Context(), &whole, export.Rows, synthetic(10, rows, nil)); err != nil {
		t.Fatal(err)
	}
	c := answering(t, ClientOptions{}, func(w http.ResponseWriter, r *http.Request) {
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
	c := answering(t, ClientOptions{UserAgent: "plugin/1.0"}, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{}`)
	})
	if _, err := c.Overview(context.Background(), history.OverviewQuery{Filter: history.Filter{Orgs: []string{"a,b"}}}); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := got.BasicAuth(); !ok || got.UserAgent() != "plugin/1.0" || got.Header.Get("Accept-Encoding") != "identity" || got.URL.Path != overviewRoute {
		t.Errorf("unexpected request %v %v", got.URL, got.Header)
	}
	if want := (url.Values{"org": {`a\,b`}}); got.URL.RawQuery != want.Encode() {
		t.Errorf("expected the query %s, got %s", want.Encode(), got.URL.RawQuery)
	}
}
