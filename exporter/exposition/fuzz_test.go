package exposition

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"

	"github.com/prometheus/common/expfmt"
)

// FuzzScrape asks for the page with any headers and parameters: it comes in a
// format and an encoding that there are, as long as it says.
func FuzzScrape(f *testing.F) {
	f.Add("application/openmetrics-text;version=1.0.0;escaping=values", "gzip;q=0.5, identity", "")
	f.Add("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "*;q=0", "name[]=huggingface_repo_likes&name[]=up")
	f.Add("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "", "name[]=")
	f.Add(";;q=,", "gzip;q=nan,,", "%zz&;name[]")
	p, _ := newPage(f, Options{})
	p.Update(fixture(), storedFixture)
	h := p.Handler()
	f.Fuzz(func(t *testing.T, accept, encoding, query string) {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.URL.RawQuery = query
		r.Header = http.Header{"Accept": {accept}, "Accept-Encoding": {encoding}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Fatalf("%q %q %q: %d, %q for %d bytes", accept, encoding, query, w.Code, w.Header().Get("Content-Length"), w.Body.Len())
		}
		if w.Header().Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(w.Body)
			if err == nil {
				_, err = io.Copy(io.Discard, z)
			}
			if err != nil {
				t.Errorf("%q %q %q: %v", accept, encoding, query, err)
			}
		}
		got := expfmt.Format(w.Header().Get("Content-Type")).FormatType()
		if !slices.ContainsFunc(formats, func(f expfmt.Format) bool { return f.FormatType() == got }) {
			t.Errorf("%q: got the format %q", accept, w.Header().Get("Content-Type"))
		}
	})
}
