package connection

import (
	"fmt"
	"net/http"
	"net/url"
)

// maxRedirects is how many redirects are followed.
const maxRedirects = 10

// redirectError is a redirect that is not followed.
type redirectError struct{ text string }

func (e *redirectError) Error() string { return e.text }

// stayOn returns a CheckRedirect that does not leave an origin: what an exporter
// answers is with the exporter, and a login page has no numbers.
func stayOn(origin *url.URL) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if !sameOrigin(req.URL, origin) {
			return &redirectError{fmt.Sprintf("it sends on to %s://%s, where neither passwords nor questions are sent", req.URL.Scheme, req.URL.Host)}
		}
		if len(via) >= maxRedirects {
			return &redirectError{fmt.Sprintf("it sends on in a circle, to %s://%s%s at last", req.URL.Scheme, req.URL.Host, req.URL.EscapedPath())}
		}
		return nil
	}
}
