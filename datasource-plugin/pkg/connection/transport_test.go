package connection

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestExporterTLS(t *testing.T) {
	handler := server.New(storeOf(t, threeRecords()...), server.Options{})
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))

	c, _ := connect(t, nil, configured(srv.URL, nil, nil))
	wantFaults(t, c, KindTLS, "check its certificate and the TLS settings", "unknown authority")
	good := func(what string, jsonData map[string]any, secrets map[string]string) {
		t.Helper()
		c, _ := connect(t, nil, configured(srv.URL, jsonData, secrets))
		if h := c.Check(context.Background()); !h.OK {
			t.Errorf("%s: expected the exporter to be reached, got %s", what, h.Message)
		}
	}
	good("not verified", map[string]any{"tlsSkipVerify": true}, nil)
	good("its own authority", map[string]any{"tlsAuthWithCACert": true}, map[string]string{"tlsCACert": certificate})
	c, _ = connect(t, nil, configured(srv.URL, map[string]any{"tlsAuthWithCACert": true, "serverName": "other.test"}, map[string]string{"tlsCACert": certificate}))
	wantFaults(t, c, KindTLS, "other.test")

	plain := serving(t, handler)
	c, _ = connect(t, nil, configured(strings.Replace(plain.URL, "http:", "https:", 1), nil, nil))
	wantFaults(t, c, KindTLS, "plain HTTP", "http://")
	c, _ = connect(t, nil, configured(strings.Replace(srv.URL, "https:", "http:", 1), nil, nil))
	wantFaults(t, c, KindNotExporter, "https://")
}

// seen keeps the headers of the requests that came.
type seen struct {
	http.Handler
	mu      sync.Mutex
	headers []http.Header
	hosts   []string
}

func (s *seen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.headers, s.hosts = append(s.headers, r.Header.Clone()), append(s.hosts, r.Host)
	s.mu.Unlock()
	s.Handler.ServeHTTP(w, r)
}

func (s *seen) requests() []http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers
}

// locked lets in who knows the password and the header.
func locked(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user != "grafana" || pass != password || r.Header.Get("X-Key") != secret {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// withCredentials are settings with a password and a header.
func withCredentials(url string) backend.DataSourceInstanceSettings {
	s := configured(url, map[string]any{"httpHeaderName1": "X-Key"}, map[string]string{"basicAuthPassword": password, "httpHeaderValue1": secret})
	s.BasicAuthEnabled, s.BasicAuthUser = true, "grafana"
	return s
}

func TestExporterCredentials(t *testing.T) {
	here := &seen{Handler: locked(server.New(storeOf(t, threeRecords()...), server.Options{}))}
	srv := serving(t, here)
	c, _ := connect(t, nil, withCredentials(srv.URL))
	if h := c.Check(context.Background()); !h.OK {
		t.Errorf("expected the exporter to be reached, got %s", h.Message)
	}
	for what, err := range ask(t, c) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if agent := here.requests()[0].Get("User-Agent"); !strings.HasPrefix(agent, "huggingface_exporter_datasource/") {
		t.Errorf("expected the plugin's name, got the user agent %q", agent)
	}
	wrong := withCredentials(srv.URL)
	wrong.DecryptedSecureJSONData["basicAuthPassword"] = "wrong"
	c, _ = connect(t, nil, wrong)
	wantFaults(t, c, KindAuth)
}

// What an exporter answers is not looked for on another host, and nobody else
// gets the credentials.
func TestExporterRedirects(t *testing.T) {
	elsewhere := &seen{Handler: server.New(storeOf(t, threeRecords()...), server.Options{})}
	other := serving(t, elsewhere)
	srv := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path+"?signature="+secret, http.StatusTemporaryRedirect)
	}))
	c, _ := connect(t, nil, withCredentials(srv.URL))
	wantFaults(t, c, KindRedirect, other.URL, "enter the new URL")
	if n := len(elsewhere.requests()); n > 0 {
		t.Errorf("expected no request elsewhere, got %d", n)
	}

	// Within the host a redirect is followed.
	answers := locked(server.New(storeOf(t, threeRecords()...), server.Options{}))
	srv = serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, ok := strings.CutPrefix(r.URL.Path, "/new"); ok {
			r.URL.Path = path
			answers.ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, "/new"+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	}))
	c, _ = connect(t, nil, withCredentials(srv.URL))
	if h := c.Check(context.Background()); !h.OK {
		t.Errorf("expected the exporter to be reached, got %s", h.Message)
	}
}

// What the browser sent to Grafana stays there.
func TestExporterGetsNothingOfTheUser(t *testing.T) {
	here := &seen{Handler: server.New(storeOf(t, threeRecords()...), server.Options{})}
	srv := serving(t, here)
	c, _ := connect(t, nil, configured(srv.URL, map[string]any{"keepCookies": []string{"session"}, "oauthPassThru": true}, nil))
	user := map[string]string{"Cookie": "session=" + secret, "Authorization": "Bearer " + token, "X-Id-Token": token, "X-Grafana-User": "alice"}
	ctx := httpclient.WithContextualMiddleware(context.Background(), httpclient.MiddlewareFunc(func(_ httpclient.Options, next http.RoundTripper) http.RoundTripper {
		return httpclient.RoundTripperFunc(func(req *http.Request) (*http.Response, error) {
			for name, value := range user {
				req.Header.Set(name, value)
			}
			return next.RoundTrip(req)
		})
	}))
	if h := c.Check(ctx); !h.OK {
		t.Fatalf("expected the exporter to be reached, got %s", h.Message)
	}
	s, _, _ := c.Reader(ctx)
	if _, err := s.Overview(ctx, history.OverviewQuery{}); err != nil {
		t.Fatal(err)
	}
	requests := here.requests()
	if len(requests) != 2 {
		t.Fatalf("expected 2 requests, got %d", len(requests))
	}
	for _, h := range requests {
		for name := range user {
			if v := h.Get(name); v != "" {
				t.Errorf("expected no %s, got %q", name, v)
			}
		}
	}
}

func TestCredentialsStayAtTheOrigin(t *testing.T) {
	elsewhere := &seen{Handler: http.NotFoundHandler()}
	other := serving(t, elsewhere)
	var back string
	here := &seen{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, other.URL, http.StatusFound)
		}
	})}
	srv := serving(t, here)
	back = srv.URL + "/back"
	elsewhere.Handler = http.RedirectHandler(back, http.StatusFound)
	s, err := parseSettings(context.Background(), withCredentials(srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	transport, err := newTransport(s, s.url, surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	f := func(what string, h http.Header, want bool) {
		t.Helper()
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("grafana:"+password))
		if (h.Get("Authorization") == basic) != want || (h.Get("X-Key") == secret) != want {
			t.Errorf("%s: expected credentials: %v, got %v", what, want, h)
		}
	}
	f("the host of the settings", here.requests()[0], true)
	f("another host", elsewhere.requests()[0], false)
	f("back again, by another host's will", here.requests()[1], false)
}
