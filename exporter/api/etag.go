package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// encodingSuffix is what an entity tag ends in when the body is compressed:
// another sequence of bytes has another strong tag.
const encodingSuffix = "-gzip"

// revision names the state of the history, "" if the store names none.
func (a *handlers) revision() string {
	if a.options.Revision == nil {
		return ""
	}
	return a.options.Revision()
}

// notModified sets the entity tag of an answer that is a function of the
// revision, the build and what. If the client says that it has the answer, that
// is told with 304, and notModified returns true. Without a revision there is
// no tag.
func (a *handlers) notModified(w http.ResponseWriter, r *http.Request, revision string, what ...string) bool {
	if revision == "" {
		return false
	}
	hash := sha256.New()
	for _, s := range append([]string{a.options.Version, a.options.Build, revision}, what...) {
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

// matchTag looks for a tag, also with the suffix of the compressed body, in the
// value of If-None-Match, and returns it as it stands there, "" if it does not.
// "*" matches any. The comparison is the weak one, as RFC 9110 wants it here.
func matchTag(header, tag string) string {
	for rest := header; ; {
		rest = strings.TrimLeft(rest, " \t,")
		if strings.HasPrefix(rest, "*") {
			return tag
		}
		rest = strings.TrimPrefix(rest, "W/")
		if !strings.HasPrefix(rest, `"`) {
			return "" // the end, or what is no tag
		}
		held, after, ok := strings.Cut(rest[1:], `"`)
		if !ok {
			return ""
		}
		if held == tag || held == tag+encodingSuffix {
			return held
		}
		rest = after
	}
}
