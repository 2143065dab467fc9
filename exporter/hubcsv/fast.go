//gosec:disable G115 -- bytes and words are taken apart; counts and days are checked

package hubcsv

import (
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// slack is how many bytes a buffer has after the text in it, so that the fast
// path may load many bytes at once without asking where the text ends. It never
// takes them for text: the last byte of the text is an LF, and nothing that it
// accepts goes past one.
const slack = 128

// After the date of a timestamp: "T00:00", and ":00.000Z", the first byte lowest.
const (
	midnightHead = 'T' | '0'<<8 | '0'<<16 | ':'<<24 | '0'<<32 | '0'<<40
	midnightTail = ':' | '0'<<8 | '0'<<16 | '.'<<24 | '0'<<32 | '0'<<40 | '0'<<48 | 'Z'<<56
)

// fast takes rows from b[pos:end] while they begin with a known prefix and have
// nothing unusual after it, and returns where it stopped: at end, or at the
// start of a row that it leaves to the general path. b[:end] ends in an LF, and
// b has slack bytes after it. p.rows is nil if the stream does not go on.
func (p *parser) fast(b []byte, pos, end int) int {
	ps := &p.prefixes
	if len(ps.entries) == 0 {
		return pos
	}
	entries := ps.entries
	repos, days, downloads := p.rows.Repo, p.rows.Day, p.rows.Downloads
	n := p.n
	lineOfRow0 := p.line - int64(n)
	last, same, misses := p.last, p.same, p.misses
	newest := history.Day(entries[last].newest) // the newest day of the last repository so far
	var guesses []guess

	for pos < end {
		// Which repository is it? The one of the row before (grouped by
		// repository), the one that came after it last time (in day order), or
		// else what looking ahead says.
		var repo uint32
		var size int
		if misses <= maxMisses {
			if repo = last; !same {
				repo = entries[last].next
			}
			size = int(entries[repo].size)
		} else {
			if len(guesses) == 0 {
				guesses, misses = p.lookAhead(b, pos, end, last)
			}
			repo, size = guesses[0].repo, int(guesses[0].size)
			guesses = guesses[1:]
		}
		at := pos + size
		if at >= end || !ps.match(b, pos, at, repo) {
			if repo, at = p.search(b, pos, end, last); at < 0 {
				break
			}
			if repo != last && repo != entries[last].next {
				misses++
			}
		}

		// The timestamp.
		text := b[at : at+32 : at+32]
		month := p.months.get(le64(text))
		rest := le64(text[8:])
		tens, ones := uint32(byte(rest)-'0'), uint32(byte(rest>>8)-'0')
		day := tens*10 + ones - 1
		if ones > 9 || day >= month.days {
			break
		}
		if rest>>16 == midnightHead && le64(text[16:]) == midnightTail && text[24] == ',' {
			at += timestampSize + 1
		} else if size := midnightSize(b[at+dateSize : end]); size > 0 {
			at += dateSize + size
		} else {
			break
		}

		// The downloads and the line end.
		value, width := textenc.Read8(b[at:])
		count := int64(value)
		if width == 8 {
			count, width = digits(b[at:end])
		}
		if width == 0 {
			break
		}
		at += width
		if b[at] != '\n' {
			if b[at] != '\r' || b[at+1] != '\n' {
				break
			}
			at++
		}

		pos = at + 1
		date := month.first + history.Day(day)
		if same = repo == last; !same {
			entries[last].next, entries[last].newest = repo, uint16(newest)
			last, newest = repo, history.Day(entries[repo].newest)
		}
		newest = max(newest, date)
		repos[n], days[n], downloads[n] = repo, date, count
		if n++; n == history.BlockRows {
			p.n, p.line = n, lineOfRow0+int64(n)
			if !p.flush(p.line) {
				return pos
			}
			if n, lineOfRow0 = 0, p.line; misses <= maxMisses {
				misses = 0
			}
			repos, days, downloads = p.rows.Repo, p.rows.Day, p.rows.Downloads
		}
	}
	entries[last].newest = uint16(newest)
	p.n, p.line = n, lineOfRow0+int64(n)
	p.last, p.same, p.misses = last, same, misses
	return pos
}
