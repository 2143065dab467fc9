package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	pushes       = "huggingface_exporter_pushes_total"
	pushFailures = "huggingface_exporter_push_failures_total"
	pushSuccess  = "huggingface_exporter_push_last_success_timestamp_seconds"
)

// pushed is the counter of the first of the six rows, as a VictoriaMetrics has it.
const pushed = `huggingface_repo_downloads_total{job="hf",repo="huggingface/CodeBERTa-small-v1"}`

func TestPushToVictoriaMetrics(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	vm := r.victoriaMetrics()
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	r.write("c.yaml", "push: {url: '"+vm.url+"', interval: 1h, extra_labels: {job: hf, instance: one}}\n", 1)
	s := r.ready("--config.file=c.yaml")
	const key = `{"instance":"one","job":"hf","org":"huggingface","repo":"huggingface/CodeBERTa-small-v1","repo_type":"model"}`
	got := vm.untilQuery(pushed)
	if len(got) != 1 || len(got[key]) != 1 || got[key][0].value != 4362460 {
		t.Errorf("got %v, expected 4362460 of %s", got, key)
	}
	// The exporter's own metrics are there too, with the labels.
	vm.untilQuery(`huggingface_exporter_store_repos{job="hf",instance="one"} == 2`)
	s.untilMetric(pushes, "1")
	s.expectMetric(pushFailures, "0")
	if s.metric(pushSuccess) == "" {
		t.Errorf("no %s", pushSuccess)
	}
	s.expectMetric(codeBERT, "4362460") // without the labels

	// At the end what is new is pushed at once.
	r.write("new.csv", strings.ReplaceAll(sixRows, "4362460", "4362470"), 1)
	r.ok("import", "new.csv")
	s.untilMetric(codeBERT, "4362470")
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
	vm.untilQuery(pushed + " == 4362470")
}

// A receiver that does not take what is pushed is counted and logged, and nothing
// else suffers.
func TestPushFails(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	hung, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and answers none
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	asks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		w.Write([]byte("no " + q.Header.Get("Authorization")))
	}))
	defer asks.Close()
	r.write("token", "t0ken-of-the-test\n", 1)
	r.write("c.yaml", "push: {url: 'http://127.0.0.1:1', interval: 1s}\n", 1)
	s := r.ready("--config.file=c.yaml")

	failures := ""
	more := func(want string) {
		t.Helper()
		s.until("two more failures", func() bool {
			now := s.metric(pushFailures)
			return now != "" && now != "0" && now != failures
		})
		failures = s.metric(pushFailures)
		s.until("another failure", func() bool { return s.metric(pushFailures) != failures })
		s.until("the log says "+want, func() bool { return strings.Contains(s.log.String(), want) })
		if n := strings.Count(s.log.String(), want); n != 1 {
			t.Errorf("the log says %d times: %s\n%s", n, want, s.log)
		}
		s.expectMetric(codeBERT, "4362460")
		s.expectMetric(pushSuccess, "")
	}
	reload := func(push string, wantCode int) string {
		t.Helper()
		r.write("c.yaml", "push: {"+push+"}\n", 1)
		code, body := s.do("POST", "/-/reload")
		if code != wantCode {
			t.Errorf("%s: %d\n%s", push, code, body)
		}
		return body
	}
	more("connection refused")
	reload("url: 'http://"+hung.Addr().String()+"', interval: 1s, timeout: 500ms", 200)
	more("it took longer than 500ms")
	reload("url: '"+asks.URL+"', interval: 1s, bearer_token_file: token", 200)
	more("responded with 401 Unauthorized: no <secret>")
	// A configuration that cannot be used leaves the one from before.
	if body := reload("url: '"+asks.URL+"', tls_config: {ca_file: none.pem}", 500); !strings.Contains(body, "push.tls_config: ") || !strings.Contains(body, "none.pem") {
		t.Errorf("got %s", body)
	}
	failures = s.metric(pushFailures)
	s.until("another failure", func() bool { return s.metric(pushFailures) != failures })
	// And without a URL there is nothing more to tell.
	reload("", 200)
	s.expectMetric(pushFailures, "")
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
	if log := s.log.String(); strings.Contains(log, "t0ken") {
		t.Errorf("the log shows a secret:\n%s", log)
	}
}
