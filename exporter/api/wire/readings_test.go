package wire

import (
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// What is not a whole answer ends with an error, and not like one.
func TestReadingsThatAreCut(t *testing.T) {
	const row = `{"repo_type":"model","org":"a","repo":"a/x","as_of":"2024-01-01T06:00:00.000000Z","origin":"listing","total":5,"last_month":null,"likes":null}`
	const whole = `{"revision":"r","more":{"rows":[1]},"rows":[` + row + ",\n" + row + "]}\n"
	f := func(text string, limit int64, rows int, want string) {
		t.Helper()
		got := 0
		var err error
		for _, err = range ReadReadings(strings.NewReader(text), limit) {
			if err == nil {
				got++
			}
		}
		if err == nil && want != "" || err != nil && err.Error() != want || got != rows {
			t.Errorf("%s: got %d rows and %v, want %d and %s", text, got, err, rows, want)
		}
	}
	f(whole, 1000, 2, "")
	f(`{"rows":[]}`, 1000, 0, "")
	f(whole[:len(whole)-2], 1000, 2, "unexpected EOF")
	f(whole[:len(whole)-3], 1000, 2, "unexpected EOF")
	f(whole[:len(whole)-30], 1000, 1, "unexpected EOF")
	f("", 1000, 0, "unexpected EOF")
	f("[]", 1000, 0, "expected { in JSON, got [")
	f(`{"row":[]}`, 1000, 0, "expected a member rows, got none")
	f(`{"rows":{}}`, 1000, 0, "expected [ in JSON, got {")
	f(whole+"{}", 1000, 2, "expected <nil> in JSON, got {")
	f(strings.Replace(whole, "listing", "hearsay", 1), 1000, 0, `expected archive, listing, export or listing and export, got "hearsay"`)
	// The limit is of an element, not of all.
	f(`{"rows":[`+strings.Repeat(row+",", 9999)+row+"]}", 10_000, 10_000, "")
	f(`{"rows":[{"repo":"`+strings.Repeat("x", 20_000)+`"}]}`, 10_000, 0, "expected at most 10000 bytes of JSON, got more")
}

func TestReadingsAreReadAsWritten(t *testing.T) {
	repo := history.Repo{Type: history.Dataset, Name: "a/x"}
	of := func(hour, total, lastMonth int64) history.Reading {
		return history.NewReading(repo, history.AsOf(1704067200000000+hour*3600e6), history.Listing, total, lastMonth, history.Unknown)
	}
	// Each adds something else to the last answer of the day.
	for _, other := range []history.Reading{of(9, 50, 7), of(1, 40, 7), of(1, 60, 7), of(1, 50, 9), of(1, history.Unknown, history.Unknown)} {
		want := other.Merge(of(9, 50, 7))
		var b strings.Builder
		if err := WriteReadings(&b, "", func(yield func(history.Reading, error) bool) { yield(want, nil) }); err != nil {
			t.Fatal(err)
		}
		for got, err := range ReadReadings(strings.NewReader(b.String()), 1000) {
			if err != nil || got != want {
				t.Errorf("%s is read as %+v, %v, want %+v", b.String(), got, err, want)
			}
		}
	}
}
