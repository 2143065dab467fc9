package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/huggingface-exporter/huggingface_exporter/internal/health"
)

// healthcheck runs the command, whose exit code is what containers look at.
func (r *runner) healthcheck(wantCode int, want string, args ...string) {
	r.Helper()
	stdout, stderr, code := r.run(nil, append([]string{"healthcheck"}, args...)...)
	if code != wantCode || !strings.Contains(stdout+stderr, want) {
		r.Errorf("healthcheck %q: exit %d\n%s%s\nwant %d, %q", args, code, stdout, stderr, wantCode, want)
	}
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	s := r.ready()
	at := "--web.listen-address=" + strings.TrimPrefix(s.url, "http://")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	r.healthcheck(0, "huggingface_exporter is running.\n", at)
	r.healthcheck(0, "huggingface_exporter is ready.\n", at, "--ready")
	r.healthcheck(0, "is running", "--web.listen-address=:"+port)
	r.healthcheck(1, "got 404 Not Found", at, "--web.route-prefix=/elsewhere")
	r.healthcheck(1, "--timeout: expected a duration", at, "--timeout=0s")
	r.healthcheck(1, "expected an address like :10061", "--web.listen-address=vsock://:1")
	if code := s.stop(); code != 0 {
		t.Fatalf("serve ended with %d", code)
	}
	r.healthcheck(1, "connection refused", at)

	// One that waits for its storage runs and is not ready.
	r.write("away.yaml", "storage: {engine: victoriametrics, victoriametrics: {insert_url: 'http://127.0.0.1:1', retry_for: 1s}}", 1)
	s = r.serve("--config.file=away.yaml")
	at = "--web.listen-address=" + strings.TrimPrefix(s.url, "http://")
	r.healthcheck(0, "is running", at)
	r.healthcheck(1, "/-/ready: expected status 200, got 503 Service Unavailable: huggingface_exporter is not ready", at, "--ready")
}

// With TLS and passwords the file of both is all that a health check needs, and what it
// sends opens nothing else.
func TestHealthcheckWithTLSAndPasswords(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.certificate()
	hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	const withTLS = "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"
	users := fmt.Sprintf("basic_auth_users: {prom: %s}\n", hash)
	f := func(web string, args ...string) {
		t.Helper()
		r.write("web.yaml", web, 1)
		s := r.serve("--web.config.file=web.yaml")
		s.until("it is ready", func() bool { return strings.Contains(s.log.String(), "msg=Ready") })
		at := "--web.listen-address=" + strings.TrimPrefix(s.url, "http://")
		args = append(args, at)
		r.healthcheck(0, "is running", append(args, "--web.config.file=web.yaml")...)
		r.healthcheck(0, "is ready", append(args, "--web.config.file=web.yaml", "--ready")...)
		r.healthcheck(1, "", at)
		r.write("other.yaml", web+"# another\n", 1)
		if strings.Contains(web, "basic_auth_users") {
			r.healthcheck(1, "401 Unauthorized", append(args, "--web.config.file=other.yaml")...)
		}
		if code := s.stop(); code != 0 {
			t.Errorf("serve ended with %d", code)
		}
	}
	f(users)
	f(withTLS)
	f(withTLS + users)
	f(withTLS + users + "rate_limit: {burst: 1, interval: 1h}\n")

	// A server that wants certificates wants one of the health check, too.
	r.write("client.yaml", "tls_config: {cert_file: cert.pem, key_file: key.pem, ca_file: cert.pem}\n", 1)
	f("tls_server_config: {cert_file: cert.pem, key_file: key.pem, client_ca_file: cert.pem, client_auth_type: RequireAndVerifyClientCert}\n"+users,
		"--http.config.file=client.yaml")

	r.write("web.yaml", users, 1)
	s := r.serve("--web.config.file=web.yaml")
	authorization, err := health.Authorization(r.path("web.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range allRoutes(t) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+pathOf(pattern), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", authorization)
		want := http.StatusUnauthorized
		if pattern == health.HealthyRoute || pattern == health.ReadyRoute {
			req.Method, want = http.MethodGet, http.StatusOK
			s.until("it is ready", func() bool { return strings.Contains(s.log.String(), "msg=Ready") })
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s with the authorization of a health check: got %d, want %d", pattern, resp.StatusCode, want)
		}
	}
	r.healthcheck(0, "is running", "--web.listen-address="+strings.TrimPrefix(s.url, "http://"), "--http.config.file="+
		r.write("password.yaml", "basic_auth: {username: prom, password: open sesame}\n", 1))
}

