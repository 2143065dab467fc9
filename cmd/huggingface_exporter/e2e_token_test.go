package main

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// The token shows nowhere: not where the Hub writes it into its answers, and not
// where it is no token at all.
func TestServeShowsNoToken(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	c.org("globex", fakehub.Free)
	c.config("name: massive", "name: globex")
	s := c.ready("--config.file=c.yaml", "--log.level=debug")
	var texts []string
	look := func() {
		_, page := s.get("/")
		_, metrics := s.get("/metrics")
		texts = append(texts, page, metrics, c.ok("check-config", "c.yaml"))
	}
	again := func(config, want string) {
		t.Helper()
		c.config("name: massive, " + config)
		if code, body := s.do("POST", "/-/reload"); code != 200 {
			t.Fatalf("%d\n%s", code, body)
		}
		s.until("the log says "+want, func() bool { return strings.Contains(s.log.String(), want) })
		look()
	}
	s.untilMetric(`huggingface_exporter_collection_success{org="massive"}`, "1")
	s.untilMetric(`huggingface_exporter_collection_success{org="globex"}`, "1")
	look()
	c.hub.Fail(fakehub.On{}, fakehub.Always, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Error-Message", "unknown: "+hubToken)
		w.WriteHeader(http.StatusUnauthorized)
	})
	again("interval: 1h", "unknown: <token>")
	c.hub.Heal()
	c.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.RedirectTo("/else/"+hubToken+"/login"))
	again("interval: 2h", "was redirected to the login page")
	c.write("tok", hubToken+" and more\n", 1)
	again("interval: 4h, token_file: tok", "expected a token of only letters")
	c.config("name: massive, token: '" + hubToken + " and more'")
	code, refused := s.do("POST", "/-/reload")
	if code != 500 || !strings.Contains(refused, "expected a token of only letters") {
		t.Errorf("a token that is none was taken: %d\n%s", code, refused)
	}
	texts = append(texts, refused)
	c.write("config.yaml", "hub: {token: '"+hubToken+"', token_file: token}\n", 1)
	_, errs, exit := c.run(nil, "check-config", "config.yaml")
	const plain = "endpoint: 'http://mirror.example', organizations: [{name: acme}]}\n"
	c.write("plain.yaml", "hub: {token: '"+hubToken+"', "+plain, 1)
	if _, why, exit := c.run(nil, "check-config", "plain.yaml"); exit != 1 || !strings.Contains(why, "hub.endpoint: expected https") {
		t.Errorf("a token that would go without TLS: exit %d\n%s", exit, why)
	}
	c.write("plain.yaml", "hub: {allow_insecure_token: true, token: '"+hubToken+"', "+plain, 1)
	if _, why, exit := c.run(nil, "check-config", "plain.yaml"); exit != 0 || !strings.Contains(why, "because hub.allow_insecure_token is set") {
		t.Errorf("a token that goes without TLS: exit %d\n%s", exit, why)
	}
	if code = exit; code != 1 {
		t.Errorf("exit %d", code)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
	for _, text := range append(texts, errs, s.log.String()) {
		if text == "" || strings.Contains(text, hubToken[3:]) {
			t.Errorf("this shows the token, or nothing:\n%s", text)
		}
	}
}

// A Hub and a receiver whose certificates are of a private authority; the receiver wants a
// password.
func TestPrivateAuthority(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	secure := func(h http.Handler) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	hub := secure(c.hub)
	receiver := secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "pa55word" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "not with "+password)
		}
	}))
	c.url = hub.URL
	c.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hub.Certificate().Raw})), 1)
	c.certificate() // cert.pem is of another authority
	c.write("password", "pa55word\n", 1)
	config := func(ca, push string) {
		t.Helper()
		c.config("name: massive")
		c.write("c.yaml", c.read("c.yaml")+"  tls_config: {ca_file: "+ca+"}\npush: {url: '"+receiver.URL+"', interval: 1s, "+push+"}\n", 1)
	}
	const right = "tls_config: {ca_file: ca.pem}, basic_auth: {username: me, password_file: password}"

	config("cert.pem", right)
	_, errs := c.collect(1)
	if !strings.Contains(errs, "certificate signed by unknown authority") {
		t.Errorf("another authority: the error is\n%s", errs)
	}
	c.later()
	config("ca.pem", right)
	if out, _ := c.collect(0); !strings.Contains(out, "massive") {
		t.Errorf("collect printed\n%s", out)
	}
	printed := c.ok("check-config", "c.yaml")
	for _, want := range []string{"ca_file: ca.pem", "password_file: password", "username: me"} {
		if !strings.Contains(printed, want) {
			t.Errorf("check-config does not show %s:\n%s", want, printed)
		}
	}

	s := c.ready("--config.file=c.yaml")
	s.until("a push", func() bool { return s.metric(pushSuccess) != "" })
	fails := func(push, want string) {
		t.Helper()
		config("ca.pem", push)
		if code, body := s.do("POST", "/-/reload"); code != 200 {
			t.Fatalf("%s: %d\n%s", push, code, body)
		}
		s.until("the log says "+want, func() bool { return strings.Contains(s.log.String(), want) })
	}
	fails("basic_auth: {username: me, password_file: password}", "certificate signed by unknown authority")
	fails("tls_config: {ca_file: ca.pem}, basic_auth: {username: you, password_file: password}", "responded with 401 Unauthorized: not with <secret>")
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
	for _, text := range []string{errs, printed, s.log.String()} {
		if strings.Contains(text, hubToken[3:]) || strings.Contains(text, "pa55word") {
			t.Errorf("this shows a secret:\n%s", text)
		}
	}
}
