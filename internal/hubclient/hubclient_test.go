package hubclient_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/hubclient"
)

const secret = "s3cretS3cretS3cret"

// noEnv is an environment without variables.
func noEnv(string) string { return "" }

// ask lists the models of the first organization as the configuration in dir says.
func ask(t *testing.T, dir, text string) error {
	t.Helper()
	c, err := config.Parse(filepath.Join(dir, "c.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o, err := hubclient.Options(&c.Hub, c.Hub.Organizations[0], noEnv)
	if err != nil {
		return err
	}
	o.MaxTries = 1
	client := hub.New(o)
	defer client.CloseIdleConnections()
	for _, err := range client.List(context.Background(), history.Model, "acme") {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkError compares an error with what it has to say, "" for none, and makes sure that
// it shows no secret.
func checkError(t *testing.T, what string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: got %v, expected %q", what, err, want)
	}
	basic := base64.StdEncoding.EncodeToString([]byte("me:" + secret))
	if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), basic)) {
		t.Errorf("%s: the error shows a secret: %v", what, err)
	}
}

// writeCA writes the certificate of a server as that of an authority.
func writeCA(t *testing.T, file string, s *httptest.Server) {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func newTLSServer(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func empty(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "[]") }

// A Hub with a certificate of a private authority.
func TestPrivateCA(t *testing.T) {
	dir := t.TempDir()
	proto := ""
	s := newTLSServer(t, func(w http.ResponseWriter, r *http.Request) {
		proto = r.Proto
		empty(w, r)
	})
	ca := filepath.Join(dir, "ca.pem")
	writeCA(t, ca, s)
	if err := os.WriteFile(filepath.Join(dir, "none.pem"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(settings, wantErr string) {
		t.Helper()
		checkError(t, settings, ask(t, dir, "hub: {endpoint: '"+s.URL+"', token: "+secret+", organizations: [{name: acme}], "+settings+"}"), wantErr)
	}
	f("tls_config: {ca_file: ca.pem}", "")
	if proto != "HTTP/2.0" {
		t.Errorf("the Hub was asked over %s", proto)
	}
	f("tls_config: {ca_file: ca.pem}, enable_http2: false", "")
	if proto != "HTTP/1.1" {
		t.Errorf("without HTTP/2 the Hub was asked over %s", proto)
	}
	f("tls_config: {insecure_skip_verify: true}", "")
	f("tls_config: {}", "certificate signed by unknown authority")
	f("tls_config: {ca_file: none.pem}", "hub.tls_config: unable to use specified CA cert file "+filepath.Join(dir, "none.pem"))
	f("tls_config: {ca_file: missing.pem}", filepath.Join(dir, "missing.pem"))
	f("tls_config: {ca_file: ca.pem, server_name: elsewhere.test}", "elsewhere.test")
}

// A proxy gets what is asked of the Hub.
func TestProxy(t *testing.T) {
	var asked, authorization string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, authorization = r.URL.String(), r.Header.Get("Proxy-Authorization")
		empty(w, r)
	}))
	defer proxy.Close()
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := func(settings, wantAuthorization string) {
		t.Helper()
		asked = ""
		checkError(t, settings, ask(t, ".", "hub: {endpoint: 'http://hub.test', organizations: [{name: acme}], "+settings+"}"), "")
		if !strings.HasPrefix(asked, "http://hub.test/api/models?") || authorization != wantAuthorization {
			t.Errorf("%s: the proxy was asked for %q with %q", settings, asked, authorization)
		}
	}
	f("proxy_url: '"+proxy.URL+"'", "")
	f("proxy_url: 'http://me:"+secret+"@"+u.Host+"'", "Basic "+base64.StdEncoding.EncodeToString([]byte("me:"+secret)))
	t.Setenv("HTTP_PROXY", proxy.URL)
	f("", "")
	proxy.Close()
	checkError(t, "a proxy that is away", ask(t, ".", "hub: {endpoint: 'http://hub.test', organizations: [{name: acme}], proxy_url: 'http://me:"+secret+"@"+u.Host+"'}"), "refused")
}

