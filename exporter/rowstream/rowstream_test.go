package rowstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// encode writes a stream.
func encode(tb testing.TB, rows history.RowSeq) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	for r, err := range rows {
		if err != nil {
			tb.Fatal(err)
		}
		if err := w.WriteRows(r); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// versioned is a record with its version.
type versioned struct {
	history.Record
	history.Version
}

func collect(seq history.RowSeq) (out []versioned, err error) {
	for rows, err := range seq {
		if err != nil {
			return out, err
		}
		for i := range rows.Len() {
			out = append(out, versioned{rows.Record(i), rows.Version})
		}
	}
	return out, nil
}

// oddRows is a stream of blocks with all that a block may hold.
func oddRows(seed uint64) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var rows history.Rows
		for range rnd.IntN(20) {
			rows.Reset()
			for range rnd.IntN(3) {
				rows.Repos = append(rows.Repos, history.RepoTotal{
					Repo:  history.Repo{Type: []history.RepoType{"model", "dataset", "", "été"}[rnd.IntN(4)], Name: strings.Repeat("x/", rnd.IntN(3)) + fmt.Sprint(len(rows.Repos))},
					Total: []int64{history.Unknown, 0, 1, math.MaxInt64, rnd.Int64()}[rnd.IntN(5)],
				})
			}
			if rnd.IntN(2) == 0 {
				rows.Version = history.Version{Source: history.Source(rnd.IntN(4)), AsOf: history.AsOf(rnd.Uint64())}
			}
			if len(rows.Repos) > 0 {
				for range rnd.IntN(200) {
					rows.Append(uint32(rnd.IntN(len(rows.Repos))),
						[]history.Day{history.MinDay, history.MaxDay, 20000, history.Day(rnd.IntN(int(history.MaxDay) + 1))}[rnd.IntN(4)],
						[]int64{0, 1, 127, 128, math.MaxInt64, rnd.Int64()}[rnd.IntN(6)])
				}
			}
			if !yield(&rows, nil) {
				return
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	f := func(name string, rows history.RowSeq) {
		t.Helper()
		want, err := collect(rows)
		if err != nil {
			t.Fatal(err)
		}
		text := encode(t, rows)
		for how, r := range map[string]io.Reader{"at once": bytes.NewReader(text), "byte by byte": iotest.OneByteReader(bytes.NewReader(text))} {
			got, err := collect(Read(r))
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, %s: expected the %d records that were written, got %d, %v", name, how, len(want), len(got), err)
			}
		}
	}
	f("none", func(func(*history.Rows, error) bool) {})
	for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
		f(order.String(), synthetic.Rows(synthetic.Options{Repos: 20, Days: 100, Seed: 5, Order: order}))
	}
	for seed := range uint64(20) {
		f(fmt.Sprint("odd ", seed), oddRows(seed))
	}
}

// What a record takes is why there is the format at all.
func TestSize(t *testing.T) {
	for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
		rows := synthetic.Rows(synthetic.Options{Repos: 100, Days: 100, Seed: 5, Order: order})
		all, err := collect(rows)
		if err != nil {
			t.Fatal(err)
		}
		if perRecord := float64(len(encode(t, rows))) / float64(len(all)); perRecord > 5 {
			t.Errorf("%s: expected at most 5 bytes a record, got %.2f", order, perRecord)
		}
	}
}

// Wherever a stream is cut, its end is missed.
func TestCut(t *testing.T) {
	text := encode(t, oddRows(3))
	for n := range text {
		if _, err := collect(Read(bytes.NewReader(text[:n]))); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d of %d bytes: expected %v, got %v", n, len(text), io.ErrUnexpectedEOF, err)
		}
	}
	broken := errors.New("connection reset")
	if _, err := collect(Read(io.MultiReader(bytes.NewReader(text[:len(text)-3]), iotest.ErrReader(broken)))); !errors.Is(err, broken) {
		t.Errorf("expected the error of the reader, got %v", err)
	}
}

