package synthetic

import (
	"io"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// Write writes an export to w as CSV. It returns the error of w, or says what is
// wrong with o; then nothing was written.
func Write(w io.Writer, o Options) error {
	_, err := hubcsv.Write(w, Rows(o))
	return err
}
