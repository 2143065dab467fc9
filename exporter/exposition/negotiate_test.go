package exposition

import (
	"net/http"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The page answers the same headers with the same formats as promhttp.
func TestNegotiationIsThatOfPromhttp(t *testing.T) {
	p, reg := newPage(t, Options{})
	p.Update(fixture(), storedFixture)
	ours := p.Handler()
	theirs := promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true})
	f := func(wantType, wantEncoding string, header ...string) {
		t.Helper()
		got := scrape(t, ours, http.MethodGet, "/metrics", header...).Header
		if got.Get("Content-Type") != wantType || got.Get("Content-Encoding") != wantEncoding {
			t.Errorf("%q: got %q, %q, expected %q, %q", header,
				got.Get("Content-Type"), got.Get("Content-Encoding"), wantType, wantEncoding)
		}
		want := scrape(t, theirs, http.MethodGet, "/metrics", header...).Header
		for _, name := range []string{"Content-Type", "Content-Encoding", "Vary"} {
			if got, want := got.Values(name), want.Values(name); !slices.Equal(got, want) {
				t.Errorf("%q: %s %q, promhttp has %q", header, name, got, want)
			}
		}
	}

	const (
		text        = "text/plain; version=0.0.4; charset=utf-8; escaping="
		openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping="
		om001       = "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping="
		protobuf    = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping="
	)
	accept := func(want string, values ...string) {
		t.Helper()
		var header []string
		for _, v := range values {
			header = append(header, "Accept", v)
		}
		f(want, "", header...)
		f(want, "gzip", append(header, "Accept-Encoding", "gzip")...)
	}
	accept(text + "underscores")
	accept(text+"underscores", "")
	accept(text+"underscores", "nonsense")
	accept(text+"underscores", "text/html,application/xhtml+xml;q=0.9")
	accept(text+"underscores", "text/plain")
	accept(text+"underscores", "text/plain;version=0.0.4")
	accept(text+"underscores", "text/plain;version=9")
	accept(text+"allow-utf-8", "text/plain;version=0.0.4;escaping=allow-utf-8")
	accept(text+"underscores", "text/plain;version=0.0.4;escaping=unheard-of")
	accept(text+"underscores", "*/*")
	accept(text+"underscores", "application/*")
	accept(om001+"underscores", "application/openmetrics-text")
	accept(om001+"values", "application/openmetrics-text;version=0.0.1;escaping=values")
	accept(openMetrics+"underscores", "application/openmetrics-text;version=1.0.0")
	accept(openMetrics+"dots", "application/openmetrics-text;version=1.0.0;escaping=dots")
	accept(text+"underscores", "application/openmetrics-text;version=7.0.0")
	accept(text+"underscores", "application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.3")
	accept(openMetrics+"underscores", "text/plain;q=0.3,application/openmetrics-text;version=1.0.0;q=0.4")
	accept(protobuf+"underscores", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	accept(text+"underscores", "application/vnd.google.protobuf")
	// What Prometheus 2 and 3 send, the last with native histograms.
	accept(openMetrics+"underscores",
		"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
	accept(openMetrics+"allow-utf-8",
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1")
	accept(protobuf+"allow-utf-8",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1")

	encoding := func(want string, values ...string) {
		t.Helper()
		var header []string
		for _, v := range values {
			header = append(header, "Accept-Encoding", v)
		}
		f(text+"underscores", want, header...)
	}
	encoding("")
	encoding("", "")
	encoding("", "identity")
	encoding("", "br")
	encoding("", "*")
	encoding("", "nonsense;;;")
	encoding("gzip", "gzip")
	encoding("gzip", "gzip, deflate, br, zstd")
	encoding("gzip", "deflate , gzip")
	encoding("gzip", "br", "gzip")
	encoding("gzip", "gzip;q=1.0")
	encoding("gzip", "gzip; q=0.001")
	encoding("gzip", "gzip ;q=0.5")
	encoding("", "gzip;q=0")
	encoding("", "gzip;q=0.000")
	encoding("", "gzip;q=0, identity;q=0")
	encoding("", "identity;q=0")
	encoding("", "*;q=0")
	encoding("gzip", "gzip, *;q=0")
	encoding("gzip", "gzip;q=1.0, identity; q=0.5, *;q=0")
	encoding("", "gzip;q=0.5, identity;q=0.5")
	encoding("", "gzip;q=0.4, identity;q=0.5")
	encoding("gzip", "gzip;q=0.6, identity;q=0.5")
	encoding("gzip", "gzip;q=0.6, *;q=0.5")
	encoding("", "gzip;q=0.4, *;q=0.5")
	encoding("gzip", "identity;q=0, *;q=0", "gzip;q=0.1")
	encoding("", "gzip;level=9")
	encoding("", "gzip;q=high")
	encoding("", ", gzip")
	encoding("gzip", "gzip,")
	encoding("gzip", "deflate;x=1, identity", "gzip")
}
