package main

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

func TestChange(t *testing.T) {
	f := func(now, before int64, hasBefore bool, want string) {
		t.Helper()
		if got := change(now, before, hasBefore); got != want {
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
		if got := sparkline(trend); got != want {
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
	tab := newTable("<NAME", ">N", "<TREND")
	tab.add("aä", "1", "▁ ")
	tab.add("abcdef", "1,000", "")
	check := func(want ...string) {
		t.Helper()
		var b strings.Builder
		if err := tab.write(&b); err != nil {
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
	if got := tab.width(); got != 20 {
		t.Errorf("width %d, want 20", got)
	}
	tab.shorten(0, 100, 1) // wide enough
	check(
		"NAME        N  TREND",
		"aä          1  ▁",
		"abcdef  1,000",
	)
	tab.shorten(0, 19, 1)
	check(
		"NAME       N  TREND",
		"aä         1  ▁",
		"abcd…  1,000",
	)
	tab.shorten(0, 1, 4) // no more than it may
	check(
		"NAME      N  TREND",
		"aä        1  ▁",
		"abc…  1,000",
	)
}

func TestPrintable(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		if got := printable(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
	f("org/näme-1.0_x", "org/näme-1.0_x")
	f("org/\x1b[31mred\n\x00", "org/\ufffd[31mred\ufffd\ufffd")
}

// A narrow terminal gets a coarser trend and shorter names, and no wider lines.
func TestOverviewFitsTheTerminal(t *testing.T) {
	store := memtable.NewStore()
	name := "org/" + strings.Repeat("long-", 15) + "name"
	var records []history.Record
	for day := range history.Day(60) {
		records = append(records, history.Record{Repo: history.Repo{Type: history.Model, Name: name}, Total: 12345678, Day: 19000 + day, Downloads: int64(day)})
	}
	v := history.Version{Source: history.Published, AsOf: 1}
	if _, err := store.Append(t.Context(), history.Batch{Rows: history.RowsOf(v, records...)}); err != nil {
		t.Fatal(err)
	}
	f := func(width, wantLine int, wantEnd string, wantTrend int) {
		t.Helper()
		var b strings.Builder
		if err := writeOverview(t.Context(), &b, store, history.Filter{}, width); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		last := lines[len(lines)-1]
		if n := utf8.RuneCountInString(last); n != wantLine {
			t.Errorf("width %d: a line of %d characters, want %d: %s", width, n, wantLine, last)
		}
		fields := strings.Fields(last)
		if got := fields[1]; !strings.HasPrefix(got, "org/long-") || !strings.HasSuffix(got, wantEnd) {
			t.Errorf("width %d: got name %s, want one that ends in %s", width, got, wantEnd)
		}
		if got := utf8.RuneCountInString(fields[len(fields)-1]); got != wantTrend {
			t.Errorf("width %d: got %d points, want %d: %s", width, got, wantTrend, last)
		}
	}
	f(200, 155, name, 30)
	f(150, 140, "-name", 15) // two days a point
	f(120, 120, "…", 10)
	f(80, 80, "…", 10)
}
