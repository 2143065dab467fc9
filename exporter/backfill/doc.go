// Package backfill makes the history into samples of the counter that /metrics
// shows, for those who keep it elsewhere: as an OpenMetrics file for promtool, as
// import lines for VictoriaMetrics, and as Prometheus remote write.
//
// A recorded day has a sample at each of its two midnights, so that the counter
// grows by its downloads between them. The samples are anchored at the present
// counter: its value at the end of a day is what is shown now, less the downloads
// of the days after. So what is scraped next joins them without a step.
package backfill
