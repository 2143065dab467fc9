package vmapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/common/config"
)

// What an engine, or a proxy before it, repeats of what it was asked with is not shown.
func TestRefusalsShowNoSecret(t *testing.T) {
	const password = "open-sesame-0815"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, got, _ := r.BasicAuth()
		_, _ = io.WriteString(w, strings.Repeat("long ", 100)+"not with "+strings.ToUpper(got)+"!")
	}))
	defer s.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(Options{InsertURL: u, SelectURL: u, HTTP: config.HTTPClientConfig{
		BasicAuth: &config.BasicAuth{Username: "me", Password: password}, EnableHTTP2: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Query(t.Context(), "up", 0)
	if err == nil || !strings.HasSuffix(err.Error(), " not with <secret>!") || strings.Count(err.Error(), "long") > maxMessage/5 {
		t.Errorf("expected the end of the answer without the password, got %v", err)
	}
}
