package victoria

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/vmlines"
)

// export reads the samples of the series that selectors match, from start to end in
// milliseconds, both included. Of a cluster it takes no partial answer.
func (s *Store) export(ctx context.Context, selectors []string, start, end int64, each func(*vmlines.Line) error) error {
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
	err = vmlines.Read(resp.Body, each)
	if broken, ok := errors.AsType[*vmlines.ReadError](err); ok {
		return s.readError(ctx, broken.Err)
	}
	return cmp.Or(err, ctx.Err())
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

// retryBroken does work that reads, and again if the answer broke off in its midst.
func retryBroken(ctx context.Context, work func() error) error {
	for try := 1; ; try++ {
		err := work()
		broken := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
		if !broken || try == maxReads {
			return err
		}
		if err := pause(ctx, time.Second<<try); err != nil {
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
