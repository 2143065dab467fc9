package exposition

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// collectorFunc collects without describing what.
type collectorFunc func(chan<- prometheus.Metric)

func (collectorFunc) Describe(chan<- *prometheus.Desc)      {}
func (f collectorFunc) Collect(ch chan<- prometheus.Metric) { f(ch) }

// floatHistogram is a metric that OpenMetrics cannot express.
type floatHistogram struct{ desc *prometheus.Desc }

func (f floatHistogram) Desc() *prometheus.Desc { return f.desc }

func (floatHistogram) Write(m *dto.Metric) error {
	n, bound := 1.5, 1.0
	m.Histogram = &dto.Histogram{SampleCountFloat: &n, Bucket: []*dto.Bucket{{CumulativeCountFloat: &n, UpperBound: &bound}}}
	return nil
}

// A fault in the exporter's own metrics costs the page nothing but them.
func TestFaultyOwnMetrics(t *testing.T) {
	const counter = `huggingface_exporter_metrics_page_errors_total{cause="`
	good := prometheus.NewDesc("huggingface_exporter_good", "Works.", nil, nil)
	bad := prometheus.NewDesc("huggingface_exporter_bad", "Does not.", nil, nil)
	f := func(fault prometheus.Metric, panics bool, format expfmt.Format, cause string) {
		t.Helper()
		var log bytes.Buffer
		reg := prometheus.NewRegistry()
		p, err := New(Options{}, reg, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		p.Update(fixture(), storedFixture)
		var broken atomic.Bool
		broken.Store(true)
		reg.MustRegister(
			collectorFunc(func(ch chan<- prometheus.Metric) {
				ch <- prometheus.MustNewConstMetric(good, prometheus.GaugeValue, 42)
			}),
			collectorFunc(func(ch chan<- prometheus.Metric) {
				if !broken.Load() {
					return
				}
				if panics {
					panic("out of order")
				}
				ch <- fault
			}),
		)
		errorsCounted := func(want string) {
			t.Helper()
			if got := samples(t, p, counter+cause); !slices.Equal(got, []string{counter + cause + `"} ` + want}) {
				t.Errorf("%s: got %q, expected %s", cause, got, want)
			}
		}
		scrapeOnce := func(lines int) {
			t.Helper()
			r := scrape(t, p.Handler(), http.MethodGet, "/metrics", "Accept", string(format))
			page := string(body(t, r))
			if r.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d", cause, r.StatusCode)
			}
			for _, want := range []string{
				`huggingface_repo_downloads_total{repo_type="model",org="",repo="gpt2"} 200000`,
				"huggingface_exporter_good 42", "# EOF\n",
			} {
				if !strings.Contains(page, "\n"+want) {
					t.Errorf("%s: %q is missing from\n%s", cause, want, page)
				}
			}
			if strings.Contains(page, "huggingface_exporter_bad") {
				t.Errorf("%s: half of a family is left in\n%s", cause, page)
			}
			if got := strings.Count(log.String(), "\n"); got != lines {
				t.Errorf("%s: %d lines in the log, expected %d:\n%s", cause, got, lines, log.String())
			}
		}
		scrapeOnce(1)
		scrapeOnce(1)
		broken.Store(false)
		errorsCounted("2")
		scrapeOnce(1)
		errorsCounted("2")
		broken.Store(true)
		scrapeOnce(2)
		broken.Store(false)
		errorsCounted("3")
	}
	f(prometheus.NewInvalidMetric(bad, errors.New("cannot tell")), false, expfmt.FmtOpenMetrics_1_0_0, "gathering")
	f(nil, true, expfmt.FmtOpenMetrics_1_0_0, "gathering")
	f(floatHistogram{bad}, false, expfmt.FmtOpenMetrics_1_0_0, "encoding")
}
