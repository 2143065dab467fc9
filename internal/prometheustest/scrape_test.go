package prometheustest

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"
)

const header = "repoType,repoName,total,timestamp,downloads\n"

// exports of one organization, each newer than the one before. In the second
// the model gained a day and 1000 downloads; in the third and the fourth the
// Hub took some back, in total and of old days.
var exports = []string{
	header +
		"model,acme/heron,4362460,2021-01-22T00:00:00.000Z,400\n" +
		"model,acme/heron,4362460,2021-01-23T00:00:00.000Z,700\n" +
		"dataset,acme/heron,2167284,2021-01-23T00:00:00.000Z,30\n",
	header +
		"model,acme/heron,4363460,2021-01-22T00:00:00.000Z,400\n" +
		"model,acme/heron,4363460,2021-01-23T00:00:00.000Z,700\n" +
		"model,acme/heron,4363460,2021-01-24T00:00:00.000Z,1000\n" +
		"dataset,acme/heron,2167284,2021-01-23T00:00:00.000Z,30\n",
	header +
		"model,acme/heron,4363060,2021-01-22T00:00:00.000Z,300\n" +
		"model,acme/heron,4363060,2021-01-23T00:00:00.000Z,400\n" +
		"model,acme/heron,4363060,2021-01-24T00:00:00.000Z,1000\n" +
		"dataset,acme/heron,2167284,2021-01-23T00:00:00.000Z,30\n",
	header +
		"model,acme/heron,4362960,2021-01-22T00:00:00.000Z,300\n" +
		"model,acme/heron,4362960,2021-01-23T00:00:00.000Z,300\n" +
		"model,acme/heron,4362960,2021-01-24T00:00:00.000Z,1000\n" +
		"dataset,acme/heron,2167284,2021-01-23T00:00:00.000Z,30\n",
}

var jobs = []string{jobOpenMetrics, jobText}

// selector names the counter of the model, or another of its metrics.
func selector(metric, job string) string {
	return fmt.Sprintf("%s{job=%q,repo_type=\"model\",org=\"acme\",repo=\"acme/heron\"}", metric, job)
}

const (
	downloads = "huggingface_repo_downloads_total"
	removed   = "huggingface_repo_downloads_removed_total"
)

func TestPrometheusScrapes(t *testing.T) {
	e := startExporter(t, exports[0])
	prometheus := startPrometheus(t, e.url)

	for _, job := range jobs {
		waitFor(t, "a scrape as "+job, func() error { return prometheus.hasValue(fmt.Sprintf("up{job=%q}", job), 1) })
		checkSums(t, prometheus, job)
	}
	checkFormats(t, prometheus)
	checkTargets(t, prometheus)
	checkMetadata(t, prometheus)
}

