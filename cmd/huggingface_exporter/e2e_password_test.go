package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/promapi"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/web"
	"github.com/huggingface-exporter/huggingface_exporter/internal/server"
)

// certificate writes cert.pem and key.pem for 127.0.0.1, and returns who trusts
// the first.
func (r *runner) certificate() *x509.CertPool {
	r.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		r.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		r.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		r.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	r.write("cert.pem", string(cert), 1)
	r.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})), 1)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

// allRoutes are the patterns of every route that serve can have.
func allRoutes(t *testing.T) []string {
	t.Helper()
	s, err := server.New(server.Options{
		Load: func() (*config.Config, error) { return config.Default(), nil }, Pprof: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Handler()
	routes := s.Patterns()
	if len(routes) < 14 {
		t.Fatalf("only %d routes: %q", len(routes), routes)
	}
	return routes
}

// pathOf returns a path that a pattern answers.
func pathOf(pattern string) string {
	switch pattern {
	case "/":
		return "/no-such-page"
	case "/debug/pprof/":
		return "/debug/pprof/cmdline" // the others take their time
	case web.StaticRoute:
		return pattern + web.Asset("style.css")
	}
	return strings.NewReplacer("{org}", "huggingface", "{$}", "").Replace(pattern)
}

// Every route is behind TLS and password once the web configuration has them, also if some
// badges are public.
func TestEveryRouteIsBehindTLSAndPassword(t *testing.T) {
	t.Parallel()
	for name, badges := range map[string]string{"nothing is public": "", "badges are public": "badges: {public: [repo=*/*, org=*, group=*]}\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyRouteIsBehindTLSAndPassword(t, badges)
		})
	}
}

func everyRouteIsBehindTLSAndPassword(t *testing.T, badges string) {
	r := newRunner(t)
	pool := r.certificate()
	hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	r.write("web.yaml", fmt.Sprintf("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"+
		"http_server_config: {headers: {X-Frame-Options: sameorigin}}\nbasic_auth_users: {prom: %s}\n", hash), 1)
	r.write("in/six.csv", sixRows, 5)
	r.write("c.yaml", "files: [in/*.csv]\n"+badges, 5)
	s := r.serve("--web.config.file=web.yaml", "--config.file=c.yaml", "--web.enable-pprof")
	s.until("it is ready", func() bool { return strings.Contains(s.log.String(), "msg=Ready") })
	address := strings.TrimPrefix(s.url, "http://")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	ask := func(url, method, user, password string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if user != "" {
			req.SetBasicAuth(user, password)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return resp
	}
	routes := allRoutes(t)
	const promQL = promapi.Prefix + "/api/v1/"
	for _, pattern := range routes {
		path, method, want := pathOf(pattern), http.MethodGet, http.StatusOK
		switch pattern {
		case "/", "/api/":
			want = http.StatusNotFound
		case "/-/reload":
			method = http.MethodPost
		case promQL + "query", promQL + "query_range", promQL + "series", promQL + "format_query":
			want = http.StatusBadRequest // for want of a query
		case promQL + "read":
			want = http.StatusMethodNotAllowed
		}
		f := func(user, password string, want int) {
			t.Helper()
			if resp := ask("https://"+address+path, method, user, password); resp.StatusCode != want {
				t.Errorf("%s as %q with %q: got %d, want %d", path, user, password, resp.StatusCode, want)
			}
		}
		for _, verb := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace} {
			for _, at := range []string{path, "/" + path, path + "/", "/-/healthy/.." + path, "/api/v1/badge/../../.." + path} {
				if resp := ask("https://"+address+at, verb, "", ""); resp.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s %s without a password: got %d", verb, at, resp.StatusCode)
				}
			}
		}
		f("prom", "wrong", http.StatusUnauthorized)
		f("other", "open sesame", http.StatusUnauthorized)
		f("prom", "open sesame", want)
		if resp := ask("http://"+address+path, method, "prom", "open sesame"); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s without TLS: got %d", path, resp.StatusCode)
		}
		// What the web configuration sets stays, the rest is ours.
		for _, password := range []string{"open sesame", "wrong"} {
			h := ask("https://"+address+path, method, "prom", password).Header
			for name, want := range map[string]string{
				"X-Content-Type-Options":  "nosniff",
				"X-Frame-Options":         "sameorigin",
				"Referrer-Policy":         "no-referrer",
				"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			} {
				if name == "Content-Security-Policy" && pattern == "/api/v1/chart.svg" && password == "open sesame" {
					want = "default-src 'none'; frame-ancestors 'none'; sandbox"
				}
				if got := h.Values(name); len(got) != 1 || got[0] != want {
					t.Errorf("%s: the header %s is %q, want %q", path, name, got, want)
				}
			}
		}
	}
}

