package backfill

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// shown writes samples as "day:value ...".
func shown(at []history.Day, values []int64) string {
	var out []string
	for i, v := range values {
		out = append(out, fmt.Sprintf("%d:%d", at[i], v))
	}
	return strings.Join(out, " ")
}

// always is the span of all samples.
var always = span{history.MinDay, history.MaxDay, history.MaxDay + 1}

func TestCounter(t *testing.T) {
	var c counter // one for all, since its memory is used again
	type days = []history.Day
	f := func(d days, downloads []int64, now int64, s span, want string, clamped bool) {
		t.Helper()
		at, values, below := c.samples(d, downloads, now, s)
		if got := shown(at, values); got != want || below != clamped {
			t.Errorf("%v with %v, now %d: got %q, below zero %v; expected %q, %v", d, downloads, now, got, below, want, clamped)
		}
	}
	// The total may be more than the records: what was before them stays below.
	f(days{10, 11, 12}, []int64{1, 2, 3}, 100, always, "10:94 11:95 12:97 13:100", false)
	f(days{10, 11, 12}, []int64{1, 2, 3}, 6, always, "10:0 11:1 12:3 13:6", false)
	f(days{10}, []int64{7}, 7, always, "10:0 11:7", false)
	f(days{0}, []int64{0}, 0, always, "0:0 1:0", false)
	f(nil, nil, 5, always, "", false)

	// A zero is a sample; an absent day is none, and the next recorded day has one at
	// its start.
	f(days{10, 11, 12}, []int64{1, 0, 3}, 4, always, "10:0 11:1 12:1 13:4", false)
	f(days{10, 13}, []int64{1, 3}, 4, always, "10:0 11:1 13:1 14:4", false)
	f(days{10, 12}, []int64{1, 3}, 4, always, "10:0 11:1 12:1 13:4", false)

	// No total: the sum of the records.
	f(days{10, 12}, []int64{1, 3}, history.Unknown, always, "10:0 11:1 12:1 13:4", false)

	// More downloads than the total: never below zero, never falling.
	f(days{10, 11, 12}, []int64{5, 2, 3}, 4, always, "10:0 11:0 12:1 13:4", true)
	f(days{10, 11, 12}, []int64{5, 0, 3}, 0, always, "10:0 11:0 12:0 13:0", true)
	f(days{10, 11, 12}, []int64{5, 2, 3}, 9, always, "10:0 11:4 12:6 13:9", true)

	// Only some of the days; the others count all the same.
	const end = history.MaxDay + 1
	f(days{10, 11, 12}, []int64{1, 2, 3}, 100, span{11, 11, end}, "11:95 12:97", false)
	f(days{10, 11, 14}, []int64{1, 2, 3}, 100, span{11, 13, end}, "11:95 12:97", false)
	f(days{10, 11, 14}, []int64{1, 2, 3}, 100, span{12, 13, end}, "", false)
	f(days{10, 11}, []int64{1, 2}, history.Unknown, span{11, 11, end}, "11:1 12:3", false)
	// Nothing after a time, the start of a day not either.
	f(days{10, 11, 12}, []int64{1, 2, 3}, 100, span{0, end, 12}, "10:94 11:95 12:97", false)
	f(days{10, 13}, []int64{1, 3}, 4, span{0, end, 13}, "10:0 11:1 13:1", false)
	f(days{10, 13}, []int64{1, 3}, 4, span{0, end, 12}, "10:0 11:1", false)
	f(days{10, 13}, []int64{1, 3}, 4, span{0, end, 9}, "", false)

	// The ends of what a number can be.
	f(days{history.MaxDay - 1, history.MaxDay}, []int64{math.MaxInt64, math.MaxInt64}, math.MaxInt64, always,
		fmt.Sprintf("2932895:0 2932896:0 2932897:%d", math.MaxInt64), true)
	f(days{1, 2}, []int64{math.MaxInt64, math.MaxInt64}, history.Unknown, always,
		fmt.Sprintf("1:0 2:0 3:%d", math.MaxInt64), true)
}

func TestSpan(t *testing.T) {
	at := func(s string) time.Time {
		t.Helper()
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	f := func(from, to history.Day, until string, want span) {
		t.Helper()
		if got := spanOf(from, to, at(until)); got != want {
			t.Errorf("from %s to %s until %s: got %+v, expected %+v", from, to, until, got, want)
		}
	}
	const none, last = history.NoDay, history.MaxDay
	f(none, none, "1970-01-11T00:00:00Z", span{0, last, 10})
	f(none, none, "1970-01-10T23:59:59Z", span{0, last, 9})
	f(none, none, "1970-01-11T01:00:00+02:00", span{0, last, 9})
	f(none, none, "9999-12-31T23:59:59Z", span{0, last, last})
	f(3, 5, "2000-01-01T00:00:00Z", span{3, 5, 10957})
	f(3, none, "1970-01-05T12:00:00Z", span{3, last, 4})
	f(none, 5, "1970-01-05T12:00:00Z", span{0, 5, 4})
}

func TestParseLabels(t *testing.T) {
	f := func(want string, texts ...string) {
		t.Helper()
		labels, err := ParseLabels(texts)
		got := fmt.Sprint(labels)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %s, expected %s", texts, got, want)
		}
	}
	f("[]")
	f("[{job huggingface} {instance localhost:10061}]", "job=huggingface", "instance=localhost:10061")
	f("[{a b=c}]", "a=b=c")
	f(`expected a label like job=huggingface, got "job"`, "job")
	f(`expected a label like job=huggingface, got "=x"`, "=x")
	f(`expected a label like job=huggingface, got "job="`, "job=")
	f(`expected a label like job=huggingface, got "my-job=x"`, "my-job=x")
	f(`expected a label that the series do not already have, got "org=x"`, "org=x")
	f(`expected a label that the series do not already have, got "__name__=x"`, "__name__=x")
	f(`expected each label once, got "a=2" after another a`, "a=1", "b=1", "a=2")
	f(`expected a label with a UTF-8 value, got "a=\xff"`, "a=\xff")
}
