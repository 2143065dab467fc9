package victoria

import (
	"context"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

const (
	// sendsAtOnce is how many requests of a writer are under way: the engine takes one
	// apart while another is on its way.
	sendsAtOnce = 2
)

// writer sends samples to the engine in requests of about batchBytes, while the next is
// put together. After an error it sends nothing more; flush returns the error.
type writer struct {
	s      *Store
	caller context.Context
	ctx    context.Context // of the requests; it ends with the first that fails
	cancel context.CancelFunc
	sends  *errgroup.Group
	// Request is what is being put together, free are those that were sent.
	*vmapi.Request
	free chan *vmapi.Request
	// retried tells that a request was not taken at first: an engine that started anew
	// meanwhile may have lost what it had taken before. With once, none is sent again.
	retried atomic.Bool
	once    bool
}

// newWriter returns a writer; stop has to be called in the end.
func (s *Store) newWriter(ctx context.Context) *writer {
	w := &writer{s: s, caller: ctx, Request: new(vmapi.Request), free: make(chan *vmapi.Request, sendsAtOnce)}
	ctx, w.cancel = context.WithCancel(ctx)
	w.sends, w.ctx = errgroup.WithContext(ctx)
	w.sends.SetLimit(sendsAtOnce)
	return w
}

// series names the series of what is added from now on.
func (w *writer) series(name string, l labels) {
	w.End()
	if len(w.Bytes) >= w.s.batchBytes {
		w.send()
	}
	w.Start(labels{"__name__", name, "history", w.s.history}.with(l...))
}

// field writes a number that is of no day: as a text if a sample does not hold it.
func (w *writer) field(name string, l labels, field string, n seq, v int64) {
	if v > maxExact {
		w.writeText(textsOf(name), l.with("field", field), n, strconv.FormatInt(v, 10))
		return
	}
	w.series(name, l.with("field", field))
	w.Add(n.ms(), v)
}

// writeText writes a text.
func (w *writer) writeText(name string, l labels, n seq, value string) {
	w.series(name, l.with("value", value))
	w.Add(n.ms(), 1)
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
		w.Add(int64(x.day)*msPerDay+int64(x.n), x.value)
	}
	for _, x := range texts {
		w.writeText(textsOf(name), l.with("series", name, "day", x.day.String()), x.n, strconv.FormatInt(x.value, 10))
	}
}

// failed reports whether nothing more is sent.
func (w *writer) failed() bool { return w.ctx.Err() != nil }

// flush sends what is left and returns when the engine has all. Nothing can be added
// afterwards.
func (w *writer) flush() error {
	w.End()
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
	if w.failed() || len(w.Bytes) == 0 {
		w.Bytes = w.Bytes[:0]
		return
	}
	r := w.Request
	w.sends.Go(func() error {
		retried, err := w.s.engine.Import(w.ctx, r, w.once)
		if retried {
			w.retried.Store(true)
		}
		r.Reset()
		w.free <- r
		return err
	})
	select {
	case w.Request = <-w.free:
	default:
		w.Request = new(vmapi.Request)
	}
}
