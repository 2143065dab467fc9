package vmapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Line is a series. Its slices are valid until the next one is read.
type Line struct {
	// Values and Times go together; Times are milliseconds since 1970, ascending.
	Values, Times []int64

	names, texts [][]byte // of the labels
}

// Label returns the text of a label, "" if there is none of that name.
func (l *Line) Label(name string) string {
	for i, n := range l.names {
		if string(n) == name {
			return string(l.texts[i])
		}
	}
	return ""
}

// maxLine bounds a line, in bytes: a series with all its samples.
const maxLine = 1 << 30

// Read calls each for every line of r.
func Read(r io.Reader, each func(*Line) error) error {
	lines := bufio.NewReaderSize(r, 256<<10)
	var l Line
	var long []byte
	for {
		text, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if long = append(long, text...); len(long) > maxLine {
				return fmt.Errorf("expected a line of at most %d bytes in the export of VictoriaMetrics", maxLine)
			}
			continue
		}
		if err != nil && err != io.EOF {
			return &ReadError{err}
		}
		if len(long) > 0 {
			long = append(long, text...)
			text = long
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			if err := l.Parse(text); err != nil {
				return err
			}
			if err := each(&l); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		long = long[:0]
	}
}

// ReadError is an error of the reader that lines come from.
type ReadError struct{ Err error }

// Error says what the reader said.
func (e *ReadError) Error() string { return e.Err.Error() }

// Unwrap returns what the reader said.
func (e *ReadError) Unwrap() error { return e.Err }

const (
	metricKey = `{"metric":{`
	valuesKey = `,"values":[`
	timesKey  = `,"timestamps":[`
)

// Parse reads a line of an export: {"metric":{...},"values":[...],"timestamps":[...]}.
// That is most of the time that reading takes, so it is not left to encoding/json.
func (l *Line) Parse(text []byte) error {
	rest, ok := cut(text, metricKey)
	if ok {
		rest, ok = l.parseLabels(rest)
	}
	if ok {
		rest, ok = cut(rest, valuesKey)
	}
	if ok {
		l.Values, rest, ok = numbers(l.Values[:0], rest)
	}
	if ok {
		rest, ok = cut(rest, timesKey)
	}
	if ok {
		l.Times, rest, ok = numbers(l.Times[:0], rest)
	}
	if !ok || len(l.Times) != len(l.Values) || len(rest) == 0 || rest[0] != '}' {
		return fmt.Errorf("expected a series with whole numbers in the export of VictoriaMetrics, got %.80q", text)
	}
	return nil
}

// cut returns what follows key.
func cut(text []byte, key string) ([]byte, bool) {
	if len(text) < len(key) || string(text[:len(key)]) != key {
		return nil, false
	}
	return text[len(key):], true
}

// parseLabels reads "name":"text","name":"text"} and returns what follows.
func (l *Line) parseLabels(text []byte) (rest []byte, ok bool) {
	l.names, l.texts = l.names[:0], l.texts[:0]
	if rest, ok = cut(text, "}"); ok {
		return rest, true
	}
	for rest = text; ; {
		var name, value []byte
		if name, rest, ok = quoted(rest); !ok {
			return nil, false
		}
		if rest, ok = cut(rest, ":"); !ok {
			return nil, false
		}
		if value, rest, ok = quoted(rest); !ok {
			return nil, false
		}
		l.names, l.texts = append(l.names, name), append(l.texts, value)
		if after, ok := cut(rest, "}"); ok {
			return after, true
		}
		if rest, ok = cut(rest, ","); !ok {
			return nil, false
		}
	}
}

// quoted reads a JSON string and returns what it says and what follows.
func quoted(text []byte) (value, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return nil, nil, false
	}
	escaped := false
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			value, rest = text[1:i], text[i+1:]
			if escaped {
				var s string
				if json.Unmarshal(text[:i+1], &s) != nil {
					return nil, nil, false
				}
				value = []byte(s)
			}
			return value, rest, true
		}
	}
	return nil, nil, false
}

// numbers reads 1,2] and returns what follows.
func numbers(into []int64, text []byte) (list []int64, rest []byte, ok bool) {
	if rest, ok = cut(text, "]"); ok {
		return into, rest, true
	}
	for {
		v, n := number(text)
		if n == 0 || n == len(text) {
			return into, nil, false
		}
		into = append(into, v)
		end := text[n]
		text = text[n+1:]
		if end == ']' {
			return into, text, true
		}
		if end != ',' {
			return into, nil, false
		}
	}
}

// pow10 are the powers of ten that Read8 may have to shift a number by.
var pow10 = [9]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// number reads the number at the start of text and returns how long it is, 0 if there is
// none that is whole.
func number(text []byte) (v int64, n int) {
	if len(text) >= 16 {
		high, n := textenc.Read8(text)
		if n == 8 { // as times have it
			low, more := textenc.Read8(text[8:])
			high, n = high*uint64(pow10[more])+low, 8+more
		}
		if c := text[n&15]; n > 0 && n < 16 && (c == ',' || c == ']') {
			return int64(high), n
		}
	}
	return anyNumber(text)
}

// anyNumber is number for those that are negative, long, at the end of the text or
// written as 1e+16.
func anyNumber(text []byte) (v int64, n int) {
	n = bytes.IndexAny(text, ",]")
	if n <= 0 {
		return 0, 0
	}
	if v, err := strconv.ParseInt(string(text[:n]), 10, 64); err == nil {
		return v, n
	}
	f, err := strconv.ParseFloat(string(text[:n]), 64)
	if v = int64(f); err != nil || f != float64(v) {
		return 0, 0
	}
	return v, n
}
