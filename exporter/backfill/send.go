package backfill

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// Protocol says how samples are sent.
type Protocol string

const (
	// VictoriaMetrics is its own /api/v1/import.
	VictoriaMetrics Protocol = "victoriametrics"
	// RemoteWrite is Prometheus remote write 1.0.
	RemoteWrite Protocol = "remote-write"
)

// Route returns the path where receivers take the protocol unless they say
// otherwise.
func (p Protocol) Route() string {
	if p == RemoteWrite {
		return "/api/v1/write"
	}
	return "/api/v1/import"
}

// encoder makes the bodies of requests.
type encoder interface {
	header() http.Header
	// most is how many samples add takes at once.
	most() int
	add(*Series)
	// full reports whether what was added is enough for a request.
	full() bool
	empty() bool
	// body returns the body of what was added, valid until the next add, and begins
	// anew.
	body() []byte
}

// maxWait is the longest pause that a receiver may ask for.
const maxWait = 5 * time.Minute

// Sender sends series to a receiver.
type Sender struct {
	receiver *pushclient.Receiver
	encoder  encoder
	log      *slog.Logger
	// done is called when all samples of a repository, and of those before it, have
	// been taken.
	done func(history.Repo) error
	// sent is what a VictoriaMetrics has to have in the end, samples how many are in the batch.
	sent    arrivals
	samples int
	// pause is the first one between two tries, tries the most of them.
	pause time.Duration
	tries int
}

// NewSender returns a Sender. done is called along the way with the repository up
// to which, in the order of the series, the receiver has taken everything; its
// error ends the sending. It may be nil.
func NewSender(r *pushclient.Receiver, p Protocol, log *slog.Logger, done func(history.Repo) error) *Sender {
	s := &Sender{receiver: r, log: log, done: done, sent: make(arrivals), pause: time.Second, tries: 10}
	if p == RemoteWrite {
		s.encoder = new(writeRequest)
	} else {
		s.encoder = newImportLines()
	}
	return s
}

// Send sends all series in batches, one after another. A batch that the receiver
// could not take for the moment is sent again, with growing pauses, for some
// minutes, so a sample may arrive twice. each is called after each series. The
// error of a refusal says what to do about it.
func (s *Sender) Send(ctx context.Context, all iter.Seq2[*Series, error], each func()) error {
	var finished, reported history.Repo // up to which all is in a batch, or done was called with
	flush := func() error {
		if err := s.post(ctx, s.encoder.body()); err != nil {
			return err
		}
		if s.done == nil || finished == reported {
			return nil
		}
		reported = finished
		return s.done(finished)
	}
	for series, err := range all {
		if err != nil {
			return err
		}
		n := len(series.Values)
		s.sent.add(series)
		for from := 0; from < n; {
			to := min(n, from+s.encoder.most())
			s.encoder.add(series.part(from, to))
			s.samples += to - from
			if from = to; from == n {
				finished = series.Repo
			}
			if s.encoder.full() {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		each()
	}
	if s.encoder.empty() {
		return nil
	}
	return flush()
}

// post sends a batch until the receiver takes or refuses it.
func (s *Sender) post(ctx context.Context, body []byte) error {
	samples := s.samples
	s.samples = 0
	tries := 0
	answer, err := httpx.Do(ctx, httpx.Retry{
		First: s.pause, Max: 30 * s.pause, Tries: s.tries, MaxWait: maxWait,
		Notify: func(err error, wait time.Duration) {
			s.log.Warn("Retrying", "in", wait.Round(time.Millisecond), "err", err)
		},
	}, func() (http.Header, error) {
		tries++
		return s.receiver.Exchange(ctx, s.encoder.header(), body)
	})
	switch e := pushclient.As(err); {
	case err == nil:
		return s.written(answer, samples)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case e == nil:
		return err
	case tries > 1 && e.Temporary():
		return fmt.Errorf("gave up after %d tries: %w", tries, e)
	default:
		return refusal(e)
	}
}

// writtenHeader is how a receiver says how many samples of a request it has stored.
const writtenHeader = "X-Prometheus-Remote-Write-Samples-Written"

// written returns an error if the receiver says that it took fewer samples than came.
func (s *Sender) written(answer http.Header, samples int) error {
	if n, err := strconv.Atoi(answer.Get(writtenHeader)); err == nil && n < samples {
		return fmt.Errorf("%s took a request and stored %d of its %d samples (%s)\n%s", s.receiver, n, samples, writtenHeader, tooOld)
	}
	return nil
}
