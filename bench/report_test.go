package main

import (
	"strings"
	"testing"
	"time"
)

func TestTargets(t *testing.T) {
	f := func(v verdict, ratio string, met bool) {
		t.Helper()
		if v.ratio != ratio || v.met != met {
			t.Errorf("expected the ratio %q and met %t, got %q and %t", ratio, met, v.ratio, v.met)
		}
	}
	ms := func(n int) timing { return timing{name: "x", median: time.Duration(n) * time.Millisecond} }
	f(atLeast("", 8, ms(10), ms(80)), "8x", true)
	f(atLeast("", 8, ms(10), ms(79)), "7.9x", false)
	f(within("", 1.5, ms(15), ms(10)), "1.5x its time", true)
	f(within("", 1.5, ms(16), ms(10)), "1.6x its time", false)
	f(atMost("", 3, 3, "bytes"), "", true)
	f(atMost("", 3, 3.01, "bytes"), "", false)
}

func TestFigures(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("expected %q, got %q", want, got)
		}
	}
	f(number(0), "0")
	f(number(2), "2")
	f(number(0.12345), "0.123")
	f(number(12.345), "12.3")
	f(number(100), "100")
	f(number(123456), "123456")
	f(duration(1500*time.Millisecond), "1.5 s")
	f(duration(37*time.Millisecond), "37 ms")
	f(duration(1200*time.Nanosecond), "1.2 µs")
	f(timing{median: 100, least: 99, most: 101}.String(), "0.1 µs")
	f(timing{median: 100 * time.Second, least: 90 * time.Second, most: 120 * time.Second}.String(), "100 s (90 s to 120 s)")
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	v := atMost("memory", 3, 1.8, "bytes a record")
	m := machine{date: "2026-01-02", processor: "a processor", threads: 2}
	if err := writeMarkdown(&b, m, "make bench", []string{"data: little"}, []verdict{v}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Measured on 2026-01-02 with `make bench`:",
		"- machine: a processor, 2 threads",
		"- data: little",
		"| memory | 1.8 bytes a record |  |  |  | at most 3 bytes a record | met |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("expected %q in\n%s", want, b.String())
		}
	}
}