// An answer that repeats what authorized the request does not bring it to light.
func TestSecretsAreNotShown(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		echo := r.Header.Get("Authorization") + " " + password + " " + r.Header.Get("X-Key")
		w.Header().Set("X-Error-Message", echo)
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error": "not with `+echo+`"}`)
	}))
	defer s.Close()
	f := func(settings string) {
		t.Helper()
		err := ask(t, ".", "hub: {endpoint: '"+s.URL+"', organizations: [{name: acme}], "+settings+"}")
		checkError(t, settings, err, "forbidden")
		checkError(t, settings, err, "<")
	}
	f("token: " + secret)
	f("basic_auth: {username: me, password: " + secret + "}")
	f("authorization: {type: Key, credentials: " + secret + "}")
	f("http_headers: {X-Key: {secrets: [" + secret + "]}}")
}

// The Hub, and nobody that it redirects to, sees an authorization that is no token.
func TestAuthorization(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]http.Header) // by path
	record := func(w http.ResponseWriter, r *http.Request) {
		got[r.URL.Path] = r.Header
		empty(w, r)
	}
	other := httptest.NewServer(http.HandlerFunc(record))
	defer other.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token": "`+secret+`", "token_type": "bearer"}`)
			return
		}
		got[r.URL.Path] = r.Header
		http.Redirect(w, r, other.URL+"/elsewhere", http.StatusFound)
	}))
	defer s.Close()
	f := func(settings, wantAuthorization, wantKey string) {
		t.Helper()
		clear(got)
		settings = strings.ReplaceAll(settings, "URL", s.URL)
		checkError(t, settings, ask(t, dir, "hub: {endpoint: '"+s.URL+"', "+settings+"}"), "")
		if h := got["/api/models"]; h.Get("Authorization") != wantAuthorization || h.Get("X-Key") != wantKey {
			t.Errorf("%s: the Hub got %q, %q", settings, h.Get("Authorization"), h.Get("X-Key"))
		}
		if h := got["/elsewhere"]; h == nil || h.Get("Authorization") != "" || h.Get("X-Key") != "" {
			t.Errorf("%s: another host got %v", settings, h)
		}
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+secret))
	const org = "organizations: [{name: acme}]"
	f("basic_auth: {username: me, password_file: secret}, "+org, basic, "")
	f("authorization: {credentials_file: secret}, "+org, "Bearer "+secret, "")
	f("oauth2: {client_id: me, client_secret_file: secret, token_url: 'URL/token'}, "+org, "Bearer "+secret, "")
	f("http_headers: {X-Key: {files: [secret]}}, "+org, "", secret)
	f("http_headers: {X-Key: {files: [secret]}}, organizations: [{name: acme, token_file: secret}]", "Bearer "+secret, secret)
}

// Credentials go to another machine by TLS alone, unless the configuration allows more.
func TestCredentialsWithoutTLS(t *testing.T) {
	const org, ownOrg = "organizations: [{name: acme}]", "organizations: [{name: acme, token: " + secret + "}]"
	f := func(refused, exposed bool, settings, variable string) {
		t.Helper()
		c, err := config.Parse("c.yaml", []byte("hub: {"+settings+"}"))
		if err != nil {
			t.Fatal(err)
		}
		env := func(name string) string {
			return map[string]string{"HF_TOKEN": variable, "HF_ENDPOINT": "http://mirror.example"}[name]
		}
		h := &c.Hub
		_, err = hubclient.Options(h, h.Organizations[0], env)
		if errors.Is(err, hubclient.ErrInsecure) != refused || err != nil && !refused {
			t.Errorf("%s, HF_TOKEN=%s: got %v, want it refused: %v", settings, variable, err, refused)
		}
		if err := hubclient.Exposed(h, h.Organizations[0], env); errors.Is(err, hubclient.ErrInsecure) != exposed {
			t.Errorf("%s, HF_TOKEN=%s: got %v, want it exposed: %v", settings, variable, err, exposed)
		}
	}
	f(false, false, org, "")
	f(true, true, org, secret)
	f(true, true, ownOrg, "")
	f(true, true, "endpoint: 'http://10.0.0.1:80/x', "+ownOrg, "")
	f(true, true, "basic_auth: {username: me}, "+org, "")
	f(true, true, "http_headers: {X-Key: {secrets: [x]}}, "+org, "")
	f(false, false, "http_headers: {X-Key: {values: [x]}}, "+org, "")
	f(false, true, "allow_insecure_token: true, "+ownOrg, "")
	for _, endpoint := range []string{"https://mirror.example", "http://localhost:1", "http://127.0.0.2", "'http://[::1]:1'"} {
		f(false, false, "endpoint: "+endpoint+", "+ownOrg, "")
	}
	f(true, true, "endpoint: http://localhost.example, "+ownOrg, "")
}

