// Package prometheustest tests the exporter with a real Prometheus: the program
// as it is built for users serves an imported export, a Prometheus server
// scrapes it, and its answers are compared with what was imported.
//
// The tests need prometheus and promtool in PATH (Debian package prometheus)
// and fail without them; vmalert is in the package victoria-metrics. Everything
// listens on loopback alone.
package prometheustest
