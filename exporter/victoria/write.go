package victoria

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/cenkalti/backoff/v5"
	"github.com/klauspost/compress/gzip"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/receiver"
)

// lineSamples is the most samples of a line: a line of more than 100 MB is refused,
// and a short one is cheap to build.
const lineSamples = 10_000

// writer sends samples to the engine in requests of about batchBytes.
type writer struct {
	s    *Store
	ctx  context.Context
	text []byte
	out  bytes.Buffer
	zip  *gzip.Writer
	// values and times are those of the line under way.
	name          string
	labels        labels
	values, times []int64
	samples       int64
}

func (s *Store) newWriter(ctx context.Context) *writer {
	w := &writer{s: s, ctx: ctx}
	w.zip, _ = gzip.NewWriterLevel(&w.out, gzip.BestSpeed) // fails for unknown levels alone
	return w
}

// begin begins a series; add adds samples to it.
func (w *writer) begin(name string, l labels) error {
	err := w.endLine()
	w.name, w.labels = name, l
	return err
}

func (w *writer) add(ms, v int64) error {
	w.values, w.times = append(w.values, v), append(w.times, ms)
	if len(w.values) >= lineSamples {
		return w.endLine()
	}
	return nil
}

// one writes a series of a single sample.
func (w *writer) one(name string, l labels, ms, v int64) error {
	return errors.Join(w.begin(name, l), w.add(ms, v))
}

func (w *writer) endLine() error {
	if len(w.values) == 0 {
		return nil
	}
	b := appendSeries(w.text, w.name, w.s.history, w.labels)
	b = append(b, `,"values":[`...)
	for i, v := range w.values {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, v, 10)
	}
	b = append(b, `],"timestamps":[`...)
	for i, v := range w.times {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, v, 10)
	}
	w.text = append(b, "]}\n"...)
	w.samples += int64(len(w.values))
	w.values, w.times = w.values[:0], w.times[:0]
	if len(w.text) >= w.s.batchBytes {
		return w.send()
	}
	return nil
}

// flush sends what is left.
func (w *writer) flush() error {
	if err := w.endLine(); err != nil {
		return err
	}
	return w.send()
}

// send sends the lines, again and again while the engine may still take them. The
// same sample sent twice is one.
func (w *writer) send() error {
	if len(w.text) == 0 {
		return w.ctx.Err()
	}
	w.out.Reset()
	w.zip.Reset(&w.out)
	// Writing into a bytes.Buffer does not fail.
	_, _ = w.zip.Write(w.text)
	_ = w.zip.Close()
	w.text = w.text[:0]
	header := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	pauses := backoff.NewExponentialBackOff()
	_, err := backoff.Retry(w.ctx, func() (struct{}, error) {
		err := w.s.insert.Post(w.ctx, header, w.out.Bytes())
		e := receiver.As(err)
		switch {
		case err == nil:
			return struct{}{}, nil
		case e == nil || !e.Temporary():
			return struct{}{}, backoff.Permanent(err)
		case e.RetryAfter > 0:
			return struct{}{}, errors.Join(e, &backoff.RetryAfterError{Duration: e.RetryAfter})
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(w.s.retryFor))
	if err != nil {
		return fmt.Errorf("writing to VictoriaMetrics: %w", err)
	}
	return nil
}
