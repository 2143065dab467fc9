package victoria

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// maxLine bounds a line of an export, in bytes: a series with all its samples.
const maxLine = 1 << 30

// line is a series of an export. Its slices are valid until the next one.
type line struct {
	labels map[string]string
	// values and times go together; times are milliseconds since 1970, ascending.
	values, times []int64
}

// export reads the samples of the series that selectors match, from start to end in
// milliseconds, both included. Of a cluster it takes no partial answer.
func (s *Store) export(ctx context.Context, selectors []string, start, end int64, each func(*line) error) error {
	form := url.Values{
		"match[]":               selectors,
		"start":                 {timeText(start)},
		"end":                   {timeText(end)},
		"deny_partial_response": {"1"},
	}
	resp, err := s.post(ctx, "/api/v1/export", form)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	r := bufio.NewReaderSize(resp.Body, 256<<10)
	var l line
	var long []byte
	for {
		text, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if long = append(long, text...); len(long) > maxLine {
				return fmt.Errorf("expected a line of at most %d bytes in the export of VictoriaMetrics", maxLine)
			}
			continue
		}
		if err != nil && err != io.EOF {
			return s.readError(ctx, err)
		}
		if len(long) > 0 {
			long = append(long, text...)
			text = long
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			if perr := l.parse(text); perr != nil {
				return perr
			}
			if ferr := each(&l); ferr != nil {
				return ferr
			}
		}
		long = long[:0]
		if err == io.EOF {
			return ctx.Err()
		}
	}
}

// timeText writes a time in milliseconds as every version reads it alike: of numbers, some
// guess whether they are of seconds.
func timeText(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// ErrPartial says that a part of a cluster does not answer, and what the others have is
// not all.
var ErrPartial = errors.New("the answer would be partial, for storage nodes do not answer")

// post asks the engine; an answer that is not 200 is an error.
func (s *Store) post(ctx context.Context, path string, form url.Values) (*http.Response, error) {
	u := s.selectURL.JoinPath(path)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// It only asks, and may be sent again where the engine closed a connection that was
	// kept. A key without a value is not sent.
	req.Header["Idempotency-Key"] = []string{}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, s.readError(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what came of it
		if resp.StatusCode == http.StatusServiceUnavailable && bytes.Contains(text, []byte("vmstorage")) {
			return nil, fmt.Errorf("reading from VictoriaMetrics: %w: %s answered: %s", ErrPartial, u.Redacted(), ending(text))
		}
		return nil, fmt.Errorf("reading from VictoriaMetrics: %s answered %s: %s", u.Redacted(), resp.Status, ending(text))
	}
	return resp, nil
}

// maxMessage bounds how much of an answer an error quotes, in bytes.
const maxMessage = 300

// ending returns the end of an answer in one line: the engine repeats the request
// before it says what is wrong.
func ending(text []byte) string {
	line := strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "\uFFFD")), " ")
	if len(line) > maxMessage {
		return "..." + strings.ToValidUTF8(line[len(line)-maxMessage:], "")
	}
	return line
}

// maxReads is how often a part of an answer is asked for that breaks off.
const maxReads = 3

// again does work that reads, and again if the answer broke off in its midst.
func (s *Store) again(ctx context.Context, work func() error) error {
	for try := 1; ; try++ {
		err := work()
		broken := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
		if !broken || try == maxReads {
			return err
		}
		if err := s.pause(ctx, s.patience/50<<try); err != nil {
			return err
		}
	}
}

func (s *Store) readError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok { // shows the whole URL
		err = wrapped.Err
	}
	return fmt.Errorf("reading from VictoriaMetrics: %s: %w", s.selectURL.Redacted(), err)
}

var (
	metricKey = []byte(`{"metric":`)
	valuesKey = []byte(`"values":`)
	timesKey  = []byte(`"timestamps":`)
)

// parse reads a line of an export: {"metric":{...},"values":[...],"timestamps":[...]}.
// The arrays may hold millions of numbers, so they are not left to encoding/json.
func (l *line) parse(text []byte) error {
	rest, ok := bytes.CutPrefix(text, metricKey)
	if !ok {
		return badLine(text)
	}
	d := json.NewDecoder(bytes.NewReader(rest))
	clear(l.labels)
	if err := d.Decode(&l.labels); err != nil {
		return badLine(text)
	}
	rest = rest[d.InputOffset():]
	if l.values, rest, ok = numbers(l.values[:0], rest, valuesKey); !ok {
		return badLine(text)
	}
	if l.times, rest, ok = numbers(l.times[:0], rest, timesKey); !ok || len(l.times) != len(l.values) {
		return badLine(text)
	}
	if len(rest) == 0 || rest[0] != '}' {
		return badLine(text)
	}
	return nil
}

func badLine(text []byte) error {
	return fmt.Errorf("expected a series with whole numbers in the export of VictoriaMetrics, got %.80q", text)
}

// numbers reads `,key[1,2]`.
func numbers(into []int64, text, key []byte) ([]int64, []byte, bool) {
	text = bytes.TrimLeft(text, ", ")
	if !bytes.HasPrefix(text, key) {
		return into, text, false
	}
	text = text[len(key):]
	if len(text) == 0 || text[0] != '[' {
		return into, text, false
	}
	end := bytes.IndexByte(text, ']')
	if end < 0 {
		return into, text, false
	}
	list, rest := text[1:end], text[end+1:]
	for len(list) > 0 {
		n := bytes.IndexByte(list, ',')
		item := list
		if n >= 0 {
			item, list = list[:n], list[n+1:]
		} else {
			list = nil
		}
		v, ok := number(item)
		if !ok {
			return into, rest, false
		}
		into = append(into, v)
	}
	return into, rest, true
}

// number reads a whole number, also one written as 1e+16.
func number(text []byte) (int64, bool) {
	digits := text
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 {
		return 0, false
	}
	v := int64(0)
	for _, c := range digits {
		if c < '0' || c > '9' || len(digits) > 17 {
			f, err := strconv.ParseFloat(string(text), 64)
			return int64(f), err == nil && f == float64(int64(f))
		}
		v = v*10 + int64(c-'0')
	}
	if len(digits) < len(text) {
		v = -v
	}
	return v, true
}
