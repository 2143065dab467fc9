package hub

import (
	"net/http"
	"strconv"
	"strings"
	"time"
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

// parseRateLimit reads the headers of an answer, like
//
//	RateLimit: "api";r=489;t=189
//	RateLimit-Policy: "fixed window";"api";q=500;w=300
//
// Of several limits it returns the one with the fewest requests left.
func parseRateLimit(h http.Header) (RateLimit, bool) {
	var best RateLimit
	found := false
	for _, it := range listItems(h.Values("RateLimit")) {
		r, ok1 := it.number("r")
		t, ok2 := it.number("t")
		name, ok3 := it.name()
		if !ok1 || !ok2 || !ok3 || found && r >= best.Remaining {
			continue
		}
		best = RateLimit{Bucket: name, Remaining: r, Reset: seconds(t)}
		found = true
	}
	if !found {
		return RateLimit{}, false
	}
	policies := listItems(h.Values("RateLimit-Policy"))
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

// listItem is an element of a header that holds a list: quoted or bare words and
// parameters.
type listItem struct {
	words  []string
	params map[string]string
}

// name returns the last word of the element: the Hub's policies name their kind
// first.
func (it listItem) name() (string, bool) {
	if len(it.words) == 0 {
		return "", false
	}
	name := it.words[len(it.words)-1]
	ok := name != "" && len(name) <= maxBucket && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	})
	return name, ok
}

// number returns a parameter that is a whole number, not negative; 0 and false if
// it is none.
func (it listItem) number(name string) (int64, bool) {
	n, err := strconv.ParseInt(it.params[name], 10, 64)
	if err != nil || n < 0 || n > maxRequests {
		return 0, false
	}
	return n, true
}

// listItems reads the elements of a header.
func listItems(values []string) []listItem {
	var items []listItem
	for _, v := range values {
		for _, element := range splitQuoted(v, ',') {
			it := listItem{params: map[string]string{}}
			for _, part := range splitQuoted(element, ';') {
				part = strings.TrimSpace(part)
				if word, ok := unquote(part); ok {
					it.words = append(it.words, word)
				} else if key, value, ok := strings.Cut(part, "="); ok {
					value = strings.TrimSpace(value)
					if quoted, ok := unquote(value); ok {
						value = quoted
					}
					it.params[strings.ToLower(strings.TrimSpace(key))] = value
				} else if part != "" {
					it.words = append(it.words, part)
				}
			}
			items = append(items, it)
		}
	}
	return items
}

// splitQuoted splits s at sep, but not within double quotes.
func splitQuoted(s string, sep byte) []string {
	var parts []string
	for s != "" {
		var part string
		part, s = cutQuoted(s, sep)
		parts = append(parts, part)
	}
	return parts
}

// unquote returns the content of a string in double quotes.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

// retryAfter reads the header Retry-After: seconds, or a date, which is taken
// against the answer's own Date where it has one, so that a wrong clock here
// does no harm. Without it, or if it is over, the duration is 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if n, err := strconv.ParseFloat(v, 64); err == nil {
		if !(n > 0) {
			return 0
		}
		return time.Duration(min(n, longest.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return min(max(at.Sub(now), 0), longest)
}

// longest bounds a wait that the Hub asks for, so that no arithmetic on it
// overflows.
const longest = 365 * 24 * time.Hour
