package segment

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// newRecords reads a file of records from memory.
func newRecords(b []byte, name string) (*Records, error) {
	f, err := newFile(bytes.NewReader(b), int64(len(b)), name, formatRecords, recordColumns)
	return &Records{f}, err
}

// newReadings reads a file of readings from memory.
func newReadings(b []byte, name string) (*Readings, error) {
	f, err := newFile(bytes.NewReader(b), int64(len(b)), name, formatReadings, allColumns)
	return &Readings{f}, err
}

// readRecords reads a file of records to its end.
func readRecords(b []byte) error {
	r, err := newRecords(b, "dir/x.parquet")
	if err != nil {
		return err
	}
	for _, err := range r.All() {
		if err != nil {
			return err
		}
	}
	return nil
}

// readReadings reads a file of readings to its end.
func readReadings(b []byte) error {
	r, err := newReadings(b, "dir/x.parquet")
	if err != nil {
		return err
	}
	for g := range r.NumGroups() {
		for _, err := range r.Group(g) {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// failingOnce is a file one read of which the operating system fails.
type failingOnce struct {
	*bytes.Reader
	at, reads int
}

func (f *failingOnce) ReadAt(b []byte, off int64) (int, error) {
	if f.reads++; f.reads == f.at {
		return 0, &fs.PathError{Op: "read", Path: "x.parquet", Err: syscall.EIO}
	}
	return f.Reader.ReadAt(b, off)
}

// A read that fails says nothing about the content of a file.
func TestReadErrorsAreNoDamage(t *testing.T) {
	f := func(content []byte, read func(io.ReaderAt) error) {
		t.Helper()
		failed := 0
		for at := 1; ; at++ {
			r := &failingOnce{Reader: bytes.NewReader(content), at: at}
			err := read(r)
			if r.reads < at {
				break
			}
			if !errors.Is(err, syscall.EIO) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrForeign) {
				t.Errorf("read %d failed: got %v", at, err)
			}
			failed++
		}
		if failed < 8 {
			t.Errorf("only %d reads failed", failed)
		}
	}
	records, readings := recordsFile(t), readingsFile(t)
	f(records, func(r io.ReaderAt) error {
		file, err := newFile(r, int64(len(records)), "dir/x.parquet", formatRecords, recordColumns)
		if err != nil {
			return err
		}
		for _, err := range (&Records{file}).All() {
			if err != nil {
				return err
			}
		}
		return nil
	})
	f(readings, func(r io.ReaderAt) error {
		file, err := newFile(r, int64(len(readings)), "dir/x.parquet", formatReadings, allColumns)
		if err != nil {
			return err
		}
		for g := range file.numGroups() {
			for _, err := range (&Readings{file}).Group(g) {
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func recordsFile(t testing.TB) []byte {
	t.Helper()
	s := newSynthetic(5, 60)
	var buf bytes.Buffer
	if _, err := WriteRecords(&buf, s.rows(history.Version{Source: history.Published, AsOf: 1700000000000000})); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func readingsFile(t testing.TB) []byte {
	t.Helper()
	return writtenReadings(t, someReadings(), "y.parquet")
}

// previousFile is a file of metadata that an earlier version wrote.
func previousFile(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../testdata/previous/repos/20261128T091555.789486Z-d765120b4be2.parquet")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// kinds are the kinds of files, each with its reader.
func kinds(t *testing.T, f func(t *testing.T, whole []byte, read func([]byte) error)) {
	t.Run("records", func(t *testing.T) { f(t, recordsFile(t), readRecords) })
	t.Run("readings", func(t *testing.T) { f(t, readingsFile(t), readReadings) })
	t.Run("metadata of an earlier version", func(t *testing.T) { f(t, previousFile(t), readReadings) })
}

// expectFault checks that err names the file and is one of what a file can be.
func expectFault(t *testing.T, what string, at int, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s at %d: no error", what, at)
	}
	if !strings.Contains(err.Error(), "dir/x.parquet") {
		t.Fatalf("%s at %d: the error does not name the file: %v", what, at, err)
	}
	if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrNewer) {
		t.Fatalf("%s at %d: unexpected error: %v", what, at, err)
	}
}

func TestTruncated(t *testing.T) {
	kinds(t, func(t *testing.T, whole []byte, read func([]byte) error) {
		for n := range whole {
			expectFault(t, "cut", n, read(whole[:n]))
		}
		for n := range whole {
			expectFault(t, "beginning cut", n, read(whole[n+1:]))
		}
	})
}

func TestFlippedBytes(t *testing.T) {
	kinds(t, func(t *testing.T, whole []byte, read func([]byte) error) {
		for i := range whole {
			for _, bits := range []byte{1, 0x80, 0xff, whole[i]} {
				if bits == 0 {
					continue
				}
				b := bytes.Clone(whole)
				b[i] ^= bits
				expectFault(t, "flipped byte", i, read(b))
			}
		}
	})
}

// TestWrongWithinTheChecksum damages files and then puts the checksum right, as a
// faulty writer would. Whatever the library makes of them, it must not panic.
func TestWrongWithinTheChecksum(t *testing.T) {
	kinds(t, func(t *testing.T, whole []byte, read func([]byte) error) {
		faults := 0
		for i := range whole {
			b := bytes.Clone(whole)
			b[i] ^= []byte{1, 0x90, 0xff}[i%3]
			at := checksumAt(b)
			if at < 0 {
				continue
			}
			copy(b[at:], blankChecksum)
			putChecksum(b[at:], crc32.Checksum(b, castagnoli))
			if err := read(b); err != nil {
				faults++
				expectFault(t, "wrong byte", i, err)
			}
		}
		if faults < len(whole)/2 {
			t.Errorf("expected most of %d wrong bytes to be seen, got %d", len(whole), faults)
		}
	})
}

func TestNotOurs(t *testing.T) {
	type other struct {
		RepoType string `parquet:"repo_type"`
	}
	var foreignParquet bytes.Buffer
	w := parquet.NewGenericWriter[other](&foreignParquet)
	if _, err := w.Write([]other{{"model"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	relabeled := func(b []byte, old, new string) []byte {
		b = bytes.Replace(b, []byte(old), []byte(new), 1)
		at := checksumAt(b)
		copy(b[at:], blankChecksum)
		putChecksum(b[at:], crc32.Checksum(b, castagnoli))
		return b
	}
	records := recordsFile(t)

	f := func(name string, content []byte, kind error, want string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			err := readRecords(content)
			if !errors.Is(err, kind) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "dir/x.parquet is ") {
				t.Errorf("expected an error of kind %q with %q, got %v", kind, want, err)
			}
		})
	}
	f("empty", nil, ErrDamaged, "it is empty")
	f("text", []byte("repoType,repoName,total,timestamp,downloads\n"), ErrForeign, `starts with "PAR1", got "repo"`)
	f("short text", []byte("no"), ErrForeign, `got "no"`)
	f("zeros", make([]byte, 4096), ErrDamaged, "it starts with zeros")
	f("zeros at the end", append(bytes.Clone(records), make([]byte, 512)...), ErrDamaged, "it may be truncated")
	f("a beginning", []byte("PA"), ErrDamaged, "truncated after 2 bytes")
	f("magic only", []byte("PAR1"), ErrDamaged, "truncated after 4 bytes")
	f("a footer larger than the file", []byte("PAR1abcdefgh\xff\xff\xff\xffPAR1"), ErrDamaged, "4294967295 bytes of 20")
	f("another program's", foreignParquet.Bytes(), ErrForeign, "a Parquet file without the metadata huggingface_exporter.format")
	f("readings", readingsFile(t), ErrForeign, `expected a file of records, got one of "readings"`)
	f("a later layout", relabeled(records, keyLayout+"\x18\x011", keyLayout+"\x18\x012"), ErrNewer,
		"its layout is 2, the newest that this version reads is 1: upgrade the program")
	f("a layout that is none", relabeled(records, keyLayout+"\x18\x011", keyLayout+"\x18\x01x"), ErrDamaged, `layout is "x"`)
	f("no checksum", bytes.Replace(records, []byte(keyChecksum), []byte(strings.ToUpper(keyChecksum)), 1), ErrDamaged, "its checksum is missing")
	f("not hexadecimal", bytes.Replace(records, records[checksumAt(records):][:8], []byte("checksum"), 1), ErrDamaged, `its checksum is "checksum"`)
}

func TestOpenByName(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.parquet")
	if _, err := OpenRecords(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("expected the error of the operating system, got %v", err)
	}
	if _, err := OpenRecords(dir); !errors.Is(err, ErrForeign) {
		t.Errorf("a directory: got %v", err)
	}
	if err := os.WriteFile(name, recordsFile(t), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRecords(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(collect(t, r.All())); int64(got) != r.NumRecords() || got == 0 {
		t.Errorf("got %d of %d records", got, r.NumRecords())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for _, b := range [][]byte{readingsFile(t), previousFile(t)} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := OpenReadings(name)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, err := range r.Group(0) {
			if got++; err != nil {
				t.Fatal(err)
			}
		}
		if want := len(collectReadings(t, b)); got != want || got == 0 {
			t.Errorf("got %d repositories of %d", got, want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
