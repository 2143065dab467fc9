package httpx

import (
	"strings"
	"testing"
	"unicode"
)

func TestRedact(t *testing.T) {
	f := func(secret, text, want string) {
		t.Helper()
		if got := Redact(text, "<x>", secret, ""); got != want {
			t.Errorf("%q without %q: expected %q, got %q", text, secret, want, got)
		}
	}
	f("", "nothing", "nothing")
	f("hf_secretsecret", "nothing", "nothing")
	f("s3cret", "a s3cret, b S3cret", "a <x>, b <x>")
	f("s3cret", "s3cre", "s3cre")
	f("a!b?", "a!b? ab", "<x> ab") // too short to be looked for in other spellings

	const secret = "hf_AbCdEfGhIjKlMn"
	f(secret, "a "+secret+" b "+secret+"!", "a <x> b <x>!")
	f(secret, strings.ToUpper(secret), "<x>")
	f(secret, "cut off: hf_AbCdEfG, and hf_AbCdE", "cut off: <x>, and hf_AbCdE")
	f(secret, "without its start: fGhIjKlMn.", "without its start: <x>.")
	f(secret, "a part: cDefghIj", "a part: <x>")
	f(secret, "hf_Ab Cd-Ef\nGh.Ij\u200bKl Mn", "<x>")
	f(secret, "h%66_%41bCdEfGhIjKl%4dn&x", "<x>&x")
	f(secret, "hf%2541bCdEfGhIjKlMn", "<x>")
	f(secret, "hf&#95;&#65;b&#x43;dEfGhIj&shy;KlMn;", "<x>;")
	f(secret, "hf&amp;#95;AbCd&amp;#69;fGhIjKlMn.", "<x>.")
	f(secret, `hf_\u0041bCdEf\x47hIjKlMn`, "<x>")
	f(secret, "hf_AbCdEXX", "hf_AbCdEXX") // another one
	f("a+b/cdefg=", "?token=a%2Bb%2Fcdefg%3D&x", "?token=<x>%3D&x")
	f("Grüße", "Grüße GRÜSSE Gr%C3%BC%C3%9Fe", "<x> GRÜSSE <x>")
	f(secret, "100% of &c; %zz &#xffffffff; \\u12", "100% of &c; %zz &#xffffffff; \\u12")
}

// Whatever stands beside a secret, nothing of it is left, and no text is made of it.
func FuzzRedact(f *testing.F) {
	f.Add("a ", "&#x26;#37;41%", "hf_secretsecret")
	f.Fuzz(func(t *testing.T, before, between, secret string) {
		text := before + " " + secret + " " + between + " " + strings.ToUpper(secret)
		got := Redact(text, "", secret)
		letters := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, secret)
		if len(letters) >= gram && len(letters) == len(secret) && strings.Contains(got, secret) || len(got) > len(text) {
			t.Errorf("%q without %q: got %q", text, secret, got)
		}
	})
}
