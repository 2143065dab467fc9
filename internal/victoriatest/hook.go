package victoriatest

import (
	"net/http"
	"strings"
	"sync"
)

// hook does something in the midst of requests.
type hook struct {
	mu     sync.Mutex
	prefix string
	left   int
	work   func()
}

// OnRequest calls f while the nth request from now on whose path begins with prefix is on
// its way.
func (c *Cluster) OnRequest(prefix string, n int, f func()) {
	c.hook.mu.Lock()
	defer c.hook.mu.Unlock()
	c.hook.prefix, c.hook.left, c.hook.work = prefix, n, f
}

func (h *hook) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if work := h.due(r); work != nil {
			done := make(chan struct{})
			go func() { defer close(done); work() }()
			defer func() { <-done }()
		}
		next.ServeHTTP(w, r)
	})
}

func (h *hook) due(r *http.Request) func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left == 0 || !strings.HasPrefix(r.URL.Path, h.prefix) {
		return nil
	}
	if h.left--; h.left > 0 {
		return nil
	}
	return h.work
}
