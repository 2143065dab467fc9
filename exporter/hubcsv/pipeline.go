package hubcsv

import (
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

const (
	// chunksAhead is how many buffers are filled between the one that is read into and
	// the one that is parsed, to even the two out.
	chunksAhead = 1
	// blocksAhead is how many blocks wait likewise.
	blocksAhead = 2
)

// pipeline reads and parses what follows chunk c, in a goroutine each, and
// yields the blocks. It returns whether there is somebody to take more, and the
// error that ends the stream. Both goroutines have ended when it returns.
func (p *parser) pipeline(s *source, c chunk, yield func(*history.Rows, error) bool) (more bool, err error) {
	chunks := parallel.Ahead(s.rest(c), chunksAhead)
	var failed error // set before blocks ends
	blocks := parallel.Ahead(func(yield func(*history.Rows) bool) {
		turns, n := [blocksAhead + 2]*history.Rows{p.rows}, 0
		for i := range turns[1:] {
			turns[1+i] = newBlock(p.rows.Version)
		}
		p.emit = func(r *history.Rows) *history.Rows {
			if !yield(r) {
				return nil
			}
			n++
			return renew(turns[n%len(turns)])
		}
		for c := range chunks {
			if failed = p.take(c); failed != nil || p.rows == nil {
				return
			}
		}
	}, blocksAhead)
	for r := range blocks {
		if !yield(r, nil) {
			return false, nil
		}
	}
	return true, failed
}