// checkSums compares the sums by repo type with the totals of the export.
func checkSums(t *testing.T, p *server, job string) {
	t.Helper()
	result, err := p.query(fmt.Sprintf("sum by (repo_type) (%s{job=%q})", downloads, job), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, s := range result {
		got[s.Metric["repo_type"]] = s.Value.value
	}
	if len(got) != 2 || got["model"] != 4362460 || got["dataset"] != 2167284 {
		t.Errorf("%s: sum by (repo_type): expected 4362460 of models and 2167284 of datasets, got %v", job, got)
	}
}

// checkFormats looks at what Prometheus asked for and got.
func checkFormats(t *testing.T, p *server) {
	t.Helper()
	f := func(w *window, want string) {
		t.Helper()
		contentType, encoding := w.last()
		if !strings.HasPrefix(contentType, want) || encoding != "gzip" {
			t.Errorf("expected a scrape of %s with gzip, got %q with %q", want, contentType, encoding)
		}
	}
	f(p.openMetrics, "application/openmetrics-text; version=1.0.0")
	f(p.text, "text/plain; version=0.0.4")
}

// checkTargets asks Prometheus whether it is content with what it scrapes.
func checkTargets(t *testing.T, p *server) {
	t.Helper()
	var data struct {
		ActiveTargets []struct {
			ScrapePool, Health, LastError string
		}
	}
	if err := p.get("/api/v1/targets", nil, &data); err != nil {
		t.Fatal(err)
	}
	if len(data.ActiveTargets) != len(jobs) {
		t.Errorf("expected %d targets, got %+v", len(jobs), data.ActiveTargets)
	}
	for _, target := range data.ActiveTargets {
		if target.Health != "up" || target.LastError != "" {
			t.Errorf("expected a healthy target, got %+v", target)
		}
	}
}

// checkMetadata asks what Prometheus has learnt of the counter, in each format.
func checkMetadata(t *testing.T, p *server) {
	t.Helper()
	var data []struct {
		Target             map[string]string
		Metric, Type, Help string
	}
	if err := p.get("/api/v1/targets/metadata", url.Values{}, &data); err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs {
		found := false
		for _, m := range data {
			// OpenMetrics names the family without _total.
			if m.Target["job"] == job && strings.TrimSuffix(m.Metric, "_total") == "huggingface_repo_downloads" {
				found = m.Type == "counter" && m.Help != ""
			}
		}
		if !found {
			t.Errorf("%s: expected %s to be known as a counter with a help text", job, downloads)
		}
	}
}

func TestCounterInPrometheus(t *testing.T) {
	e := startExporter(t, exports[0])
	prometheus := startPrometheus(t, e.url)
	for _, job := range jobs {
		waitFor(t, "the first total", func() error { return prometheus.hasValue(selector(downloads, job), 4362460) })
	}

	e.importCSV(t, exports[1])
	for _, job := range jobs {
		waitFor(t, "the raised total", func() error { return prometheus.hasValue(selector(downloads, job), 4363460) })
		checkIncrease(t, prometheus, selector(downloads, job), 1000)
	}
	raised := time.Now()

	e.importCSV(t, exports[2])
	for _, job := range jobs {
		waitFor(t, "the correction", func() error { return prometheus.hasValue(selector(removed, job), 400) })
	}
	e.importCSV(t, exports[3])
	for _, job := range jobs {
		waitFor(t, "the second correction", func() error { return prometheus.hasValue(selector(removed, job), 500) })
		checkIncrease(t, prometheus, selector(removed, job), 100)
		checkNoReset(t, prometheus, selector(downloads, job), raised)
	}
}

// checkIncrease waits until the raise of a metric has been scraped a few times
// and compares increase() with it. Prometheus extrapolates what it saw to the
// ends of the window, at each end by at most 1.1 intervals between samples.
func checkIncrease(t *testing.T, p *server, metric string, raise float64) {
	t.Helper()
	const window = "[10m]"
	var values []sample
	waitFor(t, "the raise to be scraped three times", func() error {
		raw, err := p.one(metric+window, time.Now())
		if err != nil {
			return err
		}
		values = raw.Values
		if n := len(values); n < 4 || values[n-3].value-values[0].value != raise {
			return fmt.Errorf("%s: expected a raise of %v three samples ago, got %v", metric, raise, values)
		}
		return nil
	})
	// Asked as of the last of these samples, so that it is about them alone.
	last := values[len(values)-1]
	got, err := p.one("increase("+metric+window+")", time.UnixMilli(int64(math.Round(last.at*1000))))
	if err != nil {
		t.Fatal(err)
	}
	most := raise * (1 + 2.2/float64(len(values)-1))
	if n := got.Value.value; !(n >= raise && n <= most) {
		t.Errorf("increase(%s%s): expected %v to %v over %d samples, got %v", metric, window, raise, most, len(values), n)
	}
}

// checkNoReset looks at the time since the counter was at its highest: it must
// not have moved, for a counter that falls is taken as one that started anew.
func checkNoReset(t *testing.T, p *server, metric string, since time.Time) {
	t.Helper()
	now := time.Now()
	window := fmt.Sprintf("[%dms]", now.Sub(since).Milliseconds())
	for _, c := range []struct {
		expression string
		want       float64
	}{
		{"increase(" + metric + window + ")", 0},
		{"resets(" + metric + "[10m])", 0},
		{metric, 4363460},
	} {
		got, err := p.one(c.expression, now)
		if err != nil {
			t.Error(err)
		} else if got.Value.value != c.want {
			t.Errorf("%s: expected %v, got %v", c.expression, c.want, got.Value.value)
		}
	}
}
