// Package victoriatest starts VictoriaMetrics for tests, a single node or a cluster, on
// free ports of this machine.
package victoriatest
