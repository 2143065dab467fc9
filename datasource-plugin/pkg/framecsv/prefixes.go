package framecsv

import (
	"strconv"
	"strings"
)

const (
	// maxPrefixBytes and maxPrefixes bound the memory for prefixes that are
	// remembered.
	maxPrefixBytes = 16 << 20
	maxPrefixes    = 1 << 18
	// maxSkipped is how many repositories a row may leave out and still be foreseen.
	maxSkipped = 3
)

// prefixes has the text "repoType,repoName,total," of the repositories met so far.
type prefixes struct {
	separator   byte
	quoted      string // the characters of a field that has to be quoted
	spreadsheet bool

	index   map[key]uint32
	entries []prefix
	text    []byte // what the entries are of
	one     []byte // a prefix for which there is no room in text
	last    uint32 // the entry of the row before
}

// key is what a prefix is of. total may be null.
type key struct {
	repoType, repoName string
	total              int64
}

type prefix struct {
	key
	off, size uint32
	next      uint32 // the entry that came after this one, when that was not foreseen
}

func newPrefixes(o Options) prefixes {
	sep := string(o.Separator)
	return prefixes{
		separator:   sep[0],
		quoted:      sep + "\"\r\n",
		spreadsheet: o.Spreadsheet,
		index:       make(map[key]uint32),
	}
}

// of returns the prefix of a row, valid until the next call, or nil if there is no
// type or no name. The row is foreseen if its repository came next after that of the
// row before the last time, or soon after: some days lack some repositories.
func (p *prefixes) of(repoType, repoName string, total int64) []byte {
	if len(p.entries) > 0 {
		i := p.last
		for range maxSkipped + 1 {
			i = p.entries[i].next
			e := &p.entries[i]
			if e.total == total && e.repoName == repoName && e.repoType == repoType {
				p.last = i
				return p.text[e.off : e.off+e.size]
			}
		}
	}
	return p.find(key{repoType, repoName, total})
}

// find is of for a row that was not foreseen.
func (p *prefixes) find(k key) []byte {
	i, ok := p.index[k]
	if !ok {
		if k.repoType == "" || k.repoName == "" {
			return nil
		}
		p.one = p.append(p.one[:0], k)
		if len(p.entries) == maxPrefixes || len(p.text)+len(p.one) > maxPrefixBytes {
			return p.one
		}
		i = p.add(k)
	}
	p.entries[p.last].next = i
	p.last = i
	e := &p.entries[i]
	return p.text[e.off : e.off+e.size]
}

// add remembers the prefix of k, which is in p.one.
func (p *prefixes) add(k key) uint32 {
	i := uint32(len(p.entries))
	p.entries = append(p.entries, prefix{key: k, off: uint32(len(p.text)), size: uint32(len(p.one)), next: i})
	p.text = append(p.text, p.one...)
	p.index[k] = i
	return i
}

func (p *prefixes) append(b []byte, k key) []byte {
	b = append(p.appendField(b, k.repoType), p.separator)
	b = append(p.appendField(b, k.repoName), p.separator)
	if k.total != null {
		b = strconv.AppendInt(b, k.total, 10)
	}
	return append(b, p.separator)
}

// appendField appends a type or a name, in quotes if it has to be.
func (p *prefixes) appendField(b []byte, s string) []byte {
	if p.spreadsheet && strings.IndexByte("=+-@\t\r", s[0]) >= 0 {
		s = "'" + s
	}
	if !strings.ContainsAny(s, p.quoted) {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
