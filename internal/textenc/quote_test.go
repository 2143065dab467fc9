package textenc

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

func TestQuote(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		if got := Quote(s); got != want {
			t.Errorf("got %s, expected %s", got, want)
		}
	}
	f("", `""`)
	f("a \"b\"\n", `"a \"b\"\n"`)
	x := strings.Repeat("x", 79)
	f(x+"y", `"`+x+`y"`)
	f(x+"yz", `"`+x+`y"... (81 bytes)`)
	f(x+"ü", `"`+x+`"... (81 bytes)`)
	f(strings.Repeat("\xbf", 81), `"`+strings.Repeat(`\xbf`, 76)+`"... (81 bytes)`)
}

func TestAppendGzip(t *testing.T) {
	for _, text := range []string{"", "one", strings.Repeat("line\n", 10_000)} {
		packed := AppendGzip([]byte("before"), []byte(text))
		rest, ok := bytes.CutPrefix(packed, []byte("before"))
		r, err := gzip.NewReader(bytes.NewReader(rest))
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != text {
			t.Errorf("got %d bytes, %v, expected %d", len(got), err, len(text))
		}
	}
}
