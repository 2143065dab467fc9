// Package dashboards holds the Grafana dashboards, the provisioning of Grafana
// and the rules of Prometheus that belong to the exporter: docs/dashboards.md.
//
// It has no code. Its tests ask of each file what the program that will read it
// asks: the query decoder of the plugin, the parser of PromQL, the metrics page of
// a running exporter, promtool, and a running Prometheus.
package dashboards

import "embed"

// Files are the files as they are shipped: *.json, provisioning and rules.
//
//go:embed *.json provisioning rules
var Files embed.FS
