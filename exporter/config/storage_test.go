package config

import (
	"path/filepath"
	"testing"
)

func TestStorageFaults(t *testing.T) {
	f := func(settings, want string) {
		t.Helper()
		text := "storage: {engine: victoriametrics, " + settings + "}"
		_, err := Parse("c.yaml", []byte(text), families...)
		if err == nil || err.Error() != "c.yaml:1: storage."+want {
			t.Errorf("%s: got %v\nwant %s", settings, err, want)
		}
	}
	const vm = "victoriametrics."
	f("victoriametrics: {select_url: http://a:1}", vm+"insert_url: expected a URL like http://localhost:8428, got none")
	f("victoriametrics: {insert_url: http://a:1, flush_urls: [http://b:2, '']}", vm+"flush_urls[1]: expected a URL like http://localhost:8428, got none")
	f("victoriametrics: {insert_url: http://a:1, history: ''}", vm+"history: expected the name of a history, got none")
	f("victoriametrics: {insert_url: http://a:1, visible: 1ms}", vm+`visible: expected at least 1s, got "1ms"`)
	f("victoriametrics: {insert_url: http://a:1, batch_bytes: 1}", vm+`batch_bytes: expected a whole number from 65536 to 67108864, got "1"`)
	f("victoriametrics: {insert_url: http://a:1, username: u}", vm+"username: expected username and password (or password_file) together, got one of them")
	f("victoriametrics: {insert_url: http://a:1, tls: {cert_file: c}}", vm+"tls_config: expected settings that go together, but exactly one of key or key_file must be configured when a client certificate is configured")
	f("queue_bytes: -1, victoriametrics: {insert_url: http://a:1}", `queue_bytes: expected a whole number from 0, got "-1"`)
}

func TestVictoriaMetricsURLs(t *testing.T) {
	c, err := Parse("c.yaml", []byte("storage: {engine: victoriametrics, victoriametrics: {insert_url: http://i:1/insert/0/prometheus, "+
		"select_url: http://s:1/select/0/prometheus/, flush_urls: [http://a:8482, http://b:8482/proxied/force_flush]}}"), families...)
	if err != nil {
		t.Fatal(err)
	}
	insert, query, flush, err := c.Storage.VictoriaMetrics.URLs()
	if err != nil {
		t.Fatal(err)
	}
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(insert.JoinPath("/api/v1/import").String(), "http://i:1/insert/0/prometheus/api/v1/import")
	f(query.JoinPath("/api/v1/export").String(), "http://s:1/select/0/prometheus/api/v1/export")
	f(flush[0].String(), "http://a:8482/internal/force_flush")
	if len(flush) != 2 {
		t.Errorf("got %s, want two", flush)
	}
	f(flush[1].String(), "http://b:8482/proxied/force_flush")
}

func TestQueuePath(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		c, err := Parse("dir/c.yaml", []byte(text), families...)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Storage.QueuePath; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	f("", "")
	f("storage: {queue_path: waiting}", filepath.Join("dir", "waiting"))
	f("storage: {queue_path: /var/waiting}", "/var/waiting")
}
