package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a file is read, on a terminal only. A nil progress
// shows nothing.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress returns the progress of reading total bytes, -1 if their number is
// not known; nil if w is no terminal.
func newProgress(w *os.File, name string, total int64) *progress {
	if !isTerminal(w) {
		return nil
	}
	return &progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(name),
		progressbar.OptionShowBytes(true),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine that draws when all is done
		progressbar.OptionClearOnFinish(),
	)}
}

// reader counts what is read from r.
func (p *progress) reader(r io.Reader) io.Reader {
	if p == nil {
		return r
	}
	return io.TeeReader(r, counter{p.bar})
}

// done takes the bar off the terminal, wherever it stands.
func (p *progress) done() {
	if p != nil {
		_ = p.bar.Clear()
		_ = p.bar.Exit()
	}
}

// counter takes the place of the bar's own writer, which would fail the read
// when more comes than was announced.
type counter struct{ bar *progressbar.ProgressBar }

func (c counter) Write(b []byte) (int, error) {
	_ = c.bar.Add(len(b))
	return len(b), nil
}

// steps shows how many of several things are done, on a terminal only. A nil steps
// shows nothing.
type steps struct{ bar *progressbar.ProgressBar }

// newSteps returns the steps of a total, nil if w is no terminal. They may be done quickly:
// the bar is drawn ten times a second at most.
func newSteps(w *os.File, what string, total int) *steps {
	if !isTerminal(w) {
		return nil
	}
	return &steps{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// step counts one more that is done.
func (s *steps) step() {
	if s != nil {
		_ = s.bar.Add(1)
	}
}

// add counts n more.
func (s *steps) add(n int) {
	if s != nil {
		_ = s.bar.Add(n)
	}
}

// done takes the bar off the terminal.
func (s *steps) done() {
	if s != nil {
		_ = s.bar.Clear()
		_ = s.bar.Exit()
	}
}
