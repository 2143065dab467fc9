package infile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow bounds the memory that a zstd file can ask for: the window of
// "zstd --long", the largest that zstd itself unpacks without being told to.
const maxZstdWindow = 128 << 20

// sniffBuffer is what is read to look at the first bytes. Larger reads pass it by.
const sniffBuffer = 64 << 10

// The first bytes of compressed files.
var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// decompress returns the text in r, which is plain, gzip or zstd: its first
// bytes tell. A name that ends in .gz or .zst has to tell the truth.
func decompress(name string, r io.Reader) (io.ReadCloser, error) {
	whole := bufio.NewReaderSize(r, sniffBuffer)
	head, err := whole.Peek(len(zstdMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	lower := strings.ToLower(name)
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(whole)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, fmt.Errorf("reading gzip: %w", err)
		}
		return z, nil
	case bytes.HasPrefix(head, zstdMagic):
		z, err := zstd.NewReader(whole, zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, fmt.Errorf("reading zstd: %w", err)
		}
		return z.IOReadCloser(), nil
	case strings.HasSuffix(lower, ".gz"):
		return nil, notCompressed("gzip", head)
	case strings.HasSuffix(lower, ".zst"):
		return nil, notCompressed("zstd", head)
	}
	return io.NopCloser(whole), nil
}

func notCompressed(want string, head []byte) error {
	if len(head) == 0 {
		return fmt.Errorf("expected a %s file according to its name, got an empty one", want)
	}
	return fmt.Errorf("expected a %s file according to its name, got one that starts with %q", want, head)
}
