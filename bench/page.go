package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// pageCounts returns what a metrics page of that many series shows: two for
// each repository.
func pageCounts(series int) ([]history.Counts, error) {
	var counts []history.Counts
	for rows, err := range synthetic.Rows(synthetic.Options{Repos: series / 2, Days: 1, Seed: seed, Order: history.OrderRepo}) {
		if err != nil {
			return nil, err
		}
		for i := range rows.Len() {
			r := rows.Record(i)
			// As if that day had been every day: numbers of the usual length.
			counts = append(counts, history.Counts{
				Repo: r.Repo, Counters: history.Counters{Downloads: r.Total * fullDays}, AllTime: history.Unknown,
				LastMonth: r.Downloads * history.LastMonthDays, Likes: history.Unknown,
			})
		}
	}
	return counts, nil
}

// processMetrics returns a registry with what both exporters tell of themselves.
func processMetrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}

// newPage returns the exporter's page with the two families that the peer has.
func newPage(counts []history.Counts) (*exposition.Page, error) {
	page, err := exposition.New(exposition.Options{
		Families: []string{"downloads", "last_month"},
		MaxRepos: -1,
	}, processMetrics(), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	page.Update(slices.Values(counts), exposition.Stored{})
	return page, nil
}

// samePages asks both handlers for their pages, in each format and compression,
// and compares the samples of the repositories.
func samePages(ours, theirs http.Handler, series int) error {
	for _, gzipped := range []bool{false, true} {
		for _, accept := range []string{acceptText, acceptPrometheus} {
			a, err := repoSamples(ours, accept, gzipped)
			if err != nil {
				return fmt.Errorf("the exporter's page: %w", err)
			}
			b, err := repoSamples(theirs, accept, gzipped)
			if err != nil {
				return fmt.Errorf("client_golang's page: %w", err)
			}
			if len(a) != series || len(b) != series {
				return fmt.Errorf("expected %d series, got %d from the exporter and %d from client_golang", series, len(a), len(b))
			}
			for key, v := range a {
				if w, ok := b[key]; !ok || w != v {
					return fmt.Errorf("%s is %v on the exporter's page, and on client_golang's %v (there: %t)", key, v, w, ok)
				}
			}
		}
	}
	return nil
}

const (
	acceptText = "text/plain;version=0.0.4"
	// acceptPrometheus is what a Prometheus server asks for.
	acceptPrometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)

// repoSamples returns the samples of repositories on a handler's page, by name
// and labels.
func repoSamples(h http.Handler, accept string, gzipped bool) (map[string]float64, error) {
	var body bytes.Buffer
	w := newSink(&body)
	h.ServeHTTP(w, scrapeRequest("http://localhost/metrics", accept, gzipped))
	var text io.Reader = &body
	if gzipped {
		if e := w.Header().Get("Content-Encoding"); e != "gzip" {
			return nil, fmt.Errorf("expected gzip, got the encoding %q", e)
		}
		var err error
		if text, err = gzip.NewReader(text); err != nil {
			return nil, err
		}
	}
	wantOpenMetrics := strings.Contains(accept, "openmetrics")
	if isOpenMetrics := strings.Contains(w.Header().Get("Content-Type"), "openmetrics"); isOpenMetrics != wantOpenMetrics {
		return nil, fmt.Errorf("asked for %q, got %q", accept, w.Header().Get("Content-Type"))
	}
	if wantOpenMetrics {
		return openMetricsSamples(text)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, err
	}
	out := make(map[string]float64)
	for name, f := range families {
		if !strings.HasPrefix(name, "huggingface_repo_") {
			continue
		}
		for _, m := range f.GetMetric() {
			out[sampleKey(name, m.GetLabel())] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return out, nil
}

func sampleKey(name string, labels []*dto.LabelPair) string {
	pairs := make([]string, len(labels))
	for i, l := range labels {
		pairs[i] = fmt.Sprintf("%s=%q", l.GetName(), l.GetValue())
	}
	slices.Sort(pairs)
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// openMetricsSamples reads samples line by line: the names here need no escapes
// and hold no comma, and the library has no parser for this format.
func openMetricsSamples(r io.Reader) (map[string]float64, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(text, []byte("# EOF\n")) {
		return nil, errors.New("expected # EOF at the end of the page")
	}
	out := make(map[string]float64)
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "huggingface_repo_") {
			continue
		}
		name, rest, ok := strings.Cut(line, "{")
		labels, value, ok2 := strings.Cut(rest, "} ")
		if !ok || !ok2 {
			return nil, fmt.Errorf("expected a sample with labels, got %q", line)
		}
		var v float64
		if _, err := fmt.Sscanf(value, "%g\n", &v); err != nil {
			return nil, fmt.Errorf("expected a value at the end of %q: %w", line, err)
		}
		pairs := strings.Split(labels, ",")
		slices.Sort(pairs)
		out[name+"{"+strings.Join(pairs, ",")+"}"] = v
	}
	return out, nil
}

// scrapeRequest is a request as Prometheus makes it.
func scrapeRequest(url, accept string, gzipped bool) *http.Request {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		panic(fmt.Sprintf("building a request for %s: %v", url, err)) // addresses here are valid
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", "identity")
	if gzipped {
		r.Header.Set("Accept-Encoding", "gzip")
	}
	return r
}

// sink is a client that takes an answer without a network between.
type sink struct {
	header http.Header
	status int
	io.Writer
}

func newSink(w io.Writer) *sink {
	return &sink{header: make(http.Header), status: http.StatusOK, Writer: w}
}

func (s *sink) Header() http.Header    { return s.header }
func (s *sink) WriteHeader(status int) { s.status = status }
