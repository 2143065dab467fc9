package hubcsv

import "io"

// behind writes what it is given in a goroutine of its own, so that the next text
// is made while the one before goes out.
type behind struct {
	w io.Writer
	// full has texts to write, free memory to make the next ones in.
	full, free chan []byte
	done       chan struct{}
	err        error // to be read once done is closed
}

// behindBuffers is how many texts are on their way or being made.
const behindBuffers = 3

func startBehind(w io.Writer, size int) *behind {
	b := &behind{
		w:    w,
		full: make(chan []byte, behindBuffers),
		free: make(chan []byte, behindBuffers),
		done: make(chan struct{}),
	}
	for range behindBuffers - 1 {
		b.free <- make([]byte, size)
	}
	go b.run()
	return b
}

func (b *behind) run() {
	defer close(b.done)
	for text := range b.full {
		if b.err = writeAll(b.w, text); b.err != nil {
			return
		}
		b.free <- text[:cap(text)]
	}
}

// swap takes a text to write and returns memory for the next one. An error is that
// of a text before.
func (b *behind) swap(text []byte) ([]byte, error) {
	b.full <- text // there is room: no more texts are under way than it holds
	select {
	case next := <-b.free:
		return next, nil
	case <-b.done:
		return text[:cap(text)], b.err
	}
}

// stop waits until all is written.
func (b *behind) stop() error {
	close(b.full)
	<-b.done
	return b.err
}

func writeAll(w io.Writer, text []byte) error {
	n, err := w.Write(text)
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	return err
}
