// Package exposition is the metrics page: what Prometheus scrapes.
//
// The repositories' part of the page is rendered when data changes, not when it
// is scraped. Rendering makes the Prometheus text format 0.0.4 and OpenMetrics
// 1.0, each plain and gzip, and swaps them in one atomic step, so a scrape
// writes bytes that are already there and neither waits for an update nor holds
// one up. The exporter's own metrics are gathered at each scrape and follow.
//
// The two formats write our samples alike: integers, labels, no timestamps.
// Only HELP and TYPE differ, so the page keeps the samples of a family once for
// both, plain and as raw deflate. A gzip answer is one gzip member put together
// from those pieces and the freshly compressed metrics of the exporter.
//
// The protobuf format, which a Prometheus that takes native histograms prefers,
// is made at most once a change, for the first who asks for it.
package exposition
