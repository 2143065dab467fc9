package server

import (
	"bytes"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
)

func TestBadges(t *testing.T) {
	h := New(apitest.StoreOf(t, apitest.SixRows()), named("r1"))
	const bert = wire.BadgeRoute + "?repo=huggingface/CodeBERTa-small-v1"
	f := func(target, contentType, want string) {
		t.Helper()
		resp := do(h, http.MethodGet, target)
		body := bodyOf(t, resp)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != contentType || !strings.Contains(body, want) {
			t.Errorf("%s: got %d, %s, want %s with %s\n%s", target, resp.StatusCode, resp.Header.Get("Content-Type"), contentType, want, body)
		}
		if got := resp.Header.Get("Cache-Control"); got != "max-age=300" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %v", target, resp.Header)
		}
		if policy := resp.Header.Get("Content-Security-Policy"); strings.HasPrefix(contentType, "image/svg") != (policy == picturePolicy) {
			t.Errorf("%s: got the policy %q", target, policy)
		}
		again := do(h, http.MethodGet, target, "If-None-Match", resp.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || again.Header.Get("Cache-Control") != "max-age=300" {
			t.Errorf("%s again: got %d, %v", target, again.StatusCode, again.Header)
		}
	}
	const svg, json = "image/svg+xml; charset=utf-8", "application/json"
	f(bert, json, `{"schemaVersion":1,"label":"downloads","message":"4.4M","color":"blue"}`)
	f(bert+"&label=all&color=4C1", json, `{"schemaVersion":1,"label":"all","message":"4.4M","color":"4c1"}`)
	f(bert+"&label=", json, `"label":"","message":"4.4M"`)
	f(bert+"&period=last_month", json, `"message":"0/month"`)
	f(bert+"&from=2021-01-22&to=2021-01-23", json, `"message":"11"`)
	f(wire.BadgeRoute+"?org=huggingface", json, `"message":"6.5M"`)
	f(wire.BadgeRoute+"?org=huggingface&repo_type=dataset&period=last_month", json, `"message":"28/month"`)
	f(bert+"&format=svg&label=%3Cb%3E", svg, "<title>&lt;b&gt;: 4.4M</title>")
	f(bert+"&format=png", "image/png", "PNG")
	// An image of a status other than 200 is not shown.
	f(wire.BadgeRoute+"?repo=huggingface/none", json, `"message":"not found","color":"red","isError":true`)
	f(wire.BadgeRoute+"?repo=huggingface/none&format=svg&color=blue", svg, "not found")
	f(wire.BadgeRoute+"?org=x&format=png", "image/png", "PNG")
	f(wire.ChartSVGRoute+"?org=huggingface", svg, "Downloads by week")
	f(wire.ChartSVGRoute+"?org=huggingface&title=A%26B&theme=dark", svg, `A&amp;B, Jan 22, 2021 to Nov 29, 2021, by week: 41`)
	f(wire.ChartSVGRoute+"?org=x", svg, "No daily downloads")
	f(wire.ChartPNGRoute+"?org=huggingface", "image/png", "PNG")

	bad := func(target, want string) {
		t.Helper()
		resp := do(h, http.MethodGet, target)
		if body := bodyOf(t, resp); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, want) || resp.Header.Get("Content-Type") != json ||
			resp.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: got %d, %v\n%s", target, resp.StatusCode, resp.Header, body)
		}
	}
	bad(bert+"&color=%23fff", `"field":"color"`)
	bad(bert+"&format=gif", `expected json, svg or png, got \"gif\"`)
	bad(bert+"&scale=4", `"field":"scale"`)
	bad(bert+"&label=a&label=b", `"field":"label"`)
	bad(bert+"&label="+strings.Repeat("x", 65), "at most 64 characters")
	bad(bert+"&label=%00", `"field":"label"`)
	bad(bert+"&label=%E3%83%80&format=png", "the font of PNG pictures")
	bad(wire.ChartPNGRoute+"?title=%E3%83%80", `"field":"title"`)
	bad(wire.ChartSVGRoute+"?theme=blue", "expected light or dark")
	bad(wire.ChartSVGRoute+"?width=1601", "from 240 to 1600")
	bad(wire.ChartSVGRoute+"?height=119", "from 120 to 800")
	bad(wire.ChartSVGRoute+"?format=png", `"field":"format"`)
	bad(wire.ChartPNGRoute+"?scale=3", "from 1 to 2")
}

// The sizes are those that were asked for.
func TestSizesOfPictures(t *testing.T) {
	h := New(apitest.StoreOf(t, apitest.SixRows()), named("r1"))
	f := func(target string, width, height int) {
		t.Helper()
		c, err := png.DecodeConfig(bytes.NewReader([]byte(bodyOf(t, do(h, http.MethodGet, target)))))
		if err != nil || c.Width != width || c.Height != height {
			t.Errorf("%s: got %+v, %v, want %d x %d", target, c, err, width, height)
		}
	}
	f(wire.ChartPNGRoute, 800, 300)
	f(wire.ChartPNGRoute+"?width=240&height=120&scale=2", 480, 240)
	small, err := png.DecodeConfig(strings.NewReader(bodyOf(t, do(h, http.MethodGet, wire.BadgeRoute+"?format=png"))))
	if err != nil || small.Height != 20 {
		t.Fatalf("%+v, %v", small, err)
	}
	f(wire.BadgeRoute+"?format=png&scale=3", 3*small.Width, 60)
}
