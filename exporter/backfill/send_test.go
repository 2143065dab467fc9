package backfill

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/prompb"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// fakeReceiver notes what it takes.
type fakeReceiver struct {
	*testing.T
	// answer says what to answer a request before it is taken, 0 to take it.
	answer   func(w http.ResponseWriter, request int) int
	requests int
	samples  []string // "{labels} time value", as they came
	sizes    []int    // the samples of each request that was taken
}

func (f *fakeReceiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.requests++
	if f.answer != nil {
		if code := f.answer(w, f.requests); code != 0 {
			w.WriteHeader(code)
			io.WriteString(w, "not now")
			return
		}
	}
	before := len(f.samples)
	switch r.URL.Path {
	case "/api/v1/import":
		f.takeImport(r)
	case "/api/v1/write":
		f.takeWrite(r)
	default:
		f.Errorf("a request to %s", r.URL)
	}
	f.sizes = append(f.sizes, len(f.samples)-before)
}

// text writes labels, ordered by name.
func (f *fakeReceiver) text(labels map[string]string) []byte {
	b, err := json.Marshal(labels)
	if err != nil {
		f.Error(err)
	}
	return b
}

func (f *fakeReceiver) take(labels []byte, at, value int64) {
	f.samples = append(f.samples, fmt.Sprintf("%s %d %d", labels, at, value))
}

func (f *fakeReceiver) takeImport(r *http.Request) {
	z, err := gzip.NewReader(r.Body)
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
		f.Errorf("not gzip: %v, %v", r.Header, err)
		return
	}
	for dec := json.NewDecoder(z); ; {
		var line struct {
			Metric             map[string]string
			Values, Timestamps []int64
		}
		if err := dec.Decode(&line); err == io.EOF {
			return
		} else if err != nil || len(line.Values) != len(line.Timestamps) {
			f.Errorf("%d values, %d timestamps, %v", len(line.Values), len(line.Timestamps), err)
			return
		}
		labels := f.text(line.Metric)
		for i, v := range line.Values {
			f.take(labels, line.Timestamps[i], v)
		}
	}
}

func (f *fakeReceiver) takeWrite(r *http.Request) {
	for name, want := range map[string]string{
		"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0",
	} {
		if got := r.Header.Get(name); got != want {
			f.Errorf("%s: got %q, expected %q", name, got, want)
		}
	}
	packed, err := io.ReadAll(r.Body)
	if err != nil {
		f.Error(err)
		return
	}
	b, err := snappy.Decode(nil, packed)
	var message prompb.WriteRequest
	if err := errors.Join(err, message.Unmarshal(b)); err != nil {
		f.Error(err)
		return
	}
	for _, s := range message.Timeseries {
		labels := make(map[string]string)
		last := ""
		for _, l := range s.Labels {
			if l.Name <= last {
				f.Errorf("the label %s comes after %s", l.Name, last)
			}
			labels[l.Name], last = l.Value, l.Name
		}
		text := f.text(labels)
		for _, v := range s.Samples {
			f.take(text, v.Timestamp, int64(v.Value))
		}
	}
}

// newSender returns a sender to f that makes no pauses, and what it says is done.
func (f *fakeReceiver) newSender(p Protocol) (*Sender, *[]history.Repo) {
	f.Helper()
	s := httptest.NewServer(f)
	f.Cleanup(s.Close)
	u, err := httpx.ParseURL(s.URL, s.URL, p.Route())
	if err != nil {
		f.Fatal(err)
	}
	r, err := pushclient.New(pushclient.Options{URL: u, HTTP: config.DefaultHTTPClientConfig, Timeout: time.Minute})
	if err != nil {
		f.Fatal(err)
	}
	var done []history.Repo
	sender := NewSender(r, p, slog.New(slog.DiscardHandler), func(r history.Repo) error {
		done = append(done, r)
		return nil
	})
	sender.pause = time.Nanosecond
	return sender, &done
}

// long is a series of n samples, a day apart.
func long(name string, n int) *Series {
	r := history.Repo{Type: history.Model, Name: name}
	s := &Series{Repo: r, Labels: labelsOf(r, []Label{{"Zone", "a \"b\""}})}
	for i := range n {
		s.At, s.Values = append(s.At, history.Day(i)), append(s.Values, int64(i)*1000)
	}
	return s
}

// expected lists the samples of series as a fakeReceiver notes them.
func expected(series ...*Series) []string {
	var out []string
	for _, s := range series {
		for i, v := range s.Values {
			out = append(out, fmt.Sprintf(`{"Zone":"a \"b\"","__name__":%q,"org":"o","repo":%q,"repo_type":"model"} %d %d`,
				Metric, s.Repo.Name, int64(s.At[i])*86400000, v))
		}
	}
	return out
}

func TestSend(t *testing.T) {
	small := []*Series{long("o/a", 1), long("o/b", 3), long("o/c", 2)}
	large := []*Series{long("o/a", 3000), long("o/b", 12_000), long("o/c", 1)}
	f := func(p Protocol, series []*Series, sizes []int, done string) {
		t.Helper()
		r := &fakeReceiver{T: t}
		s, reported := r.newSender(p)
		steps := 0
		if err := s.Send(t.Context(), streamOf(nil, series...), func() { steps++ }); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		if want := expected(series...); !slices.Equal(r.samples, want) {
			t.Errorf("%s: got %d samples, expected %d, or they differ", p, len(r.samples), len(want))
		}
		if !slices.Equal(r.sizes, sizes) || fmt.Sprint(*reported) != done || steps != len(series) {
			t.Errorf("%s: got requests of %v samples, done up to %v, after %d series; expected %v, %s",
				p, r.sizes, *reported, steps, sizes, done)
		}
	}
	f(VictoriaMetrics, small, []int{6}, "[model o/c]")
	f(RemoteWrite, small, []int{6}, "[model o/c]")
	f(VictoriaMetrics, large, []int{15_001}, "[model o/c]")
	// The first request ends within the second series.
	f(RemoteWrite, large, []int{8000, 5000, 2001}, "[model o/a model o/c]")
	f(VictoriaMetrics, nil, nil, "[]")
	f(RemoteWrite, nil, nil, "[]")
}

