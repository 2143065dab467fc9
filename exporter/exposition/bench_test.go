//go:build unix

package exposition

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const million = 1_000_000

// manyCounts returns n repositories of 1,000 organizations, ordered.
var manyCounts = sync.OnceValue(func() []history.Counts {
	counts := make([]history.Counts, 0, million)
	for i := range cap(counts) {
		name := fmt.Sprintf("org-%03d/some-model-name-%06d", i/1000, i)
		counts = append(counts, history.Counts{
			Repo:      history.Repo{Type: history.Model, Name: name},
			Counters:  history.Counters{Downloads: int64(i) * int64(i) % 10_000_019},
			AllTime:   int64(i) * int64(i) % 10_000_019,
			LastMonth: int64(i) % 100_003,
			Likes:     int64(i) % 1009,
		})
	}
	return counts
})

// onlyDownloads makes a page of one series a repository: of all ways to have a
// million series the dearest, since no two share their labels.
var onlyDownloads = Options{Families: []string{"downloads"}, MaxRepos: -1}

func benchPage(b *testing.B, o Options) *Page {
	b.Helper()
	p, err := New(o, prometheus.NewRegistry(), discardLog)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// constMetrics exposes the same series the way exporters usually do.
type constMetrics struct {
	desc   *prometheus.Desc
	counts []history.Counts
}

func newConstMetrics(counts []history.Counts) *constMetrics {
	return &constMetrics{
		desc: prometheus.NewDesc(families[0].name, families[0].help,
			[]string{"repo_type", "org", "repo"}, nil),
		counts: counts,
	}
}

func (c *constMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c *constMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, r := range c.counts {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(r.Downloads),
			string(r.Repo.Type), r.Repo.Org(), r.Repo.Name)
	}
}

func clientGolang(counts []history.Counts) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(newConstMetrics(counts))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// discard is a client that takes whatever comes.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

func scrapeDiscarding(h http.Handler, encoding string) {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept-Encoding", encoding)
	h.ServeHTTP(&discard{header: make(http.Header)}, r)
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure runs f and reports the processor time beside the time it took.
func measure(b *testing.B, f func()) {
	b.Helper()
	b.ReportAllocs()
	before := cpuTime(b)
	n := 0
	for b.Loop() {
		f()
		n++
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(n)/1e6, "cpu-ms/op")
}

func BenchmarkRender1M(b *testing.B) {
	counts := manyCounts()
	seq := slices.Values(counts)
	one, err := onlyDownloads.settings()
	if err != nil {
		b.Fatal(err)
	}
	// The text formats from the counts, nothing compressed.
	b.Run("text", func(b *testing.B) {
		measure(b, func() { renderText(one.selectCounts(seq), one) })
	})
	// All that an update does.
	b.Run("text+gzip", func(b *testing.B) {
		p := benchPage(b, onlyDownloads)
		measure(b, func() { p.Update(seq, Stored{}) })
	})
	// A third of the repositories with three series each.
	b.Run("text+gzip/families", func(b *testing.B) {
		p := benchPage(b, Options{MaxRepos: -1})
		third := slices.Values(counts[:million/3])
		measure(b, func() { p.Update(third, Stored{}) })
	})
	b.Run("VictoriaMetrics-writers", func(b *testing.B) {
		measure(b, func() { writeWithVictoriaMetrics(io.Discard, seq) })
	})
	b.Run("VictoriaMetrics-set", func(b *testing.B) {
		set := metrics.NewSet()
		for c := range seq {
			set.NewCounter(seriesName(&c)).Set(uint64(c.Downloads))
		}
		b.ResetTimer()
		measure(b, func() { set.WritePrometheus(io.Discard) })
	})
	b.Run("client_golang", func(b *testing.B) {
		h := clientGolang(counts)
		measure(b, func() { scrapeDiscarding(h, "identity") })
	})
}

func seriesName(c *history.Counts) string {
	var t textSampler
	t.setRepo(&c.Repo)
	return families[0].name + string(t.labels[:len(t.labels)-1])
}

func writeWithVictoriaMetrics(w io.Writer, counts iter.Seq[history.Counts]) {
	var t textSampler
	var buf bytes.Buffer
	for c := range counts {
		t.setRepo(&c.Repo)
		name := families[0].name + string(t.labels[:len(t.labels)-1])
		metrics.WriteCounterUint64(&buf, name, uint64(c.Downloads))
		if buf.Len() > 1<<16 {
			_, _ = buf.WriteTo(w)
		}
	}
	_, _ = buf.WriteTo(w)
}

func BenchmarkScrape1M(b *testing.B) {
	counts := manyCounts()
	p := benchPage(b, onlyDownloads)
	p.Update(slices.Values(counts), Stored{})
	handlers := []struct {
		name string
		http.Handler
	}{
		{"page", p.Handler()},
		{"stored-bytes", storedBytes(b, p)},
		{"client_golang", clientGolang(counts)},
	}
	for _, encoding := range []string{"identity", "gzip"} {
		for _, h := range handlers {
			// The exporter's own work.
			b.Run(encoding+"/discarded/"+h.name, func(b *testing.B) {
				measure(b, func() { scrapeDiscarding(h, encoding) })
			})
			// With the kernel's, and that of a client that reads and discards.
			b.Run(encoding+"/socket/"+h.name, func(b *testing.B) {
				get := serveLoopback(b, h, encoding)
				measure(b, get)
			})
		}
	}
}

// storedBytes answers with a ready answer in one write: the least that can be
// done.
func storedBytes(b *testing.B, p *Page) http.Handler {
	b.Helper()
	stored := make(map[string][]byte)
	for _, encoding := range []string{"identity", "gzip"} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		p.Handler().ServeHTTP(w, r)
		stored[encoding] = w.Body.Bytes()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := stored[r.Header.Get("Accept-Encoding")]
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
}

// serveLoopback returns a function that gets the page over one connection.
func serveLoopback(b *testing.B, h http.Handler, encoding string) func() {
	b.Helper()
	srv := httptest.NewServer(h)
	b.Cleanup(srv.Close)
	client := &http.Client{Transport: &http.Transport{ReadBufferSize: 1 << 18}}
	b.Cleanup(client.CloseIdleConnections)
	return func() {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL, nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", encoding)
		resp, err := client.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		defer resp.Body.Close()
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
}
