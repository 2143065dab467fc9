package victoria

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

const (
	// lineSamples is the most samples of a line: a line of more than 100 MB is refused,
	// and a short one is cheap to build.
	lineSamples = 10_000
	// sendsAtOnce is how many requests of a writer are under way: the engine takes one
	// apart while another is on its way.
	sendsAtOnce = 2
	// firstRetry and longestRetry are between which the pauses before a retry are.
	firstRetry, longestRetry = 500 * time.Millisecond, time.Minute
)

// writer sends samples to the engine in requests of about batchBytes, while the next is
// put together. After an error it sends nothing more; flush returns the error.
type writer struct {
	s      *Store
	caller context.Context
	ctx    context.Context // of the requests; it ends with the first that fails
	cancel context.CancelFunc
	sends  *errgroup.Group
	// request is what is being put together, free are those that were sent.
	*request
	free chan *request
	// retried tells that a request was not taken at first: an engine that started anew
	// meanwhile may have lost what it had taken before. With once, none is sent again.
	retried atomic.Bool
	once    bool
	// The line under way.
	name    string
	labels  labels
	samples int
	times   []byte
	known   timeTexts
}

// newWriter returns a writer; stop has to be called in the end.
func (s *Store) newWriter(ctx context.Context) *writer {
	w := &writer{s: s, caller: ctx, request: new(request), free: make(chan *request, sendsAtOnce)}
	ctx, w.cancel = context.WithCancel(ctx)
	w.sends, w.ctx = errgroup.WithContext(ctx)
	w.sends.SetLimit(sendsAtOnce)
	return w
}

// series names the series of what is added from now on.
func (w *writer) series(name string, l labels) {
	w.endLine()
	w.name, w.labels = name, l
}

func (w *writer) add(ms, v int64) {
	if w.samples == 0 {
		w.text = appendSeries(w.text, w.name, w.s.history, w.labels)
		w.text = append(w.text, `,"values":[`...)
	} else {
		w.text, w.times = append(w.text, ','), append(w.times, ',')
	}
	w.text = strconv.AppendInt(w.text, v, 10)
	w.times = w.known.append(w.times, ms)
	if w.samples++; w.samples >= lineSamples {
		w.endLine()
	}
}

// field writes a number that is of no day: as a text if a sample does not hold it.
func (w *writer) field(name string, l labels, field string, n seq, v int64) {
	if v > maxExact {
		w.writeText(l.with("field", field), n, strconv.FormatInt(v, 10))
		return
	}
	w.series(name, l.with("field", field))
	w.add(n.ms(), v)
}

// writeText writes a text.
func (w *writer) writeText(l labels, n seq, value string) {
	w.series(textSeries, l.with("value", value))
	w.add(n.ms(), 1)
}

// daySample is a number of a day.
type daySample struct {
	day   history.Day
	n     seq
	value int64
}

// days writes the numbers of days, ascending. A number that a sample does not hold, and a
// day that the engine takes no sample of, are written as texts.
func (w *writer) days(name string, l labels, samples []daySample) {
	var texts []daySample
	last := lastDay()
	w.series(name, l)
	for _, x := range samples {
		if x.day > last || x.value > maxExact {
			texts = append(texts, x)
			continue
		}
		w.add(int64(x.day)*msPerDay+int64(x.n), x.value)
	}
	for _, x := range texts {
		w.writeText(l.with("field", name, "day", x.day.String()), x.n, strconv.FormatInt(x.value, 10))
	}
}

func (w *writer) endLine() {
	if w.samples == 0 {
		return
	}
	w.text = append(w.text, `],"timestamps":[`...)
	w.text = append(w.text, w.times...)
	w.text = append(w.text, "]}\n"...)
	w.samples, w.times = 0, w.times[:0]
	if len(w.text) >= w.s.batchBytes {
		w.send()
	}
}

// failed reports whether nothing more is sent.
func (w *writer) failed() bool { return w.ctx.Err() != nil }

// flush sends what is left and returns when the engine has all. Nothing can be added
// afterwards.
func (w *writer) flush() error {
	w.endLine()
	w.send()
	if err := w.sends.Wait(); err != nil {
		return err
	}
	return w.caller.Err()
}

// stop breaks off what is under way.
func (w *writer) stop() {
	w.cancel()
	_ = w.sends.Wait() // flush tells of it, or has not been asked
}

// send sends the lines.
func (w *writer) send() {
	if w.failed() || len(w.text) == 0 {
		w.text = w.text[:0]
		return
	}
	r := w.request
	w.sends.Go(func() error {
		retried, err := w.s.insertRequest(w.ctx, r, w.once)
		if retried {
			w.retried.Store(true)
		}
		r.text = r.text[:0]
		r.packed.Reset()
		w.free <- r
		return err
	})
	select {
	case w.request = <-w.free:
	default:
		w.request = new(request)
	}
}

// timeTexts remembers what times look like: those of one series are mostly those of the
// next as well.
type timeTexts [1024]msText

type msText struct {
	ms   int64
	size int
	text [20]byte
}

// append appends a time in milliseconds, which is above zero.
func (t *timeTexts) append(b []byte, ms int64) []byte {
	x := &t[uint64(ms)/msPerDay%uint64(len(t))]
	if x.ms != ms {
		x.ms, x.size = ms, len(strconv.AppendInt(x.text[:0], ms, 10))
	}
	return append(b, x.text[:x.size]...)
}

// request is the lines of a request. packed is them compressed, once that was asked for.
type request struct {
	text   []byte
	packed bytes.Buffer
	zip    *gzip.Writer
}

// insertRequest sends a request, once or again and again while the engine may still take
// it. The same sample sent twice is one.
func (s *Store) insertRequest(ctx context.Context, r *request, once bool) (retried bool, err error) {
	retry := httpx.Retry{First: firstRetry, Max: longestRetry, Within: s.retryFor}
	if once {
		retry.Tries = 1
	}
	tries := 0
	_, err = httpx.Do(ctx, retry, func() (struct{}, error) {
		tries++
		return struct{}{}, s.insertOnce(ctx, r)
	})
	if err != nil {
		err = fmt.Errorf("writing to VictoriaMetrics: %w", err)
	}
	return tries > 1, err
}

func (s *Store) insertOnce(ctx context.Context, r *request) error {
	header := http.Header{"Content-Type": {"application/json"}}
	if s.uncompressed {
		return s.insert.Post(ctx, header, r.text)
	}
	header.Set("Content-Encoding", "gzip")
	return s.insert.Post(ctx, header, r.pack())
}

// pack returns the text, compressed.
func (r *request) pack() []byte {
	if r.packed.Len() > 0 {
		return r.packed.Bytes()
	}
	if r.zip == nil {
		r.zip, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for unknown levels alone
	}
	r.zip.Reset(&r.packed)
	// Writing into a bytes.Buffer does not fail.
	_, _ = r.zip.Write(r.text)
	_ = r.zip.Close()
	return r.packed.Bytes()
}