// Batches of VictoriaMetrics are bounded by their text.
func TestSendManyBatches(t *testing.T) {
	var series []*Series
	for i := range 40 {
		series = append(series, long(fmt.Sprintf("o/%02d", i), 100))
	}
	r := &fakeReceiver{T: t}
	s, reported := r.newSender(VictoriaMetrics)
	s.encoder.(*importLines).batch = 5000
	if err := s.Send(t.Context(), streamOf(nil, series...), func() {}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.samples, expected(series...)) {
		t.Error("the samples differ")
	}
	if len(r.sizes) < 2 || len(*reported) != len(r.sizes) || (*reported)[len(*reported)-1] != series[39].Repo {
		t.Errorf("got requests of %v samples, done up to %v", r.sizes, *reported)
	}
}

func TestSendTriesAgain(t *testing.T) {
	f := func(answers []int, wantRequests int, want string) {
		t.Helper()
		r := &fakeReceiver{T: t}
		r.answer = func(w http.ResponseWriter, n int) int {
			if n > len(answers) {
				return 0
			}
			return answers[n-1]
		}
		s, _ := r.newSender(RemoteWrite)
		series := []*Series{long("o/a", 2)}
		err := s.Send(t.Context(), streamOf(nil, series...), func() {})
		if r.requests != wantRequests {
			t.Errorf("%v: %d requests, expected %d", answers, r.requests, wantRequests)
		}
		if want == "" {
			if err != nil || !slices.Equal(r.samples, expected(series...)) {
				t.Errorf("%v: got %v, %q", answers, err, r.samples)
			}
			return
		}
		if err == nil || !strings.Contains(err.Error(), want) || len(r.samples) > 0 {
			t.Errorf("%v: got %v, expected %q", answers, err, want)
		}
	}
	f([]int{500, 503, 429}, 4, "")
	f([]int{400}, 1, "responded with 400 Bad Request: not now")
	f([]int{503, 401}, 2, "--http.config.file")
	f(slices.Repeat([]int{500}, 20), 10, "gave up after 10 tries: http://")
}

func TestSendWaitsNoHours(t *testing.T) {
	r := &fakeReceiver{T: t}
	r.answer = func(w http.ResponseWriter, _ int) int {
		w.Header().Set("Retry-After", "7200")
		return http.StatusServiceUnavailable
	}
	s, _ := r.newSender(RemoteWrite)
	if err := s.Send(t.Context(), streamOf(nil, long("o/a", 2)), func() {}); err == nil || r.requests != 1 {
		t.Errorf("got %v after %d requests", err, r.requests)
	}
}

func TestSendEnds(t *testing.T) {
	r := &fakeReceiver{T: t}
	s, reported := r.newSender(RemoteWrite)
	err := s.Send(t.Context(), streamOf(errBroken, long("o/a", 6000), long("o/b", 10)), func() {})
	if !errors.Is(err, errBroken) || len(r.sizes) != 1 || len(*reported) != 0 {
		t.Errorf("a stream that breaks: got %v, requests of %v, done up to %v", err, r.sizes, *reported)
	}

	ctx, cancel := context.WithCancel(t.Context())
	r = &fakeReceiver{T: t}
	r.answer = func(http.ResponseWriter, int) int {
		cancel()
		return http.StatusServiceUnavailable
	}
	s, _ = r.newSender(RemoteWrite)
	if err := s.Send(ctx, streamOf(nil, long("o/a", 1)), func() {}); !errors.Is(err, context.Canceled) {
		t.Errorf("reported to stop: got %v", err)
	}

	r = &fakeReceiver{T: t}
	s, _ = r.newSender(RemoteWrite)
	s.done = func(history.Repo) error { return errFull }
	if err := s.Send(t.Context(), streamOf(nil, long("o/a", 1)), func() {}); !errors.Is(err, errFull) {
		t.Errorf("progress that cannot be kept: got %v", err)
	}
}

func TestRefusal(t *testing.T) {
	f := func(status int, message, want string) {
		t.Helper()
		err := refusal(&pushclient.Error{URL: "http://h/w", Status: status, Message: message})
		if pushclient.As(err) == nil || !strings.Contains(err.Error(), message) || !strings.Contains(err.Error(), want) {
			t.Errorf("%d %s: got %v, expected %q", status, message, err, want)
		}
	}
	const window = "out_of_order_time_window"
	f(400, "out of bounds", window)
	f(400, "too old sample", window)
	f(400, "out of order sample", window)
	f(400, "user=1: err: Out of bounds. timestamp=2021", window)
	f(400, "the sample has been rejected because its timestamp is too far in the past (err-mimir-sample-timestamp-too-old)", window)
	f(400, "duplicate sample for timestamp", "a different value for the same series")
	f(404, "remote write receiver needs to be enabled with --web.enable-remote-write-receiver", "start Prometheus with")
	f(404, "", "check the path of --url")
	f(401, "", "--http.config.file")
	f(413, "", "raise that limit")
	if err := refusal(&pushclient.Error{URL: "u", Status: 400, Message: "no"}); err.Error() != "u responded with 400 Bad Request: no" {
		t.Errorf("got %v", err)
	}
}