// sent returns the token that a client with t sends.
func sent(t *testing.T, token hub.Token) string {
	t.Helper()
	got := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		_, _ = io.WriteString(w, "[]")
	}))
	defer s.Close()
	e, err := hub.ParseEndpoint(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := hub.New(hub.Options{Endpoint: e, Token: hub.StaticToken(token), MaxTries: 1})
	defer c.CloseIdleConnections()
	for _, err := range c.List(t.Context(), history.Model, "o") {
		if err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// The first of these sources that there is gives the token.
func TestToken(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("own.token", " hf_own_file\n")
	write("all.token", "hf_all_file")
	write("elsewhere", "hf_token_path\n")
	write("home/token", "hf_home\n")
	write("cache/huggingface/token", "hf_cache\n")

	env := map[string]string{}
	load := func(text string) *config.Hub {
		t.Helper()
		c, err := config.Parse(filepath.Join(dir, "c.yaml"), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return &c.Hub
	}
	f := func(text, want string) {
		t.Helper()
		h := load(text)
		token, err := hubclient.Token(h, h.Organizations[0], func(name string) string { return env[name] })
		if err != nil {
			t.Errorf("%q with %v: %v", text, env, err)
			return
		}
		if got := sent(t, token); got != want {
			t.Errorf("%q with %v: got %q, want %q", text, env, got, want)
		}
	}
	org := "organizations: [{name: o}]"
	// From the last to the first, each in the presence of those that come after it.
	env["XDG_CACHE_HOME"] = filepath.Join(dir, "none")
	f("hub: {"+org+"}", "")
	env["XDG_CACHE_HOME"] = filepath.Join(dir, "cache")
	f("hub: {"+org+"}", "hf_cache")
	env["HF_HOME"] = filepath.Join(dir, "home")
	f("hub: {"+org+"}", "hf_home")
	env["HF_TOKEN_PATH"] = filepath.Join(dir, "elsewhere")
	f("hub: {"+org+"}", "hf_token_path")
	env["HUGGING_FACE_HUB_TOKEN"] = "hf_old_variable"
	f("hub: {"+org+"}", "hf_old_variable")
	env["HF_TOKEN"] = "hf_variable"
	f("hub: {"+org+"}", "hf_variable")
	f("hub: {token_file: all.token, "+org+"}", "hf_all_file")
	f("hub: {token: hf_all, "+org+"}", "hf_all")
	f("hub: {token: hf_all, organizations: [{name: o, token_file: own.token}]}", "hf_own_file")
	f("hub: {token: hf_all, organizations: [{name: o, token: ' hf_own '}]}", "hf_own")
	f("hub: {token_file: none, organizations: [{name: o, token: hf_own}]}", "hf_own")
	f("hub: {basic_auth: {username: me}, "+org+"}", "")
	f("hub: {token: '', token_file: '', organizations: [{name: o, token: '', token_file: ''}]}", "hf_variable")
	f("hub: {token_file: "+filepath.Join(dir, "all.token")+", "+org+"}", "hf_all_file")

	// A file is read anew each time, and has to be there.
	h := load("hub: {token_file: own.token, " + org + "}")
	write("own.token", "hf_replaced")
	token, err := hubclient.Token(h, h.Organizations[0], os.Getenv)
	if err != nil || sent(t, token) != "hf_replaced" {
		t.Errorf("a replaced file: got %v", err)
	}
	g := func(what, wantErr string) {
		t.Helper()
		_, err := hubclient.Token(h, h.Organizations[0], os.Getenv)
		if err == nil || !strings.Contains(err.Error(), wantErr) || strings.Contains(err.Error(), "secret_") {
			t.Errorf("%s: got %v, want %q and no token", what, err, wantErr)
		}
	}
	write("own.token", " \n")
	g("an empty file", "expected a token in "+filepath.Join(dir, "own.token")+", got an empty file")
	write("own.token", "secret_one\nsecret_two")
	g("two lines", "expected a token of only letters, digits, and - . _ ~ + / = from "+filepath.Join(dir, "own.token")+", got another character at position 11")
	if err := os.Remove(filepath.Join(dir, "own.token")); err != nil {
		t.Fatal(err)
	}
	g("no file", filepath.Join(dir, "own.token"))
}
