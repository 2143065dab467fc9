package fakehub

import (
	"fmt"
	"net/http"
	"time"
)

// Window is how long a rate limit counts before it starts anew.
const Window = 5 * time.Minute

// windowKey names a count: of a token, "" for anonymous callers, in a bucket.
type windowKey struct{ token, bucket string }

// window is a count. Windows begin at whole multiples of Window.
type window struct {
	start time.Time
	count int
}

// SetLimit sets how many requests a window allows in a bucket ("api", "pages"):
// of a token, or with "" of an anonymous caller.
func (h *Hub) SetLimit(token, bucket string, requests int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.limits[windowKey{token, bucket}] = requests
}

// limit returns what a window allows; the caller holds h.mu. The defaults are
// those of the Hub for anonymous callers and for members of a Team.
func (h *Hub) limit(k windowKey) int {
	if n, ok := h.limits[k]; ok {
		return n
	}
	switch {
	case k.token == "" && k.bucket == "pages":
		return 100
	case k.token == "":
		return 500
	case k.bucket == "pages":
		return 400
	}
	return 3000
}

// count counts a request, writes the headers of its limit and reports whether it
// is within it.
func (h *Hub) count(w http.ResponseWriter, r *http.Request, route Route) bool {
	key := windowKey{token: bearer(r), bucket: "api"}
	switch route {
	case Analytics:
		key.bucket = h.options.AnalyticsBucket
	case Other:
		key.bucket = "pages"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.users[key.token]; !ok {
		key.token = ""
	}
	now := h.options.Now()
	start := now.Truncate(Window)
	c := h.windows[key]
	if c == nil || !c.start.Equal(start) {
		c = &window{start: start}
		h.windows[key] = c
	}
	c.count++
	limit := h.limit(key)
	reset := (start.Add(Window).Sub(now) + time.Second - 1) / time.Second
	w.Header().Set("RateLimit", fmt.Sprintf(`"%s";r=%d;t=%d`, key.bucket, max(limit-c.count, 0), reset))
	w.Header().Set("RateLimit-Policy", fmt.Sprintf(`"fixed window";"%s";q=%d;w=%d`, key.bucket, limit, Window/time.Second))
	return c.count <= limit
}
