//gosec:disable G115 -- bytes and words are taken apart; counts and days are checked

package hubcsv

import (
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// maxPrefixBytes bounds the memory for prefixes that are remembered.
const maxPrefixBytes = 16 << 20

// prefixCache has the text "repoType,repoName,total," of the repositories in a
// dictionary, which is built when it is first needed.
type prefixCache struct {
	separator   byte
	spreadsheet bool

	repos []history.RepoTotal
	spans []span // of each repository
	text  []byte // what the spans are of
	one   []byte // a prefix for which there is no room in text
}

// span is a piece of prefixCache.text, empty if it is not built.
type span struct{ off, size uint32 }

func newPrefixCache(o WriterOptions) prefixCache {
	return prefixCache{separator: byte(o.Separator), spreadsheet: o.Spreadsheet}
}

// use makes repos the dictionary. As long as the dictionary only grows, what is
// remembered stays.
func (c *prefixCache) use(repos []history.RepoTotal) {
	if !extends(repos, c.repos) {
		clear(c.spans)
		c.spans, c.text = c.spans[:0], c.text[:0]
	}
	c.repos = repos
	if more := len(repos) - len(c.spans); more > 0 {
		c.spans = append(c.spans, make([]span, more)...)
	}
}

// extends reports whether repos begins with all of old.
func extends(repos, old []history.RepoTotal) bool {
	if len(repos) < len(old) {
		return false
	}
	if len(old) == 0 || &repos[0] == &old[0] {
		return true
	}
	for i := range old {
		if repos[i] != old[i] {
			return false
		}
	}
	return true
}

// build returns the prefix of a repository, and remembers it if there is room.
// It is valid until the next call. It is nil if the total is no number.
func (c *prefixCache) build(repo uint32) []byte {
	r := &c.repos[repo]
	if r.Total < history.Unknown {
		return nil
	}
	c.one = c.appendPrefix(c.one[:0], r)
	if len(c.text)+len(c.one) <= maxPrefixBytes {
		c.spans[repo] = span{off: uint32(len(c.text)), size: uint32(len(c.one))}
		c.text = append(c.text, c.one...)
	}
	return c.one
}

func (c *prefixCache) appendPrefix(b []byte, r *history.RepoTotal) []byte {
	b = append(c.appendField(b, string(r.Repo.Type)), c.separator)
	b = append(c.appendField(b, r.Repo.Name), c.separator)
	if r.Total != history.Unknown {
		b = strconv.AppendInt(b, r.Total, 10)
	}
	return append(b, c.separator)
}

// appendField appends a type or a name.
func (c *prefixCache) appendField(b []byte, s string) []byte {
	if c.spreadsheet && s != "" && strings.IndexByte("=+-@\t\r", s[0]) >= 0 {
		s = "'" + s
	}
	return textenc.AppendCSV(b, s, c.separator)
}
