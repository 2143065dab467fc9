package web

import (
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestSparkline(t *testing.T) {
	t.Parallel()
	f := func(want string, points ...int64) {
		t.Helper()
		if got := newSparkline(points).Path; got != want {
			t.Errorf("%v: got %q, want %q", points, got, want)
		}
	}
	f("")
	f("", 5)
	f("M0 23L60 12L120 1", 0, 5, 10)
	f("M0 1M120 1", 10, history.Unknown, 10) // a gap where nothing is known
	f("M0 23L120 23", 0, 0)
}
