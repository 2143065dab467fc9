package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestNextLink(t *testing.T) {
	f := func(want string, values ...string) {
		t.Helper()
		if got := nextLink(values); got != want {
			t.Errorf("%q: expected %q, got %q", values, want, got)
		}
	}
	f("")
	f("", "")
	f("http://h/?a=1", `<http://h/?a=1>; rel="next"`)
	f("http://h/?a=1", `<http://h/?a=1>;rel=next`)
	f("http://h/?a=1", ` <http://h/?a=1> ; REL = "prev NEXT" `)
	f("/b", `</a>; rel="prev", </b>; rel="next", </c>; rel="next"`)
	f("/b", `</a>; rel="prev"`, `</b>; rel="next"`)
	f("/b?x=1,2;3", `</a?x=1,2>; rel="last",</b?x=1,2;3>; rel="next"`)
	f("/b", `</a>; title="a, <b>; rel=next"; rel="prev", </b>; title="say \"next\", ; "; rel="next"`)
	f("", `</a>; title="rel=next"`)
	f("", `</a>; rel="prev"; rel="next"`) // only the first counts
	f("", `</a>; rel="nextest"`)
	f("", `</a; rel="next"`)
	f("", `/a; rel="next"`)
	f("/b", `/a; rel="next", </b>; rel="next"`)
	f("/b", `,,</b>; rel="next"`)
	f("", `</a>; title="never closed; rel="next"`)
}

func FuzzNextLink(f *testing.F) {
	f.Add(`</a>; rel="prev", </b>; title="a, \"b"; rel="next"`)
	f.Add(`<<>>,;=",\`)
	f.Fuzz(func(t *testing.T, s string) {
		got := nextLink([]string{s})
		if !strings.Contains(s, got) {
			t.Errorf("%q: got %q, which is not in it", s, got)
		}
		if strings.ContainsAny(s, `<>",\`) {
			return
		}
		// Anything can stand beside a link without hiding it.
		if got := nextLink([]string{s + `, </b?x=1>; a=";,"; rel="next"`}); got != "/b?x=1" {
			t.Errorf("%q: expected the link after it, got %q", s, got)
		}
	})
}

func TestParseRateLimit(t *testing.T) {
	f := func(limit, policy, want string) {
		t.Helper()
		h := http.Header{}
		for name, value := range map[string]string{"RateLimit": limit, "RateLimit-Policy": policy} {
			if value != "" {
				h.Set(name, value)
			}
		}
		got := ""
		if l, ok := parseRateLimit(h); ok {
			got = fmt.Sprintf("%s r=%d t=%s q=%d w=%s", l.Bucket, l.Remaining, l.Reset, l.Limit, l.Window)
		}
		if got != want {
			t.Errorf("%q, %q:\n got %s\nwant %s", limit, policy, got, want)
		}
	}
	f(`"api";r=489;t=189`, `"fixed window";"api";q=500;w=300`, "api r=489 t=3m9s q=500 w=5m0s")
	f(`"api";r=0;t=55`, ``, "api r=0 t=55s q=0 w=0s")
	f(` "api"; r=7; t=8 `, `"api"; q=500;w=300`, "api r=7 t=8s q=500 w=5m0s")
	f(`api;r=7;t=8;x`, `fixed;q=10`, "api r=7 t=8s q=10 w=0s")
	f(`api;r="7";t=8`, ``, "")
	f(`("api" "pages");r=7;t=8`, ``, "")
	f(`"api" ; r = 7 ; t = 8`, ``, "") // malformed, and so ignored as a whole
	f(`"api";r=9;t=8`, `"fixed window";"api";q=`, "api r=9 t=8s q=0 w=0s")
	f(`"api";r=9;t=8, "pages";r=3;t=7`, `"api";q=10;w=1, "fixed window";"pages";q=11;w=2`, "pages r=3 t=7s q=11 w=2s")
	f(`"api";r=9;t=8`, `"pages";q=10;w=1, "resolvers";q=11;w=2`, "api r=9 t=8s q=0 w=0s")
	f(`"api";r=9;t=99999999`, `"api";q=1;w=99999999`, "api r=9 t=1h0m0s q=1 w=1h0m0s")
	f(`"api";r=9;t=8`, `"api";q=-1;w=-1`, "api r=9 t=8s q=0 w=0s")
	f(`"api";r=9;t=8`, `"api";q=99999999999999`, "api r=9 t=8s q=0 w=0s")
	f(``, `"api";q=500;w=300`, "")
	f(`"api";r=-1;t=5`, ``, "")
	f(`"api";r=1.5;t=5`, ``, "")
	f(`"api";r=99999999999999999999;t=5`, ``, "")
	f(`"api";r=1`, ``, "")
	f(`"api";t=1`, ``, "")
	f(`r=1;t=5`, ``, "")
	f(`"";r=1;t=5`, ``, "")
	f(`"a b";r=1;t=5`, ``, "")
	f(`"`+strings.Repeat("a", 33)+`";r=1;t=5`, ``, "")
	f(`"api`, `"`, "")
}

