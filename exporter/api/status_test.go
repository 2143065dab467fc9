package api

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestStatus(t *testing.T) {
	f := func(store history.Store, o Options, want string, decoded Status) {
		t.Helper()
		resp := do(New(store, o), http.MethodGet, statusRoute)
		if got := bodyOf(t, resp); resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != jsonType || got != want+"\n" {
			t.Errorf("expected\n%s\ngot %d %v\n%s", want, resp.StatusCode, resp.Header, got)
		}
		srv := serve(t, store, o)
		c, err := NewClient(srv.URL, srv.Client(), ClientOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Status(context.Background()); err != nil || got != decoded {
			t.Errorf("expected %+v, got %+v, %v", decoded, got, err)
		}
	}
	f(storeOf(t, nil), Options{},
		`{"api":1,"version":"","revision":null,"repos":0,"records":0,"recorded":null}`,
		Status{API: 1, Recorded: history.NoDays})
	legacy := history.NewState(history.Repo{Type: history.Model, Name: "gpt2"})
	f(&revised{storeOf(t, sixRows(), legacy), "r1"}, Options{Version: "1.2.3", Build: "0a1b2c"},
		`{"api":1,"version":"1.2.3","revision":"r1","repos":3,"records":6,"recorded":{"from":"2021-01-22","to":"2021-11-29"}}`,
		Status{API: 1, Version: "1.2.3", Revision: "r1", Repos: 3, Records: 6, Recorded: history.Days{From: 18649, To: 18960}})
}

// TestStatusOfOthers asks what is no exporter, or an older one.
func TestStatusOfOthers(t *testing.T) {
	c := answering(t, ClientOptions{}, http.NotFound)
	_, err := c.Status(context.Background())
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusNotFound || e.Route != statusRoute {
		t.Errorf("expected the error of a status 404, got %v", err)
	}
}
