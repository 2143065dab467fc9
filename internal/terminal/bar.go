package terminal

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Is reports whether a file is a terminal.
func Is(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// Bar shows how far something came, on a terminal only. A nil Bar shows nothing.
type Bar struct{ bar *progressbar.ProgressBar }

// NewBar returns a bar of total steps, nil if w is no terminal. It is drawn ten times a
// second at most.
func NewBar(w *os.File, what string, total int) *Bar {
	return newBar(w, what, int64(total), progressbar.OptionShowCount())
}

// NewBytesBar returns a bar of total bytes, -1 if their number is not known, nil if w is no
// terminal.
func NewBytesBar(w *os.File, what string, total int64) *Bar {
	return newBar(w, what, total, progressbar.OptionShowBytes(true), progressbar.OptionUseIECUnits(true))
}

func newBar(w *os.File, what string, total int64, options ...progressbar.Option) *Bar {
	if !Is(w) {
		return nil
	}
	return &Bar{progressbar.NewOptions64(total, append(options,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine that draws when all is done
		progressbar.OptionClearOnFinish(),
	)...)}
}

// Step counts one more.
func (b *Bar) Step() { b.Add(1) }

// Add counts n more.
func (b *Bar) Add(n int) {
	if b != nil {
		_ = b.bar.Add(n)
	}
}

// Write counts bytes, and never fails: more may come than was announced.
func (b *Bar) Write(p []byte) (int, error) {
	b.Add(len(p))
	return len(p), nil
}

// Reader counts what is read from r.
func (b *Bar) Reader(r io.Reader) io.Reader {
	if b == nil {
		return r
	}
	return io.TeeReader(r, b)
}

// Done takes the bar off the terminal, wherever it is. It may be called again.
func (b *Bar) Done() {
	if b != nil {
		_ = b.bar.Clear()
		_ = b.bar.Exit()
	}
}
