package hub

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"
)

// RateLimit is what the headers RateLimit and RateLimit-Policy of an answer say.
type RateLimit struct {
	// Bucket is the Hub's word for what is counted together: api, pages.
	Bucket string
	// Remaining is how many requests are left, Reset how long until the window
	// ends.
	Remaining int64
	Reset     time.Duration
	// Limit is how many requests a window allows and Window how long it is, each
	// 0 if not told.
	Limit  int64
	Window time.Duration
}

const (
	maxWindow   = time.Hour // what is longer is cut to it
	maxRequests = 1 << 40   // what is more is not believed
	maxBucket   = 32        // bytes of a bucket's name
)

// parseRateLimit reads the headers of an answer, which are structured fields (RFC 9651),
// like
//
//	RateLimit: "api";r=489;t=189
//	RateLimit-Policy: "fixed window";"api";q=500;w=300
//
// Of several limits it returns the one with the fewest requests left.
func parseRateLimit(h http.Header) (RateLimit, bool) {
	var best RateLimit
	found := false
	for _, it := range limitItems(h.Values("RateLimit")) {
		r, hasRemaining := it.number("r")
		t, hasReset := it.number("t")
		name, hasName := it.name()
		if !hasRemaining || !hasReset || !hasName || found && r >= best.Remaining {
			continue
		}
		best = RateLimit{Bucket: name, Remaining: r, Reset: seconds(t)}
		found = true
	}
	if !found {
		return RateLimit{}, false
	}
	policies := limitItems(h.Values("RateLimit-Policy"))
	for _, it := range policies {
		name, _ := it.name()
		if name != best.Bucket && len(policies) > 1 {
			continue
		}
		best.Limit, _ = it.number("q")
		if w, ok := it.number("w"); ok {
			best.Window = seconds(w)
		}
	}
	return best, true
}

func seconds(n int64) time.Duration {
	return time.Duration(min(n, int64(maxWindow/time.Second))) * time.Second
}

// kindOfPolicy is what the Hub puts before the name of a policy, and what makes the header
// no structured field.
var kindOfPolicy = regexp.MustCompile(`"[^"\\]*";\s*(")`)

// limitItem is a limit or a policy.
type limitItem struct{ httpsfv.Item }

// limitItems returns what the values of a header list, nothing if they are malformed.
func limitItems(values []string) []limitItem {
	text := kindOfPolicy.ReplaceAllString(strings.Join(values, ","), "$1")
	list, err := httpsfv.UnmarshalList([]string{text})
	if err != nil {
		return nil
	}
	var items []limitItem
	for _, member := range list {
		if it, ok := member.(httpsfv.Item); ok {
			items = append(items, limitItem{it})
		}
	}
	return items
}

var bucketName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func (it limitItem) name() (string, bool) {
	var name string
	switch v := it.Value.(type) {
	case string:
		name = v
	case httpsfv.Token:
		name = string(v)
	}
	return name, len(name) <= maxBucket && bucketName.MatchString(name)
}

// number returns a parameter that is a whole number, not negative; 0 and false if it is
// none.
func (it limitItem) number(name string) (int64, bool) {
	v, _ := it.Params.Get(name)
	n, ok := v.(int64)
	if !ok || n < 0 || n > maxRequests {
		return 0, false
	}
	return n, true
}
