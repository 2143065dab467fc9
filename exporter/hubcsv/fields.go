package hubcsv

import "bytes"

// scanner finds the end of a record by the rules of RFC 4180. It may be stopped
// at any byte and goes on where it was, so that a record may come in pieces.
type scanner struct{ state scanState }

type scanState uint8

const (
	atField    scanState = iota // at the start of a field
	inPlain                     // in a field without quotes
	inQuotes                    // in a quoted field
	afterQuote                  // after a quote in a quoted field: its end, or one half of ""
	afterCR                     // after a quoted field and a CR
	inFault                     // after a quote where none may be: the line is lost
)

// end returns the length of the record, line end included, or -1 if b ends
// before the record does.
func (s *scanner) end(b []byte) int {
	st := s.state
	if st == atField {
		if n := bytes.IndexByte(b, '\n'); n >= 0 && bytes.IndexByte(b[:n], '"') < 0 {
			return n + 1
		}
	}
	for i := 0; i < len(b); i++ {
		c := b[i]
		if st == inQuotes {
			n := bytes.IndexByte(b[i:], '"')
			if n < 0 {
				break
			}
			i += n
			st = afterQuote
			continue
		}
		if c == '\n' {
			s.state = atField
			return i + 1
		}
		switch st {
		case atField, inPlain:
			switch {
			case c == ',':
				st = atField
			case c != '"':
				st = inPlain
			case st == atField:
				st = inQuotes
			default:
				st = inFault
			}
		case afterQuote:
			switch c {
			case '"':
				st = inQuotes
			case ',':
				st = atField
			case '\r':
				st = afterCR
			default:
				st = inFault
			}
		case afterCR:
			st = inFault
		}
	}
	s.state = st
	return -1
}

// splitter takes records apart.
type splitter struct {
	fields [][]byte // the fields of the last record, without their quotes
	starts []int    // where each begins in the record, its quote included
	text   []byte   // the fields that have quotes in them
}

// split takes a record apart that scanner found, without its line end. It
// returns false at a quote where none may be, or that is never closed: the
// field that has it is then the last of starts.
func (s *splitter) split(rec []byte) bool {
	s.fields, s.starts, s.text = s.fields[:0], s.starts[:0], s.text[:0]
	for at := 0; ; {
		s.starts = append(s.starts, at)
		rest := rec[at:]
		if len(rest) > 0 && rest[0] == '"' {
			n := s.quoted(rest)
			if n < 0 {
				return false
			}
			if at += n; at == len(rec) {
				return true
			}
			at++ // the comma
			continue
		}
		n := bytes.IndexByte(rest, ',')
		field := rest
		if n >= 0 {
			field = rest[:n]
		}
		if bytes.IndexByte(field, '"') >= 0 {
			return false
		}
		s.fields = append(s.fields, field)
		if n < 0 {
			return true
		}
		at += n + 1
	}
}

// quoted adds the quoted field that b begins with and returns its length,
// quotes included, or -1 if its quotes are wrong.
func (s *splitter) quoted(b []byte) int {
	start := len(s.text)
	for i := 1; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		n += i
		if n+1 < len(b) && b[n+1] == '"' {
			// Should append move the text, the fields before keep the old bytes.
			s.text = append(s.text, b[i:n+1]...)
			i = n + 2
			continue
		}
		if n+1 < len(b) && b[n+1] != ',' {
			return -1
		}
		field := b[i:n]
		if len(s.text) > start {
			s.text = append(s.text, field...)
			field = s.text[start:]
		}
		s.fields = append(s.fields, field)
		return n + 1
	}
}

// trimLineEnd returns rec without the LF or CRLF at its end.
func trimLineEnd(rec []byte) []byte {
	if n := len(rec); n > 0 && rec[n-1] == '\n' {
		rec = rec[:n-1]
	}
	if n := len(rec); n > 0 && rec[n-1] == '\r' {
		rec = rec[:n-1]
	}
	return rec
}

// isBlank reports whether a line holds nothing but blanks.
func isBlank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
