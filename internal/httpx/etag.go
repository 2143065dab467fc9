package httpx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// GzipTagSuffix is what an entity tag ends in when the body is compressed:
// another sequence of bytes has another strong tag.
const GzipTagSuffix = "-gzip"

// NotModified sets the entity tag of an answer that is a function of parts. If the
// client says that it has the answer, compressed or not, NotModified answers with
// 304 and returns true.
func NotModified(w http.ResponseWriter, r *http.Request, parts ...string) bool {
	hash := sha256.New()
	for _, s := range parts {
		fmt.Fprintf(hash, "%s\x00", s)
	}
	tag := hex.EncodeToString(hash.Sum(nil)[:16])
	held := matchTag(strings.Join(r.Header.Values("If-None-Match"), ","), tag)
	if held == "" {
		w.Header().Set("ETag", `"`+tag+`"`)
		return false
	}
	w.Header().Set("ETag", `"`+held+`"`)
	w.WriteHeader(http.StatusNotModified)
	return true
}

// matchTag looks for a tag, with or without GzipTagSuffix, in the value of
// If-None-Match, and returns it as it is there, "" if it is not. "*" matches any.
// The comparison is the weak one, as RFC 9110 wants it here.
func matchTag(header, tag string) string {
	for rest := header; ; {
		rest = strings.TrimLeft(rest, " \t,")
		if strings.HasPrefix(rest, "*") {
			return tag
		}
		rest = strings.TrimPrefix(rest, "W/")
		if !strings.HasPrefix(rest, `"`) {
			return "" // the end, or no tag
		}
		held, after, ok := strings.Cut(rest[1:], `"`)
		if !ok {
			return ""
		}
		if held == tag || held == tag+GzipTagSuffix {
			return held
		}
		rest = after
	}
}
