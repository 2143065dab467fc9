package backendtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// gateway serves the plugin's resources over HTTP as Grafana 12 does: status and
// headers are those of the first part, each part is flushed, and an error after the
// first part is words added to the body, which then ends in good order.
func gateway(t testing.TB, p *plugin) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := false
		url := strings.TrimPrefix(r.URL.RequestURI(), "/")
		err := p.CallResource(r.Context(), p.settings, r.Method, url, r.Header, func(part *backend.CallResourceResponse) error {
			if !begun {
				begun = true
				for name, values := range part.Headers {
					w.Header()[http.CanonicalHeaderKey(name)] = values
				}
				w.WriteHeader(part.Status)
			}
			if _, err := w.Write(part.Body); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		})
		if err == nil {
			return
		}
		if !begun {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, `{"message":"Failed to call resource"}`)
	}))
	t.Cleanup(s.Close)
	return s
}
