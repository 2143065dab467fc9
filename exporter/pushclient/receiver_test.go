package pushclient

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

func newReceiver(t *testing.T, address string, c config.HTTPClientConfig, timeout time.Duration) *Receiver {
	t.Helper()
	u, err := httpx.ParseURL(address, address, "/in")
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{URL: u, HTTP: c, Timeout: timeout, UserAgent: "test/1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestPost(t *testing.T) {
	var got struct {
		method, path, body, agent, kind string
		length                          int64
	}
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		b, _ := io.ReadAll(z)
		got.method, got.path, got.body, got.length = r.Method, r.URL.RequestURI(), string(b), r.ContentLength
		got.agent, got.kind = r.UserAgent(), r.Header.Get("Content-Type")
		w.WriteHeader(http.StatusNoContent)
	})
	var packed strings.Builder
	z := gzip.NewWriter(&packed)
	io.WriteString(z, "one two")
	z.Close()
	whole := packed.String()
	r := newReceiver(t, address+"?extra=1", config.DefaultHTTPClientConfig, time.Minute)
	err := r.Post(t.Context(), http.Header{"Content-Type": {"text/x"}, "Content-Encoding": {"gzip"}}, []byte(whole[:5]), nil, []byte(whole[5:]))
	if err != nil {
		t.Fatal(err)
	}
	if got.method != "POST" || got.path != "/in?extra=1" || got.body != "one two" || got.length != int64(len(whole)) ||
		got.agent != "test/1" || got.kind != "text/x" {
		t.Errorf("got %+v", got)
	}
	if want := address + "/in"; r.String() != want {
		t.Errorf("expected %s to be shown, got %s", want, r)
	}
}

func TestPostIsRefused(t *testing.T) {
	f := func(answer http.HandlerFunc, want string, temporary bool, after time.Duration) {
		t.Helper()
		r := newReceiver(t, serve(t, answer)+"/p?secret=s3cret", config.DefaultHTTPClientConfig, time.Minute)
		err := r.Post(t.Context(), nil, []byte("x"))
		e := As(err)
		if e == nil {
			t.Fatalf("expected an Error, got %v", err)
		}
		want = strings.Replace(want, "URL", r.String(), 1)
		if got := e.Error(); got != want || e.Temporary() != temporary || e.RetryAfter != after {
			t.Errorf("got %q, temporary %v, after %s; expected %q, %v, %s", got, e.Temporary(), e.RetryAfter, want, temporary, after)
		}
	}
	answer := func(status int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	f(answer(400, "out of\n bounds\n"), "URL responded with 400 Bad Request: out of bounds", false, 0)
	f(answer(404, ""), "URL responded with 404 Not Found", false, 0)
	f(answer(500, strings.Repeat("é", 400)), "URL responded with 500 Internal Server Error: "+strings.Repeat("é", 100)+"...", true, 0)
	f(answer(429, "slow", "Retry-After", "7"), "URL responded with 429 Too Many Requests: slow", true, 7*time.Second)
	f(answer(503, "\xff", "Retry-After", "soon"), "URL responded with 503 Service Unavailable: \uFFFD", true, 0)
	f(answer(302, "moved", "Location", "http://elsewhere:1/x?secret=s3cret"),
		"URL responded with 302 Found: it is at http://elsewhere:1/x: use that URL", false, 0)
	f(func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "URL did not respond: EOF", true, 0)
}

func TestNobodyListens(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	r := newReceiver(t, s.URL+"?secret=s3cret", config.DefaultHTTPClientConfig, time.Minute)
	e := As(r.Post(t.Context(), nil))
	if e == nil || !e.Temporary() || !strings.Contains(e.Error(), "refused") || strings.Contains(e.Error(), "s3cret") {
		t.Errorf("got %v", e)
	}
}

func TestPostEnds(t *testing.T) {
	blocked := make(chan struct{})
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-blocked
	})
	defer close(blocked)
	r := newReceiver(t, address, config.DefaultHTTPClientConfig, time.Millisecond)
	e := As(r.Post(t.Context(), nil, []byte("x")))
	if e == nil || e.Message != "it took longer than 1ms" || !e.Temporary() {
		t.Errorf("a receiver that hangs: got %v", e)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	r = newReceiver(t, address, config.DefaultHTTPClientConfig, time.Minute)
	if err := r.Post(ctx, nil, []byte("x")); !errors.Is(err, enough) {
		t.Errorf("the end of the context: got %v", err)
	}
}

// A receiver that repeats what it was sent does not bring a secret to light.
func TestSecretsAreNotShown(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, "not you: "+r.Header.Get("Authorization")+" "+user+" "+password+" "+r.Header.Get("X-Key")+"!")
	})
	dir := t.TempDir()
	file := filepath.Join(dir, "http.yaml")
	f := func(settings, want string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := LoadHTTPConfig(file)
		if err != nil {
			t.Fatal(err)
		}
		err = newReceiver(t, address, c, time.Minute).Post(t.Context(), nil)
		if e := As(err); e == nil || e.Message != want {
			t.Errorf("%s: got %v, expected %q", settings, err, want)
		}
		basic := base64.StdEncoding.EncodeToString([]byte("me:pa55word"))
		for _, secret := range []string{"pa55word", "t0ken", "key-0123", basic} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows %s: %v", settings, secret, err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "pass"), []byte("pa55word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f("basic_auth: {username: me, password: pa55word}", "not you: <secret>= me <secret> !")
	f("basic_auth: {username: me, password_file: pass}", "not you: <secret>= me <secret> !")
	f("authorization: {credentials: t0ken}", "not you: <secret> !")
	f("http_headers: {X-Key: {secrets: [key-0123]}}", "not you: <secret>!")
}

func TestLoadHTTPConfigRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "http.yaml")
	f := func(settings string, want ...string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadHTTPConfig(file)
		if err == nil || strings.Contains(err.Error(), "pa55") {
			t.Errorf("%s: got %v", settings, err)
			return
		}
		for _, w := range append(want, file, "basic_auth") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: got %v, expected %q in it", settings, err, w)
			}
		}
	}
	f("basic_auth: pa55word", "line 1")
	f("a: 1\nbasic_auth: {username: me, pasword: pa55word}", "line 2", "pasword")
	f("authorization: {credentials: pa55word}\nbearer_token: pa55word", "authorization is not compatible with bearer_token")
	f("proxy_url: 'http://me:pa55word@:x'")
	f("basic_auth: [*pa55")
	if _, err := LoadHTTPConfig(file + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
}

func TestCertificateThatIsNone(t *testing.T) {
	c := config.DefaultHTTPClientConfig
	c.TLSConfig.CAFile = filepath.Join(t.TempDir(), "none.pem")
	if _, err := New(Options{URL: &url.URL{}, HTTP: c, Timeout: time.Second}); err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("got %v", err)
	}
}
