package exposition

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// taker takes what is pushed.
type taker struct {
	*testing.T
	url string

	mu     sync.Mutex
	status int           // of an answer, 0 for 204
	hang   chan struct{} // where not nil, what answers wait for
	packed []byte        // the page that came last
	came   chan struct{} // gets one for each request
}

func newTaker(t *testing.T) *taker {
	t.Helper()
	k := &taker{T: t, came: make(chan struct{}, 1000)}
	s := httptest.NewServer(k)
	t.Cleanup(s.Close)
	k.url = s.URL
	return k
}

func (k *taker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	packed, err := io.ReadAll(r.Body)
	if err != nil {
		return // a push that was given up
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Encoding") != "gzip" ||
		!strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		k.Errorf("%s %v", r.Method, r.Header)
	}
	k.mu.Lock()
	k.packed = packed
	status, hang := k.status, k.hang
	k.mu.Unlock()
	select {
	case k.came <- struct{}{}:
	default: // nobody waits for so many
	}
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}
	if status == 0 {
		status = http.StatusNoContent
	}
	w.WriteHeader(status)
}

// set changes how pushes are answered.
func (k *taker) set(status int, hang chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status, k.hang = status, hang
}

// last returns the page that came last.
func (k *taker) last() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return string(gunzipOne(k, k.packed))
}

// next waits for so many pushes.
func (k *taker) next(n int) {
	k.Helper()
	for range n {
		select {
		case <-k.came:
		case <-time.After(time.Minute):
			k.Fatal("waited a minute for a push")
		}
	}
}

// options are those that push to k.
func (k *taker) options(interval, timeout time.Duration, labels map[string]string) PushOptions {
	k.Helper()
	u, err := httpx.ParseURL(k.url, k.url, "/in")
	if err != nil {
		k.Fatal(err)
	}
	to, err := pushclient.New(pushclient.Options{URL: u, HTTP: config.DefaultHTTPClientConfig, Timeout: timeout})
	if err != nil {
		k.Fatal(err)
	}
	return PushOptions{To: to, Interval: interval, Labels: labels}
}

// pushing is a Pusher that runs.
type pushing struct {
	*Pusher
	reg  *prometheus.Registry
	log  *syncBuffer
	stop func()
}

// syncBuffer is a log that can be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func startPushing(t *testing.T, o PushOptions) *pushing {
	t.Helper()
	page, reg := newPage(t, Options{})
	page.Update(fixture(), Stored{})
	log := new(syncBuffer)
	p := &pushing{Pusher: NewPusher(page, slog.New(slog.NewTextHandler(log, nil))), reg: reg, log: log}
	reg.MustRegister(p.Pusher)
	p.Set(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	p.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(p.stop)
	return p
}

// until waits until f reports true.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// counts returns how many pushes were counted, and how many of them failed.
func (p *pushing) counts() (pushes, failures float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pushes, p.failures
}

func TestPushesThePage(t *testing.T) {
	k := newTaker(t)
	p := startPushing(t, k.options(time.Hour, time.Minute, nil))
	k.next(1)
	if got, want := k.last(), text(t, p.page); !strings.HasPrefix(got, want[:strings.Index(want, "# HELP huggingface_exporter")]) {
		t.Errorf("got\n%s\nexpected the page\n%s", got, want)
	}
	for _, want := range []string{"\nhuggingface_exporter_repos_over_limit 0\n", "\nhuggingface_exporter_pushes_total 0\n"} {
		if !strings.Contains(k.last(), want) {
			t.Errorf("%q is missing from\n%s", want, k.last())
		}
	}
	until(t, "the push to be counted", func() bool { pushes, _ := p.counts(); return pushes == 1 })
	p.stop() // once more
	k.next(1)
	if pushes, failures := p.counts(); pushes != 2 || failures != 0 {
		t.Errorf("%v pushes, %v failures, expected 2 and 0", pushes, failures)
	}
	if !strings.Contains(k.last(), "\nhuggingface_exporter_push_last_success_timestamp_seconds 1") {
		t.Errorf("the last success is missing from\n%s", k.last())
	}
	if got := p.log.String(); got != "" {
		t.Errorf("the log says %s", got)
	}
}

func TestPushesAtEachInterval(t *testing.T) {
	k := newTaker(t)
	startPushing(t, k.options(time.Millisecond, time.Minute, nil))
	k.next(5)
}

func TestPushesNothing(t *testing.T) {
	p := startPushing(t, PushOptions{})
	p.stop()
	if n, err := testutil.GatherAndCount(p.reg, "huggingface_exporter_pushes_total", "huggingface_exporter_push_failures_total",
		"huggingface_exporter_push_last_success_timestamp_seconds"); n != 0 || err != nil {
		t.Errorf("without a receiver there are %d metrics of pushes, %v", n, err)
	}
}

