package backfill

import "io"

// behind writes one buffer while the next one is being filled.
type behind struct {
	full chan []byte
	// done has room for one: the buffer that was written last, and how that went.
	done chan written
}

type written struct {
	buf []byte
	err error
}

func startBehind(w io.Writer) *behind {
	b := &behind{full: make(chan []byte), done: make(chan written, 1)}
	b.done <- written{buf: make([]byte, 0, flushSize)}
	go func() {
		for buf := range b.full {
			_, err := w.Write(buf)
			b.done <- written{buf[:0], err}
		}
		close(b.done)
	}()
	return b
}

// swap hands over a buffer to be written and returns an empty one, or the error of
// the buffer before.
func (b *behind) swap(buf []byte) ([]byte, error) {
	last := <-b.done
	if last.err != nil {
		b.done <- last // for stop
		return nil, last.err
	}
	b.full <- buf
	return last.buf, nil
}

// stop waits until all is written and returns the error of the last buffer. The
// writer is not used any more then.
func (b *behind) stop() error {
	close(b.full)
	var err error
	for last := range b.done {
		err = last.err
	}
	return err
}
