package hubcsv

import "github.com/huggingface-exporter/huggingface_exporter/exporter/history"

const (
	// chunksAhead is how many buffers are under way: one is parsed, one is
	// filled, and one between them evens the two out.
	chunksAhead = 3
	// blocksAhead is how many blocks are under way likewise.
	blocksAhead = 4
)

// pipeline reads and parses what follows chunk c, in a goroutine each, and
// yields the blocks. It returns whether there is somebody to take more, and the
// error that ends the stream. Both goroutines have ended when it returns.
func (p *parser) pipeline(s *source, c chunk, yield func(*history.Rows, error) bool) (more bool, err error) {
	stop := make(chan struct{})

	chunks := make(chan chunk, chunksAhead)
	free := make(chan []byte, chunksAhead)
	for range chunksAhead - 1 {
		free <- s.newBuffer()
	}
	line := append([]byte(nil), c.buf[c.end:c.n]...)
	free <- c.buf
	go s.run(line, chunks, free, stop)

	blocks := make(chan *history.Rows, blocksAhead)
	spare := make(chan *history.Rows, blocksAhead)
	for range blocksAhead - 1 {
		spare <- newBlock(p.rows.Version)
	}
	p.emit = func(r *history.Rows) *history.Rows {
		select {
		case blocks <- r:
		case <-stop:
			return nil
		}
		select {
		case r = <-spare:
			return renew(r)
		case <-stop:
			return nil
		}
	}
	var failed error // set before blocks is closed
	go func() {
		defer close(blocks)
		for c := range chunks {
			if failed = p.take(c); failed != nil || p.rows == nil {
				return
			}
			free <- c.buf
		}
	}()

	// However the loop is left, by a panic of its body too, nothing goes on.
	defer func() {
		for range blocks {
		}
		for range chunks {
		}
	}()
	defer close(stop)
	for r := range blocks {
		if !yield(r, nil) {
			return false, nil
		}
		spare <- r
	}
	return true, failed
}
