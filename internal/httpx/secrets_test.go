package httpx

import "testing"

func TestRedact(t *testing.T) {
	f := func(start int, secret, text, want string) {
		t.Helper()
		if got := Redact(text, "<x>", start, secret, ""); got != want {
			t.Errorf("%q without %q: expected %q, got %q", text, secret, want, got)
		}
	}
	f(0, "", "nothing", "nothing")
	f(0, "s3cret", "a s3cret, b s3cret", "a <x>, b <x>")
	f(0, "s3cret", "s3cre", "s3cre")
	f(0, "a+b/c=", "?token=a%2Bb%2Fc%3D&x", "?token=<x>&x")
	f(4, "s3cret", "s3cre", "<x>")
	f(4, "s3cret", "s3crex", "<x>x")
	f(8, "s3cret", "s3cret s3cre", "<x> s3cre")
	f(0, "Grüße", "Grüße Gr%C3%BC%C3%9Fe", "<x> <x>")
}