func TestPushFails(t *testing.T) {
	k := newTaker(t)
	k.set(http.StatusUnauthorized, nil)
	p := startPushing(t, k.options(time.Millisecond, time.Minute, nil))
	k.next(5)
	until(t, "failures to be counted", func() bool { pushes, failures := p.counts(); return failures >= 4 && pushes >= failures })
	const failed, again = "Cannot push the metrics page", "Pushing the metrics page works again"
	if log := p.log.String(); strings.Count(log, failed) != 1 || !strings.Contains(log, "401 Unauthorized") {
		t.Errorf("the log does not say once what is wrong:\n%s", log)
	}
	k.set(http.StatusInternalServerError, nil)
	until(t, "the log to say that the error changed", func() bool { return strings.Contains(p.log.String(), "500 Internal") })
	k.set(0, nil)
	until(t, "the log to say that it works", func() bool { return strings.Contains(p.log.String(), again) })
	k.next(3)
	if log := p.log.String(); strings.Count(log, "\n") != 3 {
		t.Errorf("expected three lines, got\n%s", log)
	}
}

func TestPushHangs(t *testing.T) {
	k := newTaker(t)
	hang := make(chan struct{})
	k.set(0, hang)
	p := startPushing(t, k.options(time.Millisecond, time.Millisecond, nil))
	until(t, "the log to say that it took too long", func() bool { return strings.Contains(p.log.String(), "it took longer than 1ms") })
	// One that hangs for long does not hold up other options.
	p.Set(k.options(time.Millisecond, time.Hour, nil))
	k.next(1)
	other := newTaker(t)
	p.Set(other.options(time.Millisecond, time.Minute, nil))
	other.next(1)
	close(hang)
	// And nothing is pushed any more when nothing is to be.
	p.Set(PushOptions{})
	p.stop()
}

// A receiver that hangs does not keep the process from ending.
func TestPushHangsAtTheEnd(t *testing.T) {
	k := newTaker(t)
	p := startPushing(t, k.options(time.Hour, time.Minute, nil))
	until(t, "the push to be counted", func() bool { pushes, _ := p.counts(); return pushes == 1 })
	hang := make(chan struct{})
	defer close(hang)
	k.set(0, hang)
	p.lastTimeout = time.Millisecond
	p.stop()
	if _, failures := p.counts(); failures != 1 || !strings.Contains(p.log.String(), "at shutdown") {
		t.Errorf("%v failures, expected 1; the log says\n%s", failures, p.log)
	}
}

func TestPushedLabels(t *testing.T) {
	labels := map[string]string{"job": `a "b"` + "\\\n", "cause": "extra"}
	p, _ := newPage(t, Options{})
	p.Update(fixture(), storedFixture)
	page := gunzipOne(t, slices.Concat(p.packed(labels)...))
	families := byName(decode(t, page, expfmt.FmtText))
	plain := byName(decode(t, gunzipOne(t, slices.Concat(p.packed(nil)...)), expfmt.FmtText))
	if len(families) != len(plain) || len(families) < 7 {
		t.Fatalf("got %d families, expected %d", len(families), len(plain))
	}
	for i, f := range families {
		if f.GetName() != plain[i].GetName() || f.GetHelp() != plain[i].GetHelp() || len(f.Metric) != len(plain[i].Metric) {
			t.Errorf("got the family %s, %q with %d samples, expected %s", f.GetName(), f.GetHelp(), len(f.Metric), plain[i])
			continue
		}
		for j, m := range f.Metric {
			want := maps.Clone(labels)
			for _, l := range plain[i].Metric[j].Label {
				want[l.GetName()] = l.GetValue() // what a sample has stays
			}
			got := make(map[string]string)
			for _, l := range m.Label {
				got[l.GetName()] = l.GetValue()
			}
			if len(m.Label) != len(want) || !maps.Equal(got, want) {
				t.Errorf("%s: got %v, expected %v", f.GetName(), got, want)
			}
		}
	}
	// The page itself is as it was.
	if strings.Contains(text(t, p), "extra") {
		t.Error("the labels got into the page")
	}
}

// What is pushed is packed block by block.
func TestPushedLabelsOfManyRepos(t *testing.T) {
	p, want := manyRepos(t)
	page := string(gunzipOne(t, slices.Concat(p.packed(map[string]string{"a": "b"})...)))
	var got []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "huggingface_repo_downloads_total{") {
			got = append(got, strings.TrimSuffix(strings.Replace(line, `{a="b",`, "{", 1), "\n"))
		}
	}
	if !slices.Equal(got, want) || strings.Count(page, `{a="b",repo_type="model",org=`) < len(want) {
		t.Errorf("got %d samples, expected %d, or they differ", len(got), len(want))
	}
}

// byName orders families: the decoder has them in no order.
func byName(families []*dto.MetricFamily) []*dto.MetricFamily {
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families
}