// Below a prefix every route and every link works, through a proxy or without one.
func TestRoutesBelowAPrefix(t *testing.T) {
	t.Parallel()
	// expect asks for paths, and follows every link of both pages by way of a proxy that
	// takes something off their paths.
	f := func(base, proxyTakes string, args ...string) {
		t.Helper()
		r := newRunner(t)
		r.write("six.csv", sixRows, 5)
		r.write("c.yaml", "files: [six.csv]\n", 5)
		s := r.serve(append(args, "--config.file=c.yaml", "--web.enable-pprof")...)
		at := append(args, "--web.listen-address="+strings.TrimPrefix(s.url, "http://"))
		s.until("it is ready", func() bool { return strings.Contains(s.log.String(), "msg=Ready") })
		r.healthcheck(0, "is ready", append(at, "--ready")...)
		seen := 0
		for _, page := range []string{"/", "/debug/collections"} {
			code, text := s.get(strings.TrimPrefix(base, proxyTakes) + page)
			if code != http.StatusOK {
				t.Errorf("%q: %s: got %d\n%s", args, page, code, text)
			}
			shown := &url.URL{Path: base + page}
			for _, l := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
				ref, err := url.Parse(html.UnescapeString(l[1]))
				if err != nil {
					t.Fatal(err)
				}
				seen++
				link := shown.ResolveReference(ref).String()
				path, ok := strings.CutPrefix(link, base+"/")
				if !ok {
					t.Errorf("%q: %s: expected a link below %s/, got %s", args, page, base, link)
				}
				if code, body := s.get(strings.TrimPrefix(base, proxyTakes) + "/" + path); code != http.StatusOK {
					t.Errorf("%q: %s: got %d\n%s", args, link, code, body)
				}
			}
		}
		if seen < 25 {
			t.Errorf("%q: only %d links", args, seen)
		}
		prefix := strings.TrimPrefix(base, proxyTakes)
		if code, body := s.get(prefix + "/api/v1/nothing"); code != http.StatusNotFound || !strings.Contains(body, `"error"`) {
			t.Errorf("%q: got %d\n%s", args, code, body)
		}
		if code, body := s.get(prefix + "/organizations/huggingface/settings/publisher-analytics/download-breakdown"); code != http.StatusOK || !strings.HasPrefix(body, header) {
			t.Errorf("%q: got %d\n%s", args, code, body)
		}
		if prefix == "" {
			return
		}
		if code, body := s.get("/"); code != http.StatusOK || !strings.Contains(body, "<title>Publisher analytics</title>") {
			t.Errorf("%q: expected the page after a redirect, got %d\n%s", args, code, body)
		}
		if code, _ := s.get("/metrics"); code != http.StatusNotFound {
			t.Errorf("%q: /metrics without the prefix: got %d", args, code)
		}
	}
	f("", "")
	f("/hf", "", "--web.external-url=https://example.com/hf/")
	f("/a/b", "", "--web.route-prefix=a/b/")
	f("/hf", "/hf", "--web.external-url=https://example.com/hf", "--web.route-prefix=/")

	r := newRunner(t)
	r.refused(nil, []string{`--web.external-url: expected a URL like https://`}, "serve", "--web.external-url=example.com/hf")
	r.refused(nil, []string{`--web.route-prefix: expected a path like /huggingface, got "/{org}"`}, "serve", "--web.route-prefix={org}")
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	socket := r.path("s")
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	at := "--web.listen-address=unix://" + socket
	s := r.serve(at)
	s.until("it is ready", func() bool { return strings.Contains(s.log.String(), "msg=Ready") })
	resp, err := client.Get("http://localhost/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "huggingface_exporter_build_info") {
		t.Errorf("got %d\n%s", resp.StatusCode, body)
	}
	r.healthcheck(0, "is ready", at, "--ready")
	r.refused(nil, []string{"address already in use"}, "serve", "--storage.path=other", at)
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	r.healthcheck(1, "connection refused", at)
	s = r.serve(at) // in place of the socket that is left
	r.healthcheck(0, "is running", at)
	if code := s.stop(); code != 0 {
		t.Errorf("serve ended with %d", code)
	}
	if _, err := os.Lstat(socket); err == nil {
		t.Error("the socket is left after the end")
	}
	file := r.write("file", "mine", 1)
	r.refused(nil, []string{"expected no file or a socket, got another file"}, "serve", "--web.listen-address=unix://"+file)
}
