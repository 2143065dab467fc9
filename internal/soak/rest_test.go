package soak

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// rest is what a serve holds while nobody asks.
type rest struct {
	resident          int64
	goroutines, files int
}

// memory returns the memory of the process now and at its peak, in bytes.
func (e *exporter) memory() (now, peak int64) {
	e.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.cmd.Process.Pid))
	if err != nil {
		e.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = n << 10
		case "VmHWM":
			peak = n << 10
		}
	}
	return now, peak
}

// atRest looks at what a serve holds, asked by a connection that ends.
func (c *crowd) atRest() rest {
	c.Helper()
	values := series(c.e.get("/metrics"))
	c.e.client.CloseIdleConnections()
	now, _ := c.e.memory()
	return rest{now, int(values["go_goroutines"]), int(values["process_open_fds"])}
}

// settled waits until no more is held than before.
func (c *crowd) settled(before rest) (now rest) {
	c.Helper()
	const slack = 4 // the connection that asks, and one to the Hub for each organization
	waitFor(c.T, fmt.Sprintf("goroutines and files to be as before: %+v", before), c.e.log, func() bool {
		now = c.atRest()
		time.Sleep(100 * time.Millisecond)
		return now.goroutines <= before.goroutines+slack && now.files <= before.files+slack
	})
	return now
}
