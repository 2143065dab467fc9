package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

var (
	labels        = []string{"repo_type", "org", "repo"}
	downloadsDesc = prometheus.NewDesc("huggingface_repo_downloads_total", "Downloads of a repository.", labels, nil)
	lastMonthDesc = prometheus.NewDesc("huggingface_repo_downloads_last_month", "Downloads of the last 30 days.", labels, nil)
)

// constMetrics is a collector as most exporters have one: it makes a constant
// metric of every number at every scrape.
type constMetrics []history.Counts

func (c constMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- downloadsDesc
	ch <- lastMonthDesc
}

func (c constMetrics) Collect(ch chan<- prometheus.Metric) {
	for i := range c {
		r := &c[i]
		typ, org := string(r.Repo.Type), r.Repo.Org()
		if r.Downloads != history.Unknown {
			ch <- prometheus.MustNewConstMetric(downloadsDesc, prometheus.CounterValue, float64(r.Downloads), typ, org, r.Repo.Name)
		}
		if r.LastMonth != history.Unknown {
			ch <- prometheus.MustNewConstMetric(lastMonthDesc, prometheus.GaugeValue, float64(r.LastMonth), typ, org, r.Repo.Name)
		}
	}
}

// promHandler answers scrapes with client_golang.
func promHandler(counts []history.Counts) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(constMetrics(counts))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}
