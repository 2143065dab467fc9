package terminal

import (
	"math"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestChange(t *testing.T) {
	f := func(now, before int64, hasBefore bool, want string) {
		t.Helper()
		if got := Change(now, before, hasBefore); got != want {
			t.Errorf("%d after %d (%v): got %s, want %s", now, before, hasBefore, got, want)
		}
	}
	f(150, 100, true, "+50.0%")
	f(50, 100, true, "-50.0%")
	f(100, 100, true, "+0.0%")
	f(0, 100, true, "-100.0%")
	f(5, 0, true, "-")
	f(5, 5, false, "-")
}

func TestSparkline(t *testing.T) {
	f := func(want string, trend ...int64) {
		t.Helper()
		if got := Sparkline(trend); got != want {
			t.Errorf("%v: got %q, want %q", trend, got, want)
		}
	}
	f("")
	f("▁", 0)
	f("█", 1)
	f("▁▂▃▄▅▆▇█", 0, 1, 2, 3, 4, 5, 6, 7)
	f("█ ▁", 9, history.Unknown, 0)
	f("  ", history.Unknown, history.Unknown)
	f("█▁", math.MaxInt64, 1)
	f("▁█", 1, math.MaxInt64)
}

func TestTable(t *testing.T) {
	tab := NewTable("<NAME", ">N", "<TREND")
	tab.Add("aä", "1", "▁ ")
	tab.Add("abcdef", "1,000", "")
	check := func(want ...string) {
		t.Helper()
		var b strings.Builder
		if err := tab.Write(&b); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != strings.Join(want, "\n")+"\n" {
			t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
	}
	check(
		"NAME        N  TREND",
		"aä          1  ▁",
		"abcdef  1,000",
	)
	if got := tab.Width(); got != 20 {
		t.Errorf("width %d, want 20", got)
	}
	tab.Shorten(0, 100, 1) // wide enough
	check(
		"NAME        N  TREND",
		"aä          1  ▁",
		"abcdef  1,000",
	)
	tab.Shorten(0, 19, 1)
	check(
		"NAME       N  TREND",
		"aä         1  ▁",
		"abcd…  1,000",
	)
	tab.Shorten(0, 1, 4) // no more than it may
	check(
		"NAME      N  TREND",
		"aä        1  ▁",
		"abc…  1,000",
	)
}

func TestMarkdown(t *testing.T) {
	tab := NewTable("<NAME", ">N")
	tab.Add("org/a_b", "1,000")
	tab.Add(`x|y*<b>&[l](u)`+"`"+`\`, "2")
	var b strings.Builder
	if err := tab.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	want := "| NAME | N |\n|---|---:|\n| org/a\\_b | 1,000 |\n| x\\|y\\*&lt;b>&amp;\\[l\\](u)\\`\\\\ | 2 |\n"
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPrintable(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		if got := Printable(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
	f("org/näme-1.0_x", "org/näme-1.0_x")
	f("org/\x1b[31mred\n\x00", "org/\ufffd[31mred\ufffd\ufffd")
}
