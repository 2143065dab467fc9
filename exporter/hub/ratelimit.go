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
	// 0 if unknown.
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
		r, hasRemaining := number(it, "r")
		t, hasReset := number(it, "t")
		name, hasName := bucketOf(it)
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
		name, _ := bucketOf(it)
		if name != best.Bucket && len(policies) > 1 {
			continue
		}
		best.Limit, _ = number(it, "q")
		if w, ok := number(it, "w"); ok {
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

// limitItems returns the items that a header lists, none if it is malformed.
func limitItems(values []string) []httpsfv.Item {
	text := kindOfPolicy.ReplaceAllString(strings.Join(values, ","), "$1")
	list, err := httpsfv.UnmarshalList([]string{text})
	if err != nil {
		return nil
	}
	var items []httpsfv.Item
	for _, member := range list {
		if it, ok := member.(httpsfv.Item); ok {
			items = append(items, it)
		}
	}
	return items
}

var bucketName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func bucketOf(it httpsfv.Item) (string, bool) {
	name, _ := it.Value.(string)
	if token, ok := it.Value.(httpsfv.Token); ok {
		name = string(token)
	}
	return name, len(name) <= maxBucket && bucketName.MatchString(name)
}

// number returns a parameter that is a whole number, not negative; 0 and false if it is
// none.
func number(it httpsfv.Item, name string) (int64, bool) {
	v, _ := it.Params.Get(name)
	n, ok := v.(int64)
	if !ok || n < 0 || n > maxRequests {
		return 0, false
	}
	return n, true
}
