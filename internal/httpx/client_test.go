package httpx

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"testing"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A request ends with its context, even if the transport does not, and those that hang are
// not more and more.
func TestRequestsThatHang(t *testing.T) {
	hang, asked := make(chan struct{}), make(chan struct{}, 2*maxRequests)
	c := NewClient(&http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		asked <- struct{}{}
		<-hang
		return nil, fs.ErrInvalid
	})})
	for i := range maxRequests + 3 {
		ctx, cancel := context.WithCancelCause(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://h", nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if i < maxRequests {
				<-asked
			}
			cancel(fs.ErrClosed)
		}()
		if resp, err := c.Do(req); !errors.Is(err, fs.ErrClosed) {
			t.Fatalf("request %d: got %v, %v, want the cause of its end", i, resp, err)
		}
	}
	close(hang)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://h", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := c.Do(req); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("after all that hung have ended: got %v, %v", resp, err)
	}
	if n := len(asked); n != 1 {
		t.Errorf("%d requests were sent beyond those that hung", n-1)
	}
}
