package api

import (
	"net/url"
	"testing"
)

func TestAcceptedEncoding(t *testing.T) {
	f := func(endpoint, want string) {
		t.Helper()
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := acceptedEncoding(u); got != want {
			t.Errorf("%s: expected %s, got %s", endpoint, want, got)
		}
	}
	f("http://localhost:10061", "identity")
	f("http://127.0.0.1:9090", "identity")
	f("http://[::1]:9090", "identity")
	f("http://[::ffff:10.0.0.1]/", "identity")
	f("http://10.1.2.3:9090/path", "identity")
	f("http://192.168.0.7", "identity")
	f("https://exporter:9090", "identity")
	f("http://exporter.monitoring.svc:9090", "identity")
	f("http://exporter.monitoring.svc.cluster.local.", "identity")
	f("http://host.docker.internal:9090", "identity")

	f("https://exporter.example.com", "gzip")
	f("https://local.example.com", "gzip")
	f("https://example.notlocal", "gzip")
	f("http://8.8.8.8:9090", "gzip")
	f("http://[2001:db8::1]:9090", "gzip")
	f("http://172.32.0.1", "gzip")
}
