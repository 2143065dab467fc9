package hubcsv

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// guarded is a reader that must not be used once its loop has ended.
type guarded struct {
	t     *testing.T
	r     io.Reader
	ended atomic.Bool
}

func (g *guarded) Read(b []byte) (int, error) {
	if g.ended.Load() {
		g.t.Error("the reader is used after the loop has ended")
	}
	n, err := g.r.Read(b)
	if g.ended.Load() {
		g.t.Error("the loop has ended while the reader was used")
	}
	return n, err
}

// TestReadEnds leaves loops in all ways. The bubble of synctest fails if a
// goroutine is left behind.
func TestReadEnds(t *testing.T) {
	row := "model,org/a,1,2021-01-22T00:00:00.000Z,1\n"
	many := 20 << 20 / int64(len(row)) * int64(len(row))
	large := func() *repeat {
		return &repeat{head: Header + "\n", text: row, size: int64(len(Header)+1) + many}
	}
	f := func(what string, text func() io.Reader, loop func(history.RowSeq)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			g := &guarded{t: t, r: text()}
			func() {
				defer func() { _ = recover() }()
				loop(Read(g, Options{}))
			}()
			g.ended.Store(true)
		})
		if t.Failed() {
			t.Fatalf("failed: %s", what)
		}
	}
	leaveAfter := func(blocks int) func(history.RowSeq) {
		return func(rows history.RowSeq) {
			n := 0
			for range rows {
				if n++; n == blocks {
					break
				}
			}
		}
	}
	for _, n := range []int{1, 2, 3, 10, 300} {
		f("left early", func() io.Reader { return large() }, leaveAfter(n))
	}
	f("left at the error", func() io.Reader {
		return io.MultiReader(&repeat{head: Header + "\n", text: row, size: 10 << 20}, strings.NewReader("x\n"), large())
	}, func(rows history.RowSeq) {
		for _, err := range rows {
			if err != nil {
				return
			}
		}
	})
	f("left by a panic", func() io.Reader { return large() }, func(rows history.RowSeq) {
		n := 0
		for range rows {
			if n++; n == 100 {
				panic("the consumer fails")
			}
		}
	})
	f("a small text, left early", func() io.Reader { return strings.NewReader(sixRows) }, leaveAfter(1))
	f("left at a block that a blank line ends", func() io.Reader { return strings.NewReader(Header + "\n" + row + "\n" + row) }, leaveAfter(1))
	f("left at a block that a quoted line end ends", func() io.Reader {
		return strings.NewReader("note," + Header + "\n\"a\nb\"," + row + "," + row)
	}, leaveAfter(1))
	f("a text to its end", func() io.Reader { return large() }, leaveAfter(1<<30))
}

// TestReadEndsAfterRead leaves a loop while the reader blocks: it ends as soon as
// the reader returns, and not before.
func TestReadEndsAfterRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		row := "model,org/a,1,2021-01-22T00:00:00.000Z,1\n"
		blocked, release := make(chan struct{}), make(chan struct{})
		r := io.MultiReader(&repeat{head: Header + "\n", text: row, size: 900 << 10}, readerFunc(func([]byte) (int, error) {
			close(blocked)
			<-release
			return 0, io.EOF
		}))
		var ended atomic.Bool
		go func() {
			n := 0
			for range Read(r, Options{}) {
				if n++; n == 5 { // behind what is read before the goroutines start
					<-blocked
					break
				}
			}
			ended.Store(true)
		}()
		synctest.Wait()
		if ended.Load() {
			t.Error("the loop ended while its reader was in use")
		}
		close(release)
		synctest.Wait()
		if !ended.Load() {
			t.Error("the loop did not end with its reader")
		}
	})
}
