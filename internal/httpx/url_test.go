package httpx

import (
	"net/url"
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	f := func(s, want, wantErr string) {
		t.Helper()
		u, err := ParseURL(s, "http://localhost:8428", "/route")
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) || strings.Contains(err.Error(), "pa55word") {
				t.Errorf("%q: got %v, %v, expected the error %q", s, u, err, wantErr)
			}
			return
		}
		if err != nil || u.String() != want {
			t.Errorf("%q: got %v, %v, expected %s", s, u, err, want)
		}
	}
	f("http://h:1", "http://h:1/route", "")
	f("https://h/", "https://h/route", "")
	f("http://h/a/b?c=d", "http://h/a/b?c=d", "")
	f("http://h?extra_label=a=b@c", "http://h/route?extra_label=a=b@c", "")
	f("", "", `expected a URL like http://localhost:8428, got ""`)
	f("localhost:8428", "", "expected a URL like")
	f("h/a", "", "expected a URL like")
	f("ftp://h/a", "", "expected a URL like")
	f("http:///a", "", "expected a URL like")
	f("http://h/a#b", "", "without a fragment")
	f("http://me:pa55word@h", "", "without user and password")
	f("http://me:pa55word%@h", "", "without user and password")
	f("http://pa55word@h", "", "without user and password")
}

func TestSameOrigin(t *testing.T) {
	f := func(a, b string, want bool) {
		t.Helper()
		x, errX := url.Parse(a)
		y, errY := url.Parse(b)
		if errX != nil || errY != nil {
			t.Fatal(errX, errY)
		}
		if got := SameOrigin(x, y); got != want {
			t.Errorf("%s and %s: expected %v, got %v", a, b, want, got)
		}
	}
	f("http://h/a", "http://H:80/b", true)
	f("https://h:443", "https://h", true)
	f("http://[::1]:9090", "http://[::1]:9090/x", true)
	f("http://h", "https://h", false)
	f("http://h:80", "https://h:80", false)
	f("http://h", "http://h:8080", false)
	f("http://h", "http://h.example", false)
}

func TestIsThisMachine(t *testing.T) {
	f := func(host string, want bool) {
		t.Helper()
		if got := IsThisMachine(host); got != want {
			t.Errorf("%q: got %t, want %t", host, got, want)
		}
	}
	f("localhost", true)
	f("LocalHost", true)
	f("127.0.0.1", true)
	f("127.1.2.3", true)
	f("::1", true)
	f("victoria", false)
	f("localhost.example.org", false)
	f("10.0.0.1", false)
	f("", false)
}
