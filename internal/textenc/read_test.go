package textenc

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestRead8(t *testing.T) {
	f := func(text string, want uint64, wantDigits int) {
		t.Helper()
		b := []byte(text + "\n.......")
		if v, n := Read8(b); n != wantDigits || v != want {
			t.Errorf("Read8(%q) = %d, %d, want %d of %d digits", text, v, n, want, wantDigits)
		}
	}
	f("", 0, 0)
	f("0", 0, 1)
	f("7", 7, 1)
	f("007", 7, 3)
	f("1234567", 1234567, 7)
	f("12345678", 12345678, 8)
	f("99999999", 99999999, 8)
	f("123456789012", 12345678, 8)
	f(strings.Repeat("0", 30), 0, 8)
	r := rand.New(rand.NewPCG(1, 1))
	for range 100000 {
		s := strconv.FormatUint(r.Uint64N(1<<r.IntN(57)), 10)
		n := min(len(s), 8)
		v, _ := strconv.ParseUint(s[:n], 10, 64)
		f(s, v, n)
	}
	// Whatever follows the digits ends them.
	for c := range 256 {
		if '0' <= c && c <= '9' {
			continue
		}
		for n := range 8 {
			b := []byte("12345678")
			b[n] = byte(c)
			want, _ := strconv.ParseUint("0"+string(b[:n]), 10, 64)
			if v, got := Read8(b); got != n || v != want {
				t.Fatalf("Read8(%q) = %d, %d, want %d, %d", b, v, got, want, n)
			}
		}
	}
}

func TestPutDecimal(t *testing.T) {
	var b [20]byte
	f := func(v uint64) {
		t.Helper()
		n := PutDecimal(b[:], v)
		if got, want := string(b[:n]), strconv.FormatUint(v, 10); got != want {
			t.Fatalf("PutDecimal(%d) wrote %q", v, got)
		}
	}
	for v := range uint64(20000) {
		f(v)
		f(v * 5000)
		f(99999999 - v)
	}
	for p := uint64(1); p < 1e19; p *= 10 {
		f(p)
		f(p - 1)
		f(p + 1)
		f(9 * p)
	}
	f(math.MaxUint64)
	r := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		f(r.Uint64() >> r.IntN(64))
	}
}

func TestShort(t *testing.T) {
	f := func(n int64, want string) {
		t.Helper()
		if got := Short(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	f(0, "0")
	f(7, "7")
	f(999, "999")
	f(1000, "1k")
	f(1049, "1k")
	f(1051, "1.1k")
	f(9949, "9.9k")
	f(9951, "10k")
	f(12_345, "12k")
	f(999_499, "999k")
	f(999_500, "1M")
	f(1_234_567, "1.2M")
	f(4_362_460, "4.4M")
	f(123_456_789, "123M")
	f(1_000_000_000, "1B")
	f(2_500_000_000_000, "2.5T")
	f(1_000_000_000_000_000, "1000T")
	f(math.MaxInt64, "9223372T")
}
