package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
)

// runRender renders the metrics page after a change. The exporter makes every
// format, plain and gzip, before anybody asks; client_golang renders when it is
// scraped, in the one format that it is asked for.
func runRender(b *bench) ([]verdict, error) {
	counts, err := pageCounts(b.series)
	if err != nil {
		return nil, err
	}
	page, err := newPage(counts)
	if err != nil {
		return nil, err
	}
	peer := promHandler(counts)
	if err := samePages(page.Handler(), peer, 2*len(counts)); err != nil {
		return nil, err
	}
	scrape := func(gzipped bool) func() error {
		return func() error {
			w := newSink(io.Discard)
			peer.ServeHTTP(w, scrapeRequest("http://localhost/metrics", acceptPrometheus, gzipped))
			if w.status != http.StatusOK {
				return fmt.Errorf("status %d", w.status)
			}
			return nil
		}
	}
	t, err := race(wallTime, b.rounds,
		contestant{name: "exporter", run: func() error { page.Update(slices.Values(counts), exposition.Stored{}); return nil }},
		contestant{name: "client_golang, one scrape with gzip", run: scrape(true)},
		contestant{name: "client_golang, one plain scrape", run: scrape(false)},
	)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("render %s series after a change, all formats", millions(int64(2*len(counts))))
	return []verdict{atLeast(what, 5, t[0], t[1]), atLeast(what, 5, t[0], t[2])}, nil
}
