package hubcsv

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const sixRows = Header + `
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-22T00:00:00.000Z,4
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-23T00:00:00.000Z,7
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-24T00:00:00.000Z,2
dataset,huggingface/documentation-images,2167284,2021-11-27T00:00:00.000Z,3
dataset,huggingface/documentation-images,2167284,2021-11-28T00:00:00.000Z,18
dataset,huggingface/documentation-images,2167284,2021-11-29T00:00:00.000Z,7
`

// seeds adds texts that come near everything the reader does.
func seeds(f *testing.F, add func(text []byte)) {
	add([]byte(sixRows))
	add(nil)
	add([]byte(Header))
	for _, text := range []string{
		"<html>", "r\x00e", "a;b\n", Header + "\rmodel,a,1,2021-01-22,1\r", Header + "\n,,,,\n \"\",,\n",
		Header + "\nmodel,a,1.0,2021-01-22 00:00:00+00:00,4.0\nmodel,a,2,2021-01-23T00:00Z,4\n\nmodel,a,,9999-12-31 T00:00:00.0 UTC,4.5e6",
	} {
		add([]byte(text))
	}
	for seed := range 40 {
		add(newScribe(rand.New(rand.NewPCG(uint64(seed), 9))).text())
	}
}

// FuzzRead compares Read with the reference, for any buffer and line limit.
func FuzzRead(f *testing.F) {
	seeds(f, func(text []byte) {
		f.Add(text, uint16(0), uint16(0))
		f.Add(text, uint16(20), uint16(90))
	})
	f.Fuzz(func(t *testing.T, text []byte, size, longest uint16) {
		compare(t, text, 1+int(longest), 1+int(size))
		compare(t, text, DefaultMaxLineBytes, bufferSize)
	})
}

// FuzzRoundTrip writes what was read and reads it again: the same rows; and
// writes that: the same bytes.
func FuzzRoundTrip(f *testing.F) {
	seeds(f, func(text []byte) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text []byte) {
		was := actual(t, text, Options{MaxLineBytes: DefaultMaxLineBytes}, bufferSize)
		if was.refused {
			return
		}
		records := was.records
		var first, second bytes.Buffer
		n, err := Write(&first, history.RowsOf(history.Version{}, records...))
		if err != nil {
			t.Fatalf("cannot write what was read from %q: %s", text, err)
		}
		if int(n) != len(records) {
			t.Fatalf("wrote %d rows of %d", n, len(records))
		}
		again, err := history.Collect(Read(bytes.NewReader(first.Bytes()), Options{}))
		if err != nil {
			t.Fatalf("cannot read what was written: %s\n%q", err, first.Bytes())
		}
		if !slices.Equal(again, records) {
			t.Fatalf("wrote %v, read %v", records, again)
		}
		if _, err := Write(&second, history.RowsOf(history.Version{}, again...)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("wrote %q, then %q", first.Bytes(), second.Bytes())
		}
	})
}
