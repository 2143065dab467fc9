package victoria

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// lineSamples is the most samples of a line: a line of more than 100 MB is refused,
	// and a short one is cheap to build.
	lineSamples = 10_000
	// sendsAtOnce is how many requests of a writer are under way: the engine takes one
	// apart while another is on its way.
	sendsAtOnce = 2
)

// writer sends samples to the engine in requests of about batchBytes, while the next is
// put together.
type writer struct {
	s      *Store
	ctx    context.Context // of the requests; it ends with the first that fails
	cancel context.CancelFunc
	sends  *errgroup.Group
	// parcel is what is being put together, free are those that were sent.
	*parcel
	free chan *parcel
	// retried tells that a request was not taken at first; with once none is sent again.
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
	w := &writer{s: s, parcel: new(parcel), free: make(chan *parcel, sendsAtOnce)}
	ctx, w.cancel = context.WithCancel(ctx)
	w.sends, w.ctx = errgroup.WithContext(ctx)
	w.sends.SetLimit(sendsAtOnce)
	return w
}

// begin begins a series; add adds samples to it.
func (w *writer) begin(name string, l labels) error {
	err := w.endLine()
	w.name, w.labels = name, l
	return err
}

func (w *writer) add(ms, v int64) error {
	if w.samples == 0 {
		w.text = appendSeries(w.text, w.name, w.s.history, w.labels)
		w.text = append(w.text, `,"values":[`...)
	} else {
		w.text, w.times = append(w.text, ','), append(w.times, ',')
	}
	w.text = strconv.AppendInt(w.text, v, 10)
	w.times = w.known.append(w.times, ms)
	if w.samples++; w.samples >= lineSamples {
		return w.endLine()
	}
	return nil
}

// one writes a series of a single sample.
func (w *writer) one(name string, l labels, ms, v int64) error {
	return errors.Join(w.begin(name, l), w.add(ms, v))
}

// daySample is a number of a day.
type daySample struct {
	day   history.Day
	n     seq
	value int64
}

// days writes the numbers of days, ascending: a series for each era.
func (w *writer) days(name string, l labels, samples []daySample) error {
	last, era := lastDay(), ""
	for i, s := range samples {
		ms, e := place(s.day, last, s.n)
		if i == 0 || e != era {
			era = e
			if err := w.begin(name, l.with("era", era)); err != nil {
				return err
			}
		}
		if err := w.add(ms, s.value); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) endLine() error {
	if w.samples == 0 {
		return nil
	}
	w.text = append(w.text, `],"timestamps":[`...)
	w.text = append(w.text, w.times...)
	w.text = append(w.text, "]}\n"...)
	w.samples, w.times = 0, w.times[:0]
	if len(w.text) >= w.s.batchBytes {
		return w.send()
	}
	return nil
}

// flush sends what is left and returns when the engine has all. Nothing can be added
// afterwards.
func (w *writer) flush() error {
	defer w.stop()
	if err := w.endLine(); err != nil {
		return err
	}
	if err := w.send(); err != nil {
		return err
	}
	return w.sends.Wait()
}

// stop breaks off what is under way.
func (w *writer) stop() {
	w.cancel()
	_ = w.sends.Wait() // flush tells of it, or has not been asked
}

// send sends the lines; an error is that of an earlier request.
func (w *writer) send() error {
	if w.ctx.Err() != nil {
		w.stop()
		return context.Cause(w.ctx)
	}
	if len(w.text) == 0 {
		return nil
	}
	p := w.parcel
	w.sends.Go(func() error {
		retried, err := w.s.insertParcel(w.ctx, p, w.once)
		if retried {
			w.retried.Store(true)
		}
		p.text = p.text[:0]
		p.packed.Reset()
		w.free <- p
		return err
	})
	select {
	case w.parcel = <-w.free:
	default:
		w.parcel = new(parcel)
	}
	return nil
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
