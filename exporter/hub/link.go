package hub

import (
	"regexp"
	"slices"
	"strings"
)

// A link of the header Link (RFC 8288) is `<target>; param; param="..."`. Something else
// in the header is passed over.
var (
	linkSyntax  = regexp.MustCompile(`<([^>]*)>((?:[^",]|"(?:[^"\\]|\\.)*")*)`)
	paramSyntax = regexp.MustCompile(`;\s*([^=;"\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;"\s]*)`)
)

// nextLink returns the target of the first link of relation "next" in the values of the
// header Link, "" if there is none.
func nextLink(values []string) string {
	for _, v := range values {
		for _, link := range linkSyntax.FindAllStringSubmatch(v, -1) {
			for _, param := range paramSyntax.FindAllStringSubmatch(link[2], -1) {
				if !strings.EqualFold(param[1], "rel") {
					continue
				}
				if words := strings.Fields(strings.ToLower(strings.Trim(param[2], `"`))); slices.Contains(words, "next") {
					return strings.TrimSpace(link[1])
				}
				break // only the first rel of a link counts
			}
		}
	}
	return ""
}
