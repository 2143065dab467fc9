package config

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// httpFields ends the list of what a section with settings of an HTTP client may have.
const httpFields = "basic_auth, authorization, oauth2, bearer_token, bearer_token_file, tls_config, follow_redirects, enable_http2," +
	" proxy_url, no_proxy, proxy_from_environment, proxy_connect_header or http_headers"

func TestPushFaults(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := Parse("c.yaml", []byte("push: {"+text+"}"), families...)
		if err == nil || err.Error() != "c.yaml:1: "+strings.Replace("push."+want, "push.:", "push:", 1) || strings.Contains(err.Error(), "pa55") {
			t.Errorf("%s: got %v, expected %s", text, err, want)
		}
	}
	f("uri: x", "uri: unknown field, expected url, interval, timeout, extra_labels, "+httpFields)
	f("url: localhost", `url: expected a URL like http://localhost:8428, got "localhost"`)
	f("url: 'http://me:pa55@h'", "url: expected a URL without user and password, got one with an @ in it"+
		" (not shown here): set credentials in their own fields")
	f("interval: 1ms", `interval: expected at least 1s, got "1ms"`)
	f("interval: soon", `interval: expected a duration like 30s, 5m or 6h, got "soon"`)
	f("timeout: 0s", `timeout: expected a duration like 30s, 5m or 6h, got "0s"`)
	f("username: me", "username: expected username and password (or password_file) together, got one of them")
	f("password: pa55", "username: expected username and password (or password_file) together, got one of them")
	f("username: me, password: pa55, password_file: x", ": expected settings that go together, but at most one of basic_auth password, password_file & password_ref must be configured")
	f("username: me, password: pa55, bearer_token: pa55", ": expected settings that go together, but at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured")
	f("bearer_token: 5", "bearer_token: expected a string (quoted if it looks like another type), got something else")
	f("bearer_token: pa55, bearer_token_file: x", ": expected settings that go together, but at most one of bearer_token & bearer_token_file must be configured")
	f("tls: {cert_file: x}", "tls_config: expected settings that go together, but exactly one of key or key_file must be configured when a client certificate is configured")
	f("tls: {cafile: x}", "tls.cafile: unknown field, expected ca, cert, key, ca_file, cert_file, key_file, server_name, insecure_skip_verify, min_version or max_version")
	f("tls: {ca_file: x}, tls_config: {ca_file: x}", ": expected either basic_auth and tls_config or their older names username, password and tls, got both")
	f("username: me, password: pa55, basic_auth: {username: me}", ": expected either basic_auth and tls_config or their older names username, password and tls, got both")
	f("basic_auth: pa55", "basic_auth: expected a mapping with username, username_file, password or password_file, got something else")
	f("basic_auth: {pasword: pa55}", "basic_auth.pasword: unknown field, expected username, username_file, password or password_file")
	f("basic_auth: {password: 55}", "basic_auth.password: expected a string (quoted if it looks like another type), got something else")
	f("basic_auth: {username: me}, authorization: {credentials: pa55}", ": expected settings that go together, but at most one of basic_auth, oauth2 & authorization must be configured")
	f("authorization: {credentials_ref: x}", "authorization.credentials_ref: unknown field, expected type, credentials or credentials_file")
	f("oauth2: {client_id: x, scopes: y}", "oauth2.scopes: expected a list, got something else")
	f("oauth2: {client_id: x, client_secret: pa55}", ": expected settings that go together, but oauth2 token_url must be configured")
	f("oauth2: {client_id: x, token_url: u, tls_config: {key_file: k}}", "oauth2.tls_config: expected settings that go together, but exactly one of cert or cert_file must be configured when a client key is configured")
	f("proxy_url: 'http://me:pa55@:x'", "proxy_url: expected a URL like http://proxy:3128, got something else")
	f("proxy_url: 'pa55'", "proxy_url: expected a URL like http://proxy:3128, got something else")
	f("no_proxy: h", ": expected settings that go together, but if no_proxy is configured, proxy_url must also be configured")
	f("tls_config: {min_version: TLS9}", "tls_config.min_version: expected TLS10, TLS11, TLS12 or TLS13, got something else")
	f("http_headers: {X: {secrets: pa55}}", "http_headers.X.secrets: expected a list, got something else")
	f("http_headers: {Host: {values: [x]}}", `: expected settings that go together, but setting header "Host" is not allowed`)
	f("proxy_connect_header: {X: pa55}", "proxy_connect_header.X: expected a list, got something else")
	f("extra_labels: [job]", "extra_labels: expected a mapping, got a list")
	f("extra_labels: {job: 5}", `extra_labels.job: expected a string (quoted if it looks like another type), got "5"`)
	f("extra_labels: {a: x, a: y}", "extra_labels.a: given twice, first on line 1")
	f("extra_labels: {my-job: x}", `extra_labels.my-job: expected a label name like job, got "my-job"`)
	f("extra_labels: {__name__: x}", `extra_labels.__name__: expected a label name like job, got "__name__"`)
	f("extra_labels: {org: x}", `extra_labels.org: expected a label that repositories and groups do not already have, got "org"`)
	f("extra_labels: {job: ''}", "extra_labels.job: expected a value for the label, got none")
}

