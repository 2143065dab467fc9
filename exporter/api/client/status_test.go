package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestStatus(t *testing.T) {
	f := func(store history.Reader, o server.Options, want string, decoded wire.Status) {
		t.Helper()
		w := httptest.NewRecorder()
		server.New(store, o).ServeHTTP(w, httptest.NewRequest(http.MethodGet, wire.StatusRoute, nil))
		resp := w.Result()
		if got := w.Body.String(); resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != wire.JSONType || got != want+"\n" {
			t.Errorf("expected\n%s\ngot %d %v\n%s", want, resp.StatusCode, resp.Header, got)
		}
		srv := serve(t, store, o)
		c, err := New(srv.URL, srv.Client(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Status(context.Background()); err != nil || !reflect.DeepEqual(got, decoded) {
			t.Errorf("expected %+v, got %+v, %v", decoded, got, err)
		}
	}
	f(apitest.StoreOf(t, nil), server.Options{},
		`{"api":1,"version":"","revision":null,"repos":0,"records":0,"recorded":null}`,
		wire.Status{API: 1})
	legacy := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "gpt2"})
	f(apitest.StoreOf(t, apitest.SixRows(), legacy), server.Options{Version: "1.2.3", Build: "0a1b2c", Revision: func() string { return "r1" }},
		`{"api":1,"version":"1.2.3","revision":"r1","repos":3,"records":6,"recorded":{"from":"2021-01-22","to":"2021-11-29"}}`,
		wire.Status{API: 1, Version: "1.2.3", Revision: new("r1"), Repos: 3, Records: 6, Recorded: &history.Days{From: 18649, To: 18960}})
}

// TestStatusOfOthers asks what is no exporter, or an older one.
func TestStatusOfOthers(t *testing.T) {
	c := answering(t, Options{}, http.NotFound)
	_, err := c.Status(context.Background())
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusNotFound || e.Route != wire.StatusRoute {
		t.Errorf("expected the error of a status 404, got %v", err)
	}
}

// Every answer tells the version of the API, and a client takes those of its own.
func TestVersionOfAnswers(t *testing.T) {
	handler := server.New(apitest.StoreOf(t, apitest.SixRows()), server.Options{})
	for _, route := range []string{wire.StatusRoute, wire.OverviewRoute, wire.ReposRoute, wire.RecordsRoute, wire.OverviewRoute + "?from=x", "/api/v1/none"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, route, nil))
		if got := w.Header().Get("Api-Version"); got != "1" {
			t.Errorf("%s: expected the header Api-Version 1, got %q", route, got)
		}
	}

	f := func(version, want string) {
		t.Helper()
		c := answering(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			handler.ServeHTTP(versioned{w, version}, r)
		})
		ctx := context.Background()
		if _, err := c.Status(ctx); err != nil {
			t.Errorf("version %q: expected a status, which tells it, got %v", version, err)
		}
		_, overview := c.Overview(ctx, history.OverviewQuery{})
		_, repos := c.Repos(ctx, history.ReposQuery{})
		_, records := history.Collect(c.Records(ctx, history.RecordsQuery{}))
		for what, err := range map[string]error{"overview": overview, "repos": repos, "records": records} {
			var other *VersionError
			switch {
			case want == "" && err != nil:
				t.Errorf("version %q: %s: expected an answer, got %v", version, what, err)
			case want != "" && (!errors.As(err, &other) || other.Got != version || err.Error() != want):
				t.Errorf("version %q: %s: expected %s, got %v", version, what, want, err)
			}
		}
	}
	f("1", "")
	f("", "") // a proxy dropped it
	f("2", `expected version 1 of the API, got "2"`)
	f("x", `expected version 1 of the API, got "x"`)
}

// versioned puts another version into an answer.
type versioned struct {
	http.ResponseWriter
	version string
}

func (v versioned) WriteHeader(status int) {
	v.Header().Set("Api-Version", v.version)
	v.ResponseWriter.WriteHeader(status)
}

func (v versioned) Write(b []byte) (int, error) {
	v.Header().Set("Api-Version", v.version)
	return v.ResponseWriter.Write(b)
}
