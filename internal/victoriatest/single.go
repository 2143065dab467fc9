package victoriatest

import (
	"net/url"
	"testing"
)

// NewSingle starts a single node that keeps its data in dir and samples of any age. Who
// calls it kills it.
func NewSingle(t testing.TB, dir string) (*Node, error) {
	t.Helper()
	return newSingle(program(t, "victoria-metrics"), dir)
}

// NewNewSingle is NewSingle of a version newer than Debian's, without an index by day.
func NewNewSingle(t testing.TB, dir string) (*Node, error) {
	t.Helper()
	return newSingle(tool(t, "victoria-metrics"), dir, "-disablePerDayIndex")
}

func newSingle(path, dir string, args ...string) (*Node, error) {
	addresses, err := freeAddresses(1)
	if err != nil {
		return nil, err
	}
	address := addresses[0]
	n := &Node{URL: "http://" + address, program: path, args: append([]string{
		"-storageDataPath=" + dir, "-httpListenAddr=" + address,
		"-retentionPeriod=100y", "-search.latencyOffset=0s", "-search.disableCache", "-memory.allowedBytes=512MB",
	}, args...)}
	if err := n.Start(); err != nil {
		n.Kill()
		return nil, err
	}
	return n, nil
}

// URL returns a URL that is known to be one.
func URL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}