// What a receiver sees of the settings.
// post pushes to the receiver of a configuration, in which URL stands for url.
func post(t *testing.T, dir, url, text string) error {
	t.Helper()
	c, err := Parse(filepath.Join(dir, "c.yaml"), []byte(strings.ReplaceAll("push: {url: 'URL', "+text+"}", "URL", url)), families...)
	if err != nil {
		t.Fatal(err)
	}
	if shown := mustYAML(t, c); strings.Contains(shown, "pa55") {
		t.Errorf("%s: the secret shows in\n%s", text, shown)
	}
	u, err := httpx.ParseURL(c.Push.URL, url, "/route")
	if err != nil {
		t.Fatal(err)
	}
	to, err := pushclient.New(pushclient.Options{URL: u, HTTP: c.Push.HTTP.Settings, Timeout: time.Minute})
	if err != nil {
		return err
	}
	defer to.Close()
	return to.Post(t.Context(), nil)
}

// What a receiver sees of the settings.
func TestPushAuthorization(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("pa55\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var authorization, key string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"access_token": "pa55", "token_type": "bearer"}`))
			return
		}
		authorization, key = r.Header.Get("Authorization"), r.Header.Get("X-Key")
	}))
	defer s.Close()
	f := func(text, want, wantKey string) {
		t.Helper()
		if err := post(t, dir, s.URL, text); err != nil {
			t.Error(err)
		}
		if authorization != want || key != wantKey {
			t.Errorf("%s: got %q and %q, expected %q and %q", text, authorization, key, want, wantKey)
		}
	}
	const basic = "Basic bWU6cGE1NQ=="
	f("timeout: 1m", "", "")
	f("basic_auth: {username: me, password: pa55}", basic, "")
	f("basic_auth: {username: me, password_file: secret}", basic, "")
	f("authorization: {credentials: pa55}", "Bearer pa55", "")
	f("authorization: {type: Key, credentials_file: secret}", "Key pa55", "")
	f("oauth2: {client_id: me, client_secret_file: secret, token_url: 'URL/token'}", "Bearer pa55", "")
	f("http_headers: {X-Key: {files: [secret]}}", "", "pa55")
	// The older names.
	f("username: me, password: pa55", basic, "")
	f("username: me, password_file: secret", basic, "")
	f("bearer_token: pa55", "Bearer pa55", "")
	f("bearer_token_file: secret", "Bearer pa55", "")
}

func TestPushOverTLS(t *testing.T) {
	dir := t.TempDir()
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(settings, wantErr string) {
		t.Helper()
		err := post(t, dir, s.URL, "bearer_token: pa55, "+settings)
		if wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
			t.Errorf("%s: got %v, expected %q", settings, err, wantErr)
		}
	}
	f("", "certificate signed by unknown authority")
	f("tls_config: {ca_file: ca.pem}", "")
	f("tls_config: {insecure_skip_verify: true}", "")
	f("tls_config: {ca_file: none.pem}", filepath.Join(dir, "none.pem"))
	f("tls: {ca_file: ca.pem}", "")
	f("tls: {insecure_skip_verify: true}", "")
}

