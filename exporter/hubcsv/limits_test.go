package hubcsv

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// repeat is a reader of head and then of text, over and over, until size bytes
// were given.
type repeat struct {
	head, text string
	size, n    int64
}

func (r *repeat) Read(b []byte) (int, error) {
	if r.n >= r.size {
		return 0, io.EOF
	}
	n := 0
	for n < len(b) && r.n < r.size {
		from := r.head
		at := r.n
		if at >= int64(len(r.head)) {
			from, at = r.text, (at-int64(len(r.head)))%int64(len(r.text))
		}
		m := copy(b[n:], from[at:])
		n += m
		r.n += int64(m)
	}
	return n, nil
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestReadBoundsLines(t *testing.T) {
	f := func(what string, r *repeat, want string) {
		t.Helper()
		var got *history.InputErrors
		bytes := allocated(func() { got = refused(t, r, Options{}) })
		if got.Error() != want {
			t.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
		if r.n > 8<<20 {
			t.Errorf("%s: %d bytes were read for a line of at most 1 MiB", what, r.n)
		}
		if bytes > 24<<20 {
			t.Errorf("%s: %d bytes were allocated for a line of at most 1 MiB", what, bytes)
		}
	}
	const (
		size  = 1 << 30
		limit = "expected a line of at most 1048576 bytes, all quotes in it closed, got "
	)
	quote := func(s string) string { return `"` + s[:77] + `..."` }
	as, xs := strings.Repeat("a", 4096), strings.Repeat("x", 4095)+"\n"

	f("one line", &repeat{text: as, size: size}, "x.csv: line 1: "+limit+quote(as))
	f("a line of blanks", &repeat{text: strings.Repeat(" ", 4096), size: size}, "x.csv: line 1: "+limit+quote(strings.Repeat(" ", 77)))
	f("a line behind the header", &repeat{head: Header + "\n", text: as, size: size}, "x.csv: line 2: "+limit+quote(as))
	f("a line behind rows", &repeat{head: Header + "\n" + strings.Repeat("model,a/b,1,2021-01-22,1\n", 60000), text: as, size: size},
		"x.csv: line 60002: "+limit+quote(as))
	f("a quote that is not closed", &repeat{head: Header + "\nmodel,\"a", text: xs, size: size},
		"x.csv: line 2: "+limit+`"model,\"a`+strings.Repeat("x", 69)+`..."`)
	f("a quote in the header that is not closed", &repeat{head: "\"a", text: xs, size: size},
		"x.csv: line 1: "+limit+`"\"a`+strings.Repeat("x", 75)+`..."`)
}

func TestReadMaxLineBytes(t *testing.T) {
	header := Header
	f := func(rows string, longest int, ok bool) {
		t.Helper()
		for _, size := range []int{1, 16, 300, bufferSize} {
			_, err := history.Collect(read(strings.NewReader(header+"\n"+rows), Options{MaxLineBytes: longest}, size))
			if ok != (err == nil) {
				t.Errorf("%q, lines of at most %d, buffers of %d: got error %v", rows, longest, size, err)
			}
		}
	}
	row := "model," + strings.Repeat("n", 100) + ",1,2021-01-22T00:00:00.000Z,1"
	quoted := "model,\"" + strings.Repeat("n", 97) + "\"\"\",1,2021-01-22T00:00:00.000Z,1"
	for _, r := range []string{row, quoted} {
		for _, end := range []string{"", "\n", "\r\n", "\nmodel,n,1,2021-01-22T00:00:00.000Z,1\n"} {
			f(r+end, len(r), true)
			f(r+end, len(r)-1, false)
		}
		f(r+"\n"+r+"\r\n"+r, len(r), true)
		f(r+"\n"+r+"0\n", len(r), false)
	}
	header += ",note"
	for _, note := range []string{"\n", "\r\n", "\n\n\n", strings.Repeat("x", 100) + "\n"} {
		r := row + ",\"" + note + "\""
		f(r, len(r), true)
		f(r+"\n"+r+"\n", len(r), true)
		f(r+"\n", len(r)-1, false)
	}
}

// TestReadMemory reads a text that is far larger than the memory that may be
// used for it.
func TestReadMemory(t *testing.T) {
	rows := 0
	r := &repeat{
		head: Header + "\n",
		text: strings.Repeat("model,org/a,1,2021-01-22T00:00:00.000Z,1\ndataset,\"org/b\",2,2021-01-22T00:00:00.000Z,22\n\n", 40),
		size: 48 << 20,
	}
	r.size -= (r.size - int64(len(r.head))) % int64(len(r.text))
	bytes := allocated(func() {
		for block, err := range Read(r, Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			rows += block.Len()
		}
	})
	if want := int((r.size - int64(len(r.head))) / int64(len(r.text)) * 80); rows != want {
		t.Errorf("read %d rows, want %d", rows, want)
	}
	if bytes > 8<<20 {
		t.Errorf("%d bytes were allocated for a text of %d with two repositories", bytes, r.size)
	}
}

// TestReadMemoryOfSpellings reads repositories with short names and long rows:
// the dictionary grows with the names alone.
func TestReadMemoryOfSpellings(t *testing.T) {
	var text strings.Builder
	text.WriteString(Header + "\n")
	zeros := strings.Repeat("0", 30000)
	for i := range 200 {
		for range 2 {
			fmt.Fprintf(&text, "model,org/%d,%s1,2021-01-22T00:00:00.000Z,1\n", i, zeros)
		}
	}
	rows := 0
	bytes := allocated(func() {
		for block, err := range Read(strings.NewReader(text.String()), Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			rows += block.Len()
		}
	})
	if rows != 400 {
		t.Errorf("read %d rows of 400", rows)
	}
	if bytes > 3<<20 {
		t.Errorf("%d bytes were allocated for 200 short names", bytes)
	}
}

// Lines without text may come between rows, but not without end.
func TestReadBlankLines(t *testing.T) {
	const row = "model,a/b,12,2021-01-22T00:00:00.000Z,4\n"
	f := func(before, blank string, each int, wantErr string) {
		t.Helper()
		n := 0
		endless := readerFunc(func(b []byte) (int, error) {
			if n > 16<<20 {
				return 0, io.EOF
			}
			size := copy(b, strings.Repeat(blank, max(1, min(each, len(b))/len(blank))))
			n += size
			return size, nil
		})
		_, err := history.Collect(Read(io.MultiReader(strings.NewReader(before), endless), Options{SkipBadRows: true}))
		if wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
			t.Errorf("%.60q, then %.60q: got %v, want %q", before, blank, err, wantErr)
		}
		if wantErr != "" && n > 8<<20 {
			t.Errorf("%.60q, then %.60q: %d bytes were read", before, blank, n)
		}
	}
	const want = "expected a row after at most 4194304 bytes of blank lines"
	for _, before := range []string{"", Header + "\n", Header + "\n" + row} {
		f(before, "\n", 64<<10, want)
		f(before, " \t\r\n", 1<<20, want)
	}
	f(Header+"\n"+row, ",,,,\n", 1<<20, want)
	f(Header+"\n"+row, strings.Repeat("\n", 5000)+row, 1<<20, "")
}

func TestReadBrokenReader(t *testing.T) {
	f := func(read func([]byte) (int, error), want string) {
		t.Helper()
		for _, head := range []string{"", Header + "\n"} {
			r := io.MultiReader(iotest.OneByteReader(strings.NewReader(head)), readerFunc(read))
			_, err := history.Collect(Read(r, Options{}))
			if err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("got error %v, want %s", err, want)
			}
		}
	}
	f(func([]byte) (int, error) { return 0, nil }, "multiple Read calls return no data or error")
	f(func([]byte) (int, error) { return -1, nil }, "the reader returned an impossible count of bytes")
	f(func(b []byte) (int, error) { return len(b) + 1, errors.New("x") }, "the reader returned an impossible count of bytes")
}
