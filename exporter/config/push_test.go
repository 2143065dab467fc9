package config

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

func TestPushFaults(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := Parse("c.yaml", []byte("push: {"+text+"}"))
		if err == nil || err.Error() != "c.yaml:1: push."+want || strings.Contains(err.Error(), "pa55") {
			t.Errorf("%s: got %v, expected %s", text, err, want)
		}
	}
	f("uri: x", "uri: unknown field, expected url, interval, timeout, extra_labels, username, password, password_file,"+
		" bearer_token, bearer_token_file or tls")
	f("url: localhost", `url: expected a URL like http://localhost:8428, got "localhost"`)
	f("url: 'http://me:pa55@h'", "url: expected a URL without user and password, got one with an @ in it"+
		" (not shown here): credentials have settings of their own")
	f("interval: 1ms", `interval: expected at least 1s, got "1ms"`)
	f("interval: soon", `interval: expected a duration like 30s, 5m or 6h, got "soon"`)
	f("timeout: 0s", `timeout: expected a duration like 30s, 5m or 6h, got "0s"`)
	f("username: me", "username: expected username and password (or password_file) together, got one of them")
	f("password: pa55", "username: expected username and password (or password_file) together, got one of them")
	f("username: me, password: pa55, password_file: x", "password_file: expected either password or password_file, got both")
	f("username: me, password: pa55, bearer_token: pa55", "bearer_token: expected either a username with a password or a bearer token, got both")
	f("bearer_token: 5", "bearer_token: expected a text (in quotes, if it looks like something else)")
	f("bearer_token: pa55, bearer_token_file: x", "bearer_token_file: expected either bearer_token or bearer_token_file, got both")
	f("tls: {cert_file: x}", "tls: expected cert_file and key_file together, got one of them")
	f("tls: {ca: x}", "tls.ca: unknown field, expected ca_file, cert_file, key_file or insecure_skip_verify")
	f("extra_labels: [job]", "extra_labels: expected a mapping of labels to their values, as {job: huggingface}, got a list")
	f("extra_labels: {job: 5}", `extra_labels: expected a text (in quotes, if it looks like something else), got "5"`)
	f("extra_labels: {a: x, a: y}", `extra_labels: expected each label once, got "a" twice`)
	f("extra_labels: {my-job: x}", `extra_labels: expected the name of a label, as job, got "my-job"`)
	f("extra_labels: {__name__: x}", `extra_labels: expected the name of a label, as job, got "__name__"`)
	f("extra_labels: {org: x}", `extra_labels: expected a label that repositories do not have of their own, got "org"`)
	f("extra_labels: {job: ''}", "extra_labels: expected a value for the label job, got none")
}

// What a receiver sees of the settings.
func TestPushTarget(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("pa55\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var path, authorization string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		path, authorization = r.URL.RequestURI(), r.Header.Get("Authorization")
	}))
	defer s.Close()
	f := func(text, wantPath, want string) {
		t.Helper()
		text = "push: {" + strings.ReplaceAll(text, "URL", s.URL) + "}"
		c, err := Parse(filepath.Join(dir, "c.yaml"), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		u, settings, err := c.Push.Target()
		if err != nil {
			t.Fatal(err)
		}
		to, err := pushclient.New(pushclient.Options{URL: u, HTTP: settings, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		defer to.Close()
		if err := to.Post(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if path != wantPath || authorization != want {
			t.Errorf("%s: got %s with %q, expected %s with %q", text, path, authorization, wantPath, want)
		}
		if shown := mustYAML(t, c); strings.Contains(shown, "pa55") {
			t.Errorf("%s: the secret shows in\n%s", text, shown)
		}
	}
	const basic = "Basic bWU6cGE1NQ=="
	f("url: 'URL'", "/api/v1/import/prometheus", "")
	f("url: 'URL/metrics/job/x?a=b'", "/metrics/job/x?a=b", "")
	f("url: 'URL', username: me, password: pa55", "/api/v1/import/prometheus", basic)
	f("url: 'URL', username: me, password_file: secret", "/api/v1/import/prometheus", basic)
	f("url: 'URL', bearer_token: pa55", "/api/v1/import/prometheus", "Bearer pa55")
	f("url: 'URL', bearer_token_file: secret", "/api/v1/import/prometheus", "Bearer pa55")
}

func TestPushTargetWithTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	f := func(tls string, ok bool) {
		t.Helper()
		c, err := Parse("c.yaml", []byte("push: {url: '"+s.URL+"', tls: {"+tls+"}}"))
		if err != nil {
			t.Fatal(err)
		}
		u, settings, err := c.Push.Target()
		if err != nil {
			t.Fatal(err)
		}
		to, err := pushclient.New(pushclient.Options{URL: u, HTTP: settings, Timeout: time.Minute})
		if err == nil {
			defer to.Close()
			err = to.Post(t.Context(), nil)
		}
		if (err == nil) != ok {
			t.Errorf("%s: got %v", tls, err)
		}
	}
	f("", false)
	f("insecure_skip_verify: true", true)
	f("ca_file: none.pem", false)
}

func TestNoPush(t *testing.T) {
	if u, _, err := Default().Push.Target(); u != nil || err != nil {
		t.Errorf("got %v, %v", u, err)
	}
}