// A proxy sees what is pushed, unless no_proxy excepts it.
func TestPushThroughProxy(t *testing.T) {
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.String() }))
	defer proxy.Close()
	if err := post(t, ".", "http://vm.test:1", "proxy_url: '"+proxy.URL+"'"); err != nil || asked != "http://vm.test:1/route" {
		t.Errorf("the proxy was asked for %q, %v", asked, err)
	}
	asked = ""
	if err := post(t, ".", "http://localhost:1", "proxy_url: '"+proxy.URL+"', no_proxy: localhost"); err == nil || asked != "" {
		t.Errorf("the proxy was asked for %q, %v", asked, err)
	}
}

// Names of files start from the folder of the configuration, in every section alike, and
// are printed as they were written.
func TestPaths(t *testing.T) {
	const client = "tls_config: {ca_file: ca, cert_file: cert, key_file: key}, http_headers: {X: {files: [header]}}"
	const text = "hub: {organizations: [{name: o, token_file: t}], " + client + "}\n" +
		"push: {basic_auth: {username: me, password_file: p}, " + client + "}\n" +
		"storage: {queue_path: q, victoriametrics: {oauth2: {client_id: c, token_url: u, client_secret_file: s, tls_config: {ca_file: ca}}, " + client + "}}\n"
	c, err := Parse("/dir/c.yaml", []byte(text), families...)
	if err != nil {
		t.Fatal(err)
	}
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, expected %q", got, want)
		}
	}
	for _, h := range []*HTTP{&c.Hub.HTTP, &c.Push.HTTP, &c.Storage.VictoriaMetrics.HTTP} {
		f(h.Settings.TLSConfig.CAFile, "/dir/ca")
		f(h.Settings.TLSConfig.CertFile, "/dir/cert")
		f(h.Settings.TLSConfig.KeyFile, "/dir/key")
		f(h.Settings.HTTPHeaders.Headers["X"].Files[0], "/dir/header")
	}
	f(c.Hub.Organizations[0].TokenFile, "/dir/t")
	f(c.Push.HTTP.Settings.BasicAuth.PasswordFile, "/dir/p")
	f(c.Storage.QueuePath, "/dir/q")
	f(c.Storage.VictoriaMetrics.HTTP.Settings.OAuth2.ClientSecretFile, "/dir/s")
	f(c.Storage.VictoriaMetrics.HTTP.Settings.OAuth2.TLSConfig.CAFile, "/dir/ca")
	if printed := mustYAML(t, c); strings.Contains(printed, "/dir") {
		t.Errorf("printed\n%s", printed)
	}
}

// Credentials that can be read on the way are warned of, wherever they go.
func TestExposed(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		c, err := Parse("c.yaml", []byte(text), families...)
		if err != nil {
			t.Fatal(err)
		}
		errs := c.Exposed()
		if len(errs) != len(want) {
			t.Fatalf("%s: got %q, want %q", text, errs, want)
		}
		for i, err := range errs {
			if !strings.HasPrefix(err.Error(), want[i]) || strings.Contains(err.Error(), "pa55") {
				t.Errorf("%s: got %q, want %q", text, err, want[i])
			}
		}
	}
	const secret = ", basic_auth: {username: u, password: pa55}}"
	f("push: {url: 'http://h:8428'}")
	f("push: {url: 'https://h:8428'" + secret)
	f("push: {url: 'http://127.0.0.1:8428'" + secret)
	f("push: {url: 'http://localhost:8428'" + secret)
	f("push: {url: 'http://h:8428'"+secret, "push.url: expected https, since credentials are sent, got http://h:8428,")
	f("storage: {engine: victoriametrics, victoriametrics: {insert_url: 'http://a', select_url: 'https://b', flush_urls: ['http://localhost:1', 'http://d']"+secret+"}",
		"storage.victoriametrics.insert_url: expected https", "storage.victoriametrics.flush_urls[1]: expected https")
}