func FuzzParseRateLimit(f *testing.F) {
	f.Add(`"api";r=489;t=189`, `"fixed window";"api";q=500;w=300`)
	f.Add(`"api";r=9;t=8, "pages";r=3;t=7`, `q=";,\`)
	f.Fuzz(func(t *testing.T, limit, policy string) {
		l, ok := parseRateLimit(http.Header{"Ratelimit": {limit}, "Ratelimit-Policy": {policy}})
		if ok && (l.Remaining < 0 || l.Limit < 0 || l.Reset < 0 || l.Reset > time.Hour || l.Window < 0 || l.Window > time.Hour ||
			l.Bucket == "" || len(l.Bucket) > maxBucket ||
			// A quoted name may have any of its characters behind a backslash.
			!strings.Contains(strings.ReplaceAll(limit, `\`, ""), l.Bucket)) {
			t.Errorf("%q, %q: got %+v", limit, policy, l)
		}
		var b bucket
		now := time.Unix(1e9, 0)
		for i := range 50 {
			if ok && i%7 == 0 {
				b.observe(l, now)
			}
			wait := b.reserve(now)
			if wait < 0 || wait > time.Hour+resetMargin {
				t.Fatalf("%q, %q: expected a wait of at most an hour, got %s", limit, policy, wait)
			}
			now = now.Add(wait)
		}
	})
}

func TestKindOf(t *testing.T) {
	f := func(err error, want Kind) {
		t.Helper()
		if got := KindOf(err); got != want {
			t.Errorf("%v: expected %q, got %q", err, want, got)
		}
	}
	f(nil, "")
	f(ErrNotModified, "")
	f(fmt.Errorf("x: %w", ErrNotModified), "")
	f(context.Canceled, "")
	f(fmt.Errorf("x: %w", context.DeadlineExceeded), KindTimeout)
	f(fmt.Errorf("x: %w", &Error{Kind: KindServer}), KindServer)
	f(errors.New("x"), KindMalformed)
	if n := len(Kinds()); n != 8 {
		t.Errorf("expected every kind, got %d", n)
	}
}

func TestDecodePage(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var got strings.Builder
		err := decodePage(strings.NewReader(text), history.Model, func(l Listing) {
			fmt.Fprintf(&got, "%s %q %d %d %d %v %v %q;", l.Repo.Name, l.HubID, l.Downloads, l.DownloadsAllTime, l.Likes,
				l.Private, l.Disabled, l.Gated)
		})
		if err != nil {
			fmt.Fprintf(&got, "%s", err)
		}
		if got.String() != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got.String(), want)
		}
	}
	f(`[]`, "")
	f(" [ ] \n", "")
	f(`[{"id":"a/b"}]`, `a/b "" -1 -1 -1 false false "";`)
	f(`[{"_id":"65d3","id":"a/b","downloads":1,"downloadsAllTime":2,"likes":3,"private":true,"disabled":true,"gated":"manual"}]`,
		`a/b "65d3" 1 2 3 true true "manual";`)
	f(`[{"_id":null,"id":"gpt2","downloads":null,"downloadsAllTime":null,"likes":null,"private":null,"disabled":null,"gated":null,`+
		`"createdAt":null,"lastModified":null,"tags":["x",{"y":[1]}]}]`, `gpt2 "" -1 -1 -1 false false "";`)
	f(`[{"id":"a","gated":false},{"id":"b","gated":true},{"id":"c","gated":"some day"}]`,
		`a "" -1 -1 -1 false false "";b "" -1 -1 -1 false false "auto";c "" -1 -1 -1 false false "some day";`)
	// 2^53+1 is where floating point begins to be wrong.
	f(`[{"id":"a","downloads":9007199254740993,"downloadsAllTime":9223372036854775807}]`,
		`a "" 9007199254740993 9223372036854775807 -1 false false "";`)
	f(`[{"id":"a/b","createdAt":"some day","lastModified":"2024-02-19T11:06:12.000Z"}]`, `a/b "" -1 -1 -1 false false "";`)

	const whole = "expected a whole number from 0 to 9223372036854775807, got "
	f(`[{"id":"a/b","downloads":-1}]`, "element 1: model a/b, field downloads: "+whole+`"-1"`)
	f(`[{"id":"a/b","downloads":-0}]`, "element 1: model a/b, field downloads: "+whole+`"-0"`)
	f(`[{"id":"a/b","downloadsAllTime":1.5}]`, "element 1: model a/b, field downloadsAllTime: "+whole+`"1.5"`)
	f(`[{"id":"a/b","downloadsAllTime":1e3}]`, "element 1: model a/b, field downloadsAllTime: "+whole+`"1e3"`)
	f(`[{"id":"a/b","likes":9223372036854775808}]`, "element 1: model a/b, field likes: "+whole+`"9223372036854775808"`)
	f(`[{"id":"x"},{"likes":"3","id":"a/b"}]`, `x "" -1 -1 -1 false false "";element 2: model a/b, field likes: `+whole+`"\"3\""`)
	f(`[{"id":"a/b","likes":[1]}]`, "element 1: model a/b, field likes: "+whole+`"[1]"`)
	f(`[{"id":"a/b","private":"yes"}]`, `element 1: model a/b, field private: expected true or false, got "\"yes\""`)
	f(`[{"id":"a/b","disabled":0}]`, `element 1: model a/b, field disabled: expected true or false, got "0"`)
	f(`[{"id":"a/b","gated":1}]`, `element 1: model a/b, field gated: expected false or a string, got "1"`)
	f(`[{"id":"a/b","_id":7}]`, `element 1: model a/b, field _id: expected a string, got "7"`)
	f(`[{"id":"a/b","createdAt":7}]`, `element 1: model a/b, field createdAt: expected a string, got "7"`)
	f(`[{"id":7}]`, `element 1: field id: expected a string, got "7"`)
	f(`[{"id":""}]`, `element 1: field id: expected a name, got none`)
	f(`[{}]`, `element 1: field id: expected a name, got none`)
	f(`[null]`, `element 1: field id: expected a name, got none`)
	f(`[{"id":"o/`+strings.Repeat("x", 255)+`"}]`, `element 1: field id: expected at most 256 bytes, got "o/`+strings.Repeat("x", 78)+`"... (257 bytes)`)
	f(`[{"id":"o/\u0007"}]`, `element 1: field id: expected text without control characters, got "o/\a"`)
	f(`[7]`, `expected a repository as element 1 of the array: got number that ends before byte 3`)
	f(`[{"id":"a"`, `expected a repository as element 1 of the array: unexpected EOF`)
	f(`[{"id":"a"}`, `a "" -1 -1 -1 false false "";expected "]" of a JSON array at byte 11: unexpected EOF`)
	f(`[{"id":"a"},`, `a "" -1 -1 -1 false false "";expected a repository as element 2 of the array: unexpected EOF`)
	f(`[{"id":"a"}}`, `a "" -1 -1 -1 false false "";expected "]" of a JSON array at byte 11: invalid character '}' after array element`)
	f(`{"error":"x"}`, `expected "[" of a JSON array before byte 1, got {`)
	f(``, `expected "[" of a JSON array at byte 0: unexpected EOF`)
	f(`[]]`, `expected nothing after the array: invalid character ']' looking for beginning of value`)
	f(`[] {}`, `expected nothing after the array, got more before byte 4`)

	long := `"` + strings.Repeat("x", 1000) + `"`
	err := decodePage(strings.NewReader(`[{"id":"a/b","likes":`+long+`}]`), history.Model, func(Listing) {})
	if err == nil || len(err.Error()) > 250 {
		t.Errorf("expected an error that quotes a part, got %v", err)
	}
}

func FuzzDecodePage(f *testing.F) {
	f.Add(`[{"_id":"65d3","id":"a/b","downloads":1,"downloadsAllTime":2,"likes":3,"private":true,"gated":"auto","createdAt":"2024-02-19T11:06:12.000Z"}]`)
	f.Add(`[{"id":"a"},{"id":"b","gated":false,"likes":null}]`)
	f.Fuzz(func(t *testing.T, text string) {
		err := decodePage(strings.NewReader(text), history.Dataset, func(l Listing) {
			if l.Repo.Name == "" || l.Repo.Type != history.Dataset ||
				l.Downloads < history.Unknown || l.DownloadsAllTime < history.Unknown || l.Likes < history.Unknown {
				t.Errorf("%s: got %+v", text, l)
			}
		})
		if err == nil && !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "[") {
			t.Errorf("%s: expected an error, got none", text)
		}
	})
}