// Badges and charts that badges.public names need no password, and nothing else does.
func TestPublicBadges(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	r.write("web.yaml", fmt.Sprintf("http_server_config: {headers: {X-Frame-Options: sameorigin}}\nbasic_auth_users: {prom: %s}\n", hash), 1)
	r.write("in/six.csv", sixRows, 5)
	const configuration = "files: [in/*.csv]\ngroups: [{name: all, repos: [huggingface/*]}, {name: mine, repos: [huggingface/*]}]\n"
	r.write("c.yaml", configuration+"badges: {public: [repo=huggingface/CodeBERTa-*, group=all, group=none]}\n", 5)
	s := r.serve("--web.config.file=web.yaml", "--config.file=c.yaml")
	s.until("it is ready", func() bool { return strings.Contains(s.log.String(), "msg=Ready") })
	do := func(target string, header ...string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		path, query, _ := strings.Cut(target, "?")
		req.URL.Opaque, req.URL.RawQuery = path, query // sent as it is
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	const bert = "repo=huggingface/CodeBERTa-small-v1"
	public := func(target, contentType, want string, header ...string) {
		t.Helper()
		resp := do(target, header...)
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		h := resp.Header
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), contentType) || !strings.Contains(string(body), want) {
			t.Errorf("%s: got %d, %v\n%s", target, resp.StatusCode, h, body)
		}
		if h.Get("WWW-Authenticate") != "" || h.Get("X-Frame-Options") != "sameorigin" || h.Get("Cache-Control") != "max-age=300" {
			t.Errorf("%s: got %v", target, h)
		}
		if resp := do(target, append(header, "If-None-Match", h.Get("ETag"))...); resp.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: got %d", target, resp.StatusCode)
		}
	}
	public("/api/v1/badge?"+bert, "application/json", `"message":"4.4M"`)
	public("/api/v1/badge?"+bert+"&format=svg", "image/svg+xml", "4.4M")
	public("/api/v1/badge?"+bert+"&format=png", "image/png", "PNG")
	public("/api/v1/badge?"+bert, "application/json", `"message":"4.4M"`, "Authorization", "Basic d3Jvbmc6d3Jvbmc=")
	public("/api/v1/badge?repo=huggingface%2FCodeBERTa-none", "application/json", "not found")
	public("/api/v1/badge?group=all", "application/json", `"message":"6.5M"`)
	public("/api/v1/badge?group=none", "application/json", "not found") // and no names of groups
	public("/api/v1/chart.svg?"+bert, "image/svg+xml", "Jan 22, 2021 to Nov 29, 2021: 13")
	public("/api/v1/chart.png?"+bert, "image/png", "PNG")

	private := func(target string) {
		t.Helper()
		resp := do(target)
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") == "" || strings.TrimSpace(string(body)) != "Unauthorized" {
			t.Errorf("%s: got %d, %v\n%s", target, resp.StatusCode, resp.Header, body)
		}
	}
	private("/api/v1/badge")
	private("/api/v1/badge?repo=huggingface/documentation-images")
	private("/api/v1/badge?org=huggingface")
	private("/api/v1/badge?group=mine")
	private("/api/v1/badge?" + bert + ",huggingface/documentation-images")
	private("/api/v1/badge?" + bert + "&repo=huggingface/documentation-images")
	private("/api/v1/badge?" + bert + "&org=huggingface")
	private("/api/v1/badge?group=all&repo=huggingface/documentation-images")
	private("/api/v1/badge?group=all&search=images")
	private("/api/v1/badge?repo=huggingface/codeberta-small-v1")
	private("/api/v1/badge?REPO=huggingface/CodeBERTa-small-v1")
	private("/api/v1/badge?" + bert + "&format=exe")
	private("/api/v1/%62adge?" + bert)
	private("/api/v1%2Fbadge?" + bert)
	private("//api/v1/badge?" + bert)
	private("/api/v1/badge/?" + bert)
	private("/api/v1/./badge?" + bert)
	private("/api/v1/badge/../overview?" + bert)
	private("/API/v1/badge?" + bert)
	private("/api/v1/overview?" + bert)
	private("/api/v1/chart.svg?org=huggingface")
	private("/api/v1/chart.gif?" + bert)
	private("/metrics?" + bert)
	private("/?" + bert)

	// A reload takes it back.
	r.write("c.yaml", configuration, 5)
	resp, err := http.DefaultClient.Do(func() *http.Request {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/-/reload", nil)
		req.SetBasicAuth("prom", "open sesame")
		return req
	}())
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
	private("/api/v1/badge?" + bert)
}