func TestFaults(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := collect(Read(strings.NewReader(text)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: expected an error with %s, got %v", text, want, err)
		}
	}
	// A block of one record: size, rows, one entry, version, repo, day, downloads.
	const entry = "\x01\x05model\x03a/b\x08"
	block := func(body string) string { return magic + string(rune(len(body))) + body + "\x00\x01" }
	f("<html>login</html>", `byte 0: expected "HFXROWS\x01", got "<html>lo"`)
	f("HFXROWS\x02", `byte 0: expected "HFXROWS\x01", got "HFXROWS\x02"`)
	f(magic+"\x00\x02", "byte 10: expected the number of rows before, 0, got 2")
	f(magic+"\x00\x00more", `expected the end of the stream, got "m"`)
	f(magic+"\xff\xff\xff\xff\x7f", "expected a block of at most 67108864 bytes, got 34359738367")
	f(magic+strings.Repeat("\xff", 10), "expected a number of 64 bits, got a larger one")
	f(block("\x00\x00\x00"), "byte 10: expected as many rows as a block of its size has, got 0")
	f(block("\x7f"+entry+"\x04\x02\x00\x00\x05"), "expected as many rows as a block of its size has, got 127")
	f(block("\x01"+entry+"\x00\x00\x00\x05"), "expected a version in the first block, got none")
	f(block("\x01"+entry+"\x05\x02\x00\x00\x05"), "expected a source, got 4")
	f(block("\x01"+entry+"\x04\x02\x02\x00\x05"), "expected the index of a repository from 0 to 0, got 1")
	f(block("\x01"+entry+"\x04\x02\x00\x01\x05"), "expected a day from 0 to 2932896, got -1")
	f(block("\x01"+entry+"\x04\x02\x00\x00\xff"), "expected downloads, got the end of the block")
	f(block("\x01"+entry+"\x04\x02\x00\x00\x05\x05"), "expected the end of the block, got 1 bytes more")
	f(block("\x01\x01\x7fmodel"), "expected a repository type, got a text of 127 bytes in 5")
	f(block("\x01\x01\x05model"), "expected the length of a repository name, got the end of the block")
}

// The number of bytes that a fault is at is that of the stream.
func TestFaultPosition(t *testing.T) {
	text := encode(t, oddRows(7))
	f := func(at int) {
		t.Helper()
		_, err := collect(Read(bytes.NewReader(append(slices.Clip(text[:at]), "\x02\x00\x00"...))))
		if want := fmt.Sprintf("byte %d: ", at+2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected an error with %s, got %v", want, err)
		}
	}
	f(len(magic))
	f(len(text) - 3) // in place of the end
}

func TestWriterRefuses(t *testing.T) {
	w := NewWriter(io.Discard)
	rows := history.Rows{Repos: []history.RepoTotal{{}}}
	rows.Append(0, 1, -5)
	if err := w.WriteRows(&rows); err == nil || !strings.Contains(err.Error(), "expected downloads from 0 up, got -5") {
		t.Errorf("unexpected %v", err)
	}
	failing := errors.New("no more room")
	w = NewWriter(writerFunc(func([]byte) (int, error) { return 0, failing }))
	rows.Downloads[0] = 5
	if err := w.WriteRows(&rows); !errors.Is(err, failing) {
		t.Errorf("expected %v, got %v", failing, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// A stream that is read to its end is what Writer makes of its rows.
func FuzzRead(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(encode(f, oddRows(seed)))
	}
	f.Add([]byte(magic + "\x0e\x01\x01\x05model\x03a/b\x08\x04\x02\x00\x00\x05\x00\x01"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := collect(Read(bytes.NewReader(text)))
		if err != nil {
			return
		}
		again, err := collect(Read(bytes.NewReader(encode(t, Read(bytes.NewReader(text))))))
		if err != nil || !slices.Equal(again, rows) {
			t.Fatalf("expected %v, got %v, %v", rows, again, err)
		}
	})
}

func BenchmarkRows(b *testing.B) {
	for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
		var blocks []*history.Rows
		n := 0
		for rows := range synthetic.Rows(synthetic.Options{Repos: 1000, Days: 500, Seed: 5, Order: order}) {
			c := *rows
			c.Repo, c.Day, c.Downloads = slices.Clone(rows.Repo), slices.Clone(rows.Day), slices.Clone(rows.Downloads)
			blocks = append(blocks, &c)
			n += c.Len()
		}
		all := func(yield func(*history.Rows, error) bool) {
			for _, r := range blocks {
				if !yield(r, nil) {
					return
				}
			}
		}
		text := encode(b, all)
		perRow := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
		}
		b.Run("write/"+order.String(), func(b *testing.B) {
			for b.Loop() {
				w := NewWriter(io.Discard)
				for _, r := range blocks {
					if err := w.WriteRows(r); err != nil {
						b.Fatal(err)
					}
				}
			}
			perRow(b)
		})
		b.Run("read/"+order.String(), func(b *testing.B) {
			for b.Loop() {
				drain(b, Read(bytes.NewReader(text)))
			}
			perRow(b)
		})
	}
}

func drain(b *testing.B, seq history.RowSeq) {
	for _, err := range seq {
		if err != nil {
			b.Fatal(err)
		}
	}
}
