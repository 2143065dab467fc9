package engine

import "testing"

func TestIsThisMachine(t *testing.T) {
	f := func(host string, want bool) {
		t.Helper()
		if got := isThisMachine(host); got != want {
			t.Errorf("%q: got %t, want %t", host, got, want)
		}
	}
	f("localhost", true)
	f("127.0.0.1", true)
	f("127.1.2.3", true)
	f("::1", true)
	f("victoria", false)
	f("localhost.example.org", false)
	f("10.0.0.1", false)
	f("", false)
}
