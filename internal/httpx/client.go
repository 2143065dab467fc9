//gosec:disable G704 -- the address is the one that the configuration names

package httpx

import (
	"context"
	"net/http"
)

// maxRequests is how many requests of a Client wait for the head of an answer at once.
const maxRequests = 64

// Client is an http.Client whose requests end with their contexts, whatever its transport
// does: that may read a file with a password for each request, from a file system that does
// not answer.
type Client struct {
	*http.Client
	slots chan struct{} // what hangs does not pile up
}

// NewClient returns a Client that asks as c does.
func NewClient(c *http.Client) *Client {
	return &Client{Client: c, slots: make(chan struct{}, maxRequests)}
}

// Do sends a request, as http.Client.Do does.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	type answer struct {
		resp *http.Response
		err  error
	}
	ctx := req.Context()
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	done := make(chan answer, 1)
	go func() {
		defer func() { <-c.slots }()
		resp, err := c.Client.Do(req) //nolint:bodyclose // who gets the answer closes it
		done <- answer{resp, err}
	}()
	select {
	case a := <-done:
		return a.resp, a.err
	case <-ctx.Done():
		go func() {
			if a := <-done; a.resp != nil {
				_ = a.resp.Body.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}
