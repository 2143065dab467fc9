package httpx

import (
	"net/http"
	"testing"
)

func TestPrefersGzip(t *testing.T) {
	f := func(want bool, values ...string) {
		t.Helper()
		if got := PrefersGzip(http.Header{"Accept-Encoding": values}); got != want {
			t.Errorf("%q: expected %v, got %v", values, want, got)
		}
	}
	f(false)
	f(false, "")
	f(false, "identity")
	f(false, "br, zstd")
	f(true, "gzip")
	f(true, "GZIP")
	f(true, "Deflate, GZip;Q=0.5, br")
	f(true, "br", "gzip")
	f(true, "gzip ; q=0.001")
	f(false, "gzip;q=0")
	f(false, "gzip;Q=0.0")
	f(false, "GZIP;q=0, *;q=0")
	f(false, "*")
	f(true, "gzip, *;q=0")
	f(true, "gzip;q=0.6, identity;q=0.5")
	f(false, "gzip;q=0.5, Identity;q=0.5")
	f(false, "gzip;q=0.4, identity;q=0.5")
	f(false, "gzip;q=high")
	f(false, "gzip;q=2")
	f(false, "gzip;level=9")
	f(false, "x-gzip-like")
}

func TestQuality(t *testing.T) {
	f := func(want float64, accept ...string) {
		t.Helper()
		if got := Quality(http.Header{"Accept": accept}, "text/csv", "text/x-csv"); got != want {
			t.Errorf("%q: expected %v, got %v", accept, want, got)
		}
	}
	f(1)
	f(1, " ")
	f(1, "text/csv")
	f(1, "TEXT/CSV; charset=utf-8")
	f(0.5, "text/x-csv;q=0.5")
	f(0.2, "*/*;q=0.2")
	f(0.3, "*/*;q=0.2, text/*;q=0.3")
	f(0, "*/*, text/csv;q=0")
	f(0.7, "application/json", "text/csv;q=0.7")
	f(0, "application/json")
	f(0, "text/csv;q=-1")
	f(0, "text/csv;q=x")
	f(1, "text/csv;q=7")
	f(0, "no/media/type")
}
