package storetest

import (
	"context"
	"os"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Store is what the suite is about: every engine answers and appends.
type Store interface {
	history.Reader
	history.Appender
}

// Run runs every case of the suite, each over stores of its own. open returns an
// empty store and arranges with t.Cleanup for its end.
func Run(t *testing.T, open func(t *testing.T) Store) {
	run(t, open, full)
}

// RunShort runs every case as Run does, some side by side, with fewer appends and random
// histories: for stores that take long. With STORE_FULL_SIZE in the environment, as make
// soak has it, it is Run.
func RunShort(t *testing.T, open func(t *testing.T) Store) {
	if FullSize() {
		Run(t, open)
		return
	}
	run(t, open, short)
}

// FullSize returns whether tests that take long have their full size, as STORE_FULL_SIZE
// in the environment says.
func FullSize() bool { return os.Getenv("STORE_FULL_SIZE") != "" }

func run(t *testing.T, open func(t *testing.T) Store, s sizes) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			if s.parallel {
				t.Parallel()
			}
			c.run(newProbe(t, s, func() Store { return open(t) }))
		})
	}
}

// T is what the cases need of *testing.T, so that a suite that fails can be
// watched by a test.
type T interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// testCase is one case of the suite, or a few that read best together.
type testCase struct {
	name string
	run  func(p *probe)
}

// cases returns the suite, simple cases first.
func cases() []testCase {
	var all []testCase
	for _, part := range [][]testCase{
		basicCases, mergeCases, stateCases, goneCases, inputCases, overviewCases, filterCases,
		reposCases, trendCases, recordsCases, numberCases, streamCases, concurrentCases, randomCases,
	} {
		all = append(all, part...)
	}
	return all
}
