//gosec:disable G115 -- bytes and words are taken apart; counts and days are checked

package hubcsv

import "bytes"

const (
	// maxMisses is how many rows of a block may be of a repository that was not
	// foreseen before the fast path looks ahead.
	maxMisses = 64
	// aheadRows is how many rows are looked up ahead.
	aheadRows = 32
	// leastRow is less than any row in the usual spelling has before its LF.
	leastRow = tailSize + timestampSize + 1
)

// guess says which repository a row may be of, and the length of its prefix.
type guess struct{ repo, size uint32 }

// lookAhead looks the repositories of the rows from b[pos:end] on up, several at
// once: when rows come in no order at all, the loads of one that miss the cache
// then overlap with those of the next. What it returns are guesses, one at
// least, that the caller checks. The second result is the new count of misses:
// 0 if it turns out that the rows could be foreseen. last is the repository of
// the row before.
func (p *parser) lookAhead(b []byte, pos, end int, last uint32) ([]guess, int) {
	var starts, ends [aheadRows]int
	n := 0
	for n < aheadRows && pos+leastRow < end {
		nl := pos + leastRow + bytes.IndexByte(b[pos+leastRow:end], '\n')
		starts[n], ends[n] = pos, prefixEnd(b, pos, nl)
		pos = nl + 1
		n++
	}
	if n == 0 {
		p.guesses[0] = guess{}
		return p.guesses[:1], maxMisses + 1
	}

	ps := &p.prefixes
	slots, mask := ps.index.slots, ps.index.mask()
	foreseen := 0
	for i := range n {
		hash := ps.hashText(b, starts[i], ends[i])
		at := hash & mask
		s := slots[at]
		for s.hash != hash && s.ref != 0 {
			at = (at + 1) & mask
			s = slots[at]
		}
		repo := max(s.ref, 1) - 1
		if repo == last || repo == ps.entries[last].next {
			foreseen++
		}
		p.guesses[i] = guess{repo: repo, size: uint32(ends[i] - starts[i])}
		last = repo
	}
	if foreseen > n/2 {
		return p.guesses[:n], 0
	}
	return p.guesses[:n], maxMisses + 1
}

// prefixEnd returns where the prefix of a row ends that begins at pos and has
// its LF at nl, if it has the usual spelling: digits before the LF, a comma
// and a timestamp before them. Whether it has is for others to check.
func prefixEnd(b []byte, pos, nl int) int {
	if b[nl-1] == '\r' {
		nl--
	}
	return max(nl-trailingDigits(b[nl-8:])-1-timestampSize, pos+tailSize)
}

// search returns the repository of the row at b[pos:end] and where its prefix
// ends, or -1 if it has none that is known. last is the repository of the row
// before.
func (p *parser) search(b []byte, pos, end int, last uint32) (repo uint32, at int) {
	ps := &p.prefixes
	for _, repo := range [...]uint32{last, ps.entries[last].next} {
		at := pos + int(ps.entries[repo].size)
		if at < end && ps.match(b, pos, at, repo) {
			return repo, at
		}
	}
	// What comes before the third comma of the line, if no field before is quoted.
	end = pos + bytes.IndexByte(b[pos:end], '\n')
	at = pos
	for range colTimestamp {
		n := bytes.IndexByte(b[at:end], ',')
		if n < 0 {
			return 0, -1
		}
		at += n + 1
	}
	repo, ok := ps.find(b, pos, at)
	if !ok {
		return 0, -1
	}
	return repo, at
}
