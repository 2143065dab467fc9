package segment

import (
	"bytes"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// sealed returns a file with its checksum put right, as a faulty writer's would be:
// without that nothing behind the checksum is ever reached.
func sealed(b []byte) []byte {
	b = slices.Clone(b)
	if at := checksumAt(b); at >= 0 {
		copy(b[at:], blankChecksum)
		putChecksum(b[at:], crc32.Checksum(b, castagnoli))
	}
	return b
}

// maxFuzzed bounds a file: more only takes longer.
const maxFuzzed = 64 << 10

// FuzzRecords reads anything as a file of records. It is refused by an error that
// names the file, or its records are such as can be written again.
func FuzzRecords(f *testing.F) {
	v := history.Version{Source: history.Published, AsOf: 1}
	for _, days := range []int{1, 3} { // small ones, which are varied quickly
		var b bytes.Buffer
		if _, err := WriteRecords(&b, newSynthetic(2, days).rows(v)); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte("PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > maxFuzzed {
			return
		}
		b = sealed(b)
		if err := readRecords(b); err != nil {
			named(t, err)
			return
		}
		r, err := newRecords(b, "dir/x.parquet")
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		n, err := WriteRecords(&again, r.All())
		if err != nil || n != r.NumRecords() {
			t.Fatalf("wrote %d records of %d: %v", n, r.NumRecords(), err)
		}
		if err := readRecords(again.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzReadings reads anything as a file of readings. It is refused by an error that names
// the file, or what it holds can be written, and comes back.
func FuzzReadings(f *testing.F) {
	f.Add(readingsFile(f))
	f.Add(writtenReadings(f, someReadings()[:2], ""))
	f.Add(previousFile(f))
	f.Add([]byte("PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > maxFuzzed {
			return
		}
		b = sealed(b)
		if err := readReadings(b); err != nil {
			named(t, err)
			return
		}
		if err := readReadings(writtenReadings(t, collectReadings(t, b), "")); err != nil {
			t.Fatal(err)
		}
	})
}

// named checks that an error names the file.
func named(t *testing.T, err error) {
	t.Helper()
	if !strings.Contains(err.Error(), "dir/x.parquet") {
		t.Fatalf("the error does not name the file: %v", err)
	}
}
