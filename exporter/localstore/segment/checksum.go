package segment

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
)

// Parquet has checksums of pages alone. Here the key-value metadata holds one of
// the whole file, headers and footer too: CRC-32C over all bytes, those of the
// checksum itself taken as zeros, written as eight hexadecimal digits.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const blankChecksum = "00000000"

// checksumMark is how the entry stands in a footer: its key, then the header and
// the length of its value in Thrift's compact protocol.
var checksumMark = []byte(keyChecksum + "\x18\x08")

// checksumAt returns where in a footer the digits of the checksum begin, -1 if
// it has none.
func checksumAt(footer []byte) int {
	// What else the footer quotes comes before the key-value metadata.
	i := bytes.LastIndex(footer, checksumMark)
	if i < 0 || i+len(checksumMark)+len(blankChecksum) > len(footer) {
		return -1
	}
	return i + len(checksumMark)
}

func putChecksum(b []byte, sum uint32) { copy(b, fmt.Sprintf("%08x", sum)) }

// verify reads the whole file and compares its checksum. tail is the end of the
// file, from the footer on, at is where in it the digits are.
func verify(r io.ReaderAt, size int64, tail []byte, at int, name string) error {
	digits := string(tail[at : at+len(blankChecksum)])
	want, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		return damaged(name, "its checksum is %q instead of eight hexadecimal digits", digits)
	}
	sum := uint32(0)
	body := io.NewSectionReader(r, 0, size-int64(len(tail)))
	buf := make([]byte, min(256<<10, body.Size()))
	for {
		n, err := body.Read(buf)
		sum = crc32.Update(sum, castagnoli, buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	sum = crc32.Update(sum, castagnoli, tail[:at])
	sum = crc32.Update(sum, castagnoli, []byte(blankChecksum))
	sum = crc32.Update(sum, castagnoli, tail[at+len(blankChecksum):])
	if uint32(want) != sum {
		return damaged(name, "its checksum is %08x, its content has %08x", want, sum)
	}
	return nil
}
