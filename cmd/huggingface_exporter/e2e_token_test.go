package main

import (
	"net/http"
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
	again("interval: 2h", "was sent to the login page")
	c.write("tok", hubToken+" and more\n", 1)
	again("interval: 4h, token_file: tok", "expected a token of letters")
	c.config("name: massive, token: '" + hubToken + " and more'")
	code, refused := s.do("POST", "/-/reload")
	if code != 500 || !strings.Contains(refused, "expected a token of letters") {
		t.Errorf("a token that is none was taken: %d\n%s", code, refused)
	}
	texts = append(texts, refused)
	c.write("config.yaml", "hub: {token: '"+hubToken+"', token_file: token}\n", 1)
	_, errs, exit := c.run(nil, "check-config", "config.yaml")
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
