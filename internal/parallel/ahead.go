package parallel

import (
	"io"
	"iter"
)

// Ahead returns what seq yields, which runs in a goroutine of its own and may be n
// elements ahead. The goroutine has ended when a loop over the result has, so leaving
// it early waits for the element that is being made. An element stays valid until n+2
// more are made: with so many in turns seq needs no other memory.
func Ahead[T any](seq iter.Seq[T], n int) iter.Seq[T] {
	return func(yield func(T) bool) {
		made, stop := make(chan T, n), make(chan struct{})
		go func() {
			defer close(made)
			for v := range seq {
				select {
				case made <- v:
				case <-stop:
					return
				}
			}
		}()
		// However the loop is left, by a panic of its body too, nothing goes on.
		defer func() {
			close(stop)
			for range made {
			}
		}()
		for v := range made {
			if !yield(v) {
				return
			}
		}
	}
}

// Writer writes texts in a goroutine of its own, so that the next one is made while
// the one before is written.
type Writer struct {
	w io.Writer
	// full has texts to write, free memory to make the next ones in.
	full, free chan []byte
	done       chan struct{}
	err        error // to be read once done is closed
}

// writerBuffers is how many texts are on their way or being made.
const writerBuffers = 3

// NewWriter returns a Writer to w that makes room for texts of size bytes.
func NewWriter(w io.Writer, size int) *Writer {
	b := &Writer{
		w:    w,
		full: make(chan []byte, writerBuffers),
		free: make(chan []byte, writerBuffers),
		done: make(chan struct{}),
	}
	for range writerBuffers - 1 {
		b.free <- make([]byte, 0, size)
	}
	go func() {
		defer close(b.done)
		for text := range b.full {
			if b.err = WriteAll(w, text); b.err != nil {
				return
			}
			b.free <- text[:0]
		}
	}()
	return b
}

// Swap takes a text to write and returns memory for the next one. An error is that of
// a text before.
func (b *Writer) Swap(text []byte) ([]byte, error) {
	b.full <- text // there is room: no more texts are under way than it holds
	select {
	case next := <-b.free:
		return next, nil
	case <-b.done:
		return text[:0], b.err
	}
}

// Close waits until all is written. w is not used any more then.
func (b *Writer) Close() error {
	close(b.full)
	<-b.done
	return b.err
}

// WriteAll writes text to w; a short write is an error.
func WriteAll(w io.Writer, text []byte) error {
	n, err := w.Write(text)
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	return err
}
