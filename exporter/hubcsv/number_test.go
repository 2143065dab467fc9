package hubcsv

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestDigits(t *testing.T) {
	f := func(text string, want uint64, wantDigits int) {
		t.Helper()
		b := []byte(text + "\n.......")
		all := wantDigits
		if all > 18 {
			all = 0
		}
		if v, n := digits(b); n != all || n > 0 && uint64(v) != want {
			t.Errorf("digits(%q) = %d, %d, want %d of %d digits", text, v, n, want, wantDigits)
		}
	}
	f("", 0, 0)
	f("0", 0, 1)
	f("7", 7, 1)
	f("007", 7, 3)
	f("1234567", 1234567, 7)
	f("12345678", 12345678, 8)
	f("99999999", 99999999, 8)
	f("123456789012345678", 123456789012345678, 18)
	f("1234567890123456789", 0, 19)
	f(strings.Repeat("0", 30), 0, 30)
	r := rand.New(rand.NewPCG(1, 1))
	for range 100000 {
		v := r.Uint64N(1 << r.IntN(57))
		s := strconv.FormatUint(v, 10)
		f(s, v, len(s))
	}
	// Whatever follows the digits ends them.
	for c := range 256 {
		if '0' <= c && c <= '9' {
			continue
		}
		for n := range 8 {
			b := []byte("12345678")
			b[n] = byte(c)
			if got := trailingDigits(b); got != 7-n {
				t.Fatalf("trailingDigits(%q) = %d, want %d", b, got, 7-n)
			}
		}
	}
	if got := trailingDigits([]byte("12345678")); got != 8 {
		t.Errorf("trailingDigits of eight digits is %d", got)
	}
}
