package textenc

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/gzip"
)

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for unknown levels only
	return w
}}

// AppendGzip appends text to dst, compressed by gzip for speed.
func AppendGzip(dst, text []byte) []byte {
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	out := bytes.NewBuffer(dst)
	w.Reset(out)
	// Writing into a bytes.Buffer does not fail.
	_, _ = w.Write(text)
	_ = w.Close()
	return out.Bytes()
}
