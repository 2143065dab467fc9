package httpx

import (
	"testing"
)

func TestMatchTag(t *testing.T) {
	f := func(header, want string) {
		t.Helper()
		if got := matchTag(header, "abc"); got != want {
			t.Errorf("%s: expected %q, got %q", header, want, got)
		}
	}
	f(``, ``)
	f(`"abc"`, `abc`)
	f(`W/"abc"`, `abc`)
	f(`"abc-gzip"`, `abc-gzip`)
	f(`"x", "y","abc"`, `abc`)
	f(`"x" ,	W/"abc-gzip" , "y"`, `abc-gzip`)
	f(`"a,b", "abc"`, `abc`)
	f(`*`, `abc`)
	f(` *`, `abc`)
	f(`abc`, ``)
	f(`"abcd"`, ``)
	f(`"ab"`, ``)
	f(`"abc`, ``)
	f(`"x" y "abc"`, ``)
	f(`w/"abc"`, ``)
	f(`"x,abc"`, ``)
	f(`,,"abc"`, `abc`)
}
