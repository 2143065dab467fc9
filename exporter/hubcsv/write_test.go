package hubcsv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestWrite(t *testing.T) {
	f := func(want string, records ...history.Record) {
		t.Helper()
		var b strings.Builder
		n, err := Write(&b, history.RowsOf(history.Version{}, records...))
		if err != nil {
			t.Errorf("unexpected error %s", err)
		}
		if int(n) != len(records) {
			t.Errorf("wrote %d rows, want %d", n, len(records))
		}
		if got := b.String(); got != Header+"\n"+want {
			t.Errorf("wrote %q, want %q", got, Header+"\n"+want)
		}
	}
	f("")
	f("model,a/b,1,2021-01-22T00:00:00.000Z,4\n", record("model", "a/b", 1, "2021-01-22", 4))
	f("model,a/b,,2021-01-22T00:00:00.000Z,4\n", record("model", "a/b", history.Unknown, "2021-01-22", 4))
	f("model,a/b,0,1970-01-01T00:00:00.000Z,0\nmodel,a/b,0,9999-12-31T00:00:00.000Z,9223372036854775807\n",
		record("model", "a/b", 0, "1970-01-01", 0), record("model", "a/b", 0, "9999-12-31", math.MaxInt64))
	f("model,a,9223372036854775807,2024-02-29T00:00:00.000Z,99999999\nmodel,a,9223372036854775807,2024-03-01T00:00:00.000Z,100000000\n",
		record("model", "a", math.MaxInt64, "2024-02-29", 99999999), record("model", "a", math.MaxInt64, "2024-03-01", 100000000))

	// quotes, only where they are needed
	one := func(name, want string) {
		t.Helper()
		f("model,"+want+",1,2021-01-22T00:00:00.000Z,4\n", record("model", name, 1, "2021-01-22", 4))
	}
	one("a,b", `"a,b"`)
	one(`say "a"`, `"say ""a"""`)
	one("a\nb", "\"a\nb\"")
	one("a\rb", "\"a\rb\"")
	one(" a b ", " a b ")
	one(`\.`, `\.`)
	one("#ü;'\t", "#ü;'\t")
	f("\"ty,pe\",a,1,2021-01-22T00:00:00.000Z,4\n", record("ty,pe", "a", 1, "2021-01-22", 4))
	long := strings.Repeat("n", 1<<20)
	f("model,"+long+",1,2021-01-22T00:00:00.000Z,4\nmodel,"+long+",1,2021-01-23T00:00:00.000Z,5\nmodel,a,1,2021-01-23T00:00:00.000Z,5\n",
		record("model", long, 1, "2021-01-22", 4), record("model", long, 1, "2021-01-23", 5), record("model", "a", 1, "2021-01-23", 5))
}

// TestWriteKeepsBytes reads an export and writes it: the same bytes.
func TestWriteKeepsBytes(t *testing.T) {
	s := newSample(130, 90)
	f := func(text []byte) {
		t.Helper()
		var b bytes.Buffer
		n, err := Write(&b, Read(bytes.NewReader(text), Options{}))
		if err != nil {
			t.Fatal(err)
		}
		if want := bytes.Count(text, lf) - 1; int(n) != want {
			t.Errorf("wrote %d rows of %d", n, want)
		}
		if !bytes.Equal(b.Bytes(), text) {
			t.Errorf("wrote other bytes than were read")
		}
	}
	f([]byte(sixRows))
	f(s.text(s.byRepo))
	f(s.text(s.byDay))
	f(s.text(s.shuffled))
}

// TestWriteAgreesWithEncodingCSV reads what is written with encoding/csv.
func TestWriteAgreesWithEncodingCSV(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	var records []history.Record
	for i := range 20000 {
		records = append(records, history.Record{
			Repo:      history.Repo{Type: "model", Name: fmt.Sprintf(`org/"%d", x`, i%321)},
			Total:     int64(i%321) << (i % 321 % 50),
			Day:       history.Day(r.IntN(int(history.MaxDay) + 1)),
			Downloads: r.Int64() >> r.IntN(63),
		})
	}
	var b bytes.Buffer
	if _, err := Write(&b, history.RowsOf(history.Version{}, records...)); err != nil {
		t.Fatal(err)
	}
	c := csv.NewReader(&b)
	for i := -1; i < len(records); i++ {
		got, err := c.Read()
		if err != nil {
			t.Fatal(err)
		}
		want := columnNames[:]
		if i >= 0 {
			rec := records[i]
			want = []string{string(rec.Repo.Type), rec.Repo.Name, fmt.Sprint(rec.Total),
				rec.Day.Time().Format("2006-01-02T15:04:05.000Z"), fmt.Sprint(rec.Downloads)}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("record %d is %q, want %q", i, got, want)
		}
	}
	if _, err := c.Read(); err != io.EOF {
		t.Errorf("more was written than the records: %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	f := func(rec history.Record, want string) {
		t.Helper()
		var b bytes.Buffer
		w := NewWriter(&b)
		for rows := range history.RowsOf(history.Version{}, record("model", "good", 1, "2021-01-22", 4), rec) {
			if err := w.WriteRows(rows); err == nil || err.Error() != want {
				t.Errorf("got error %v, want %s", err, want)
			}
		}
		if err := w.Flush(); err == nil || err.Error() != want {
			t.Errorf("Flush: got error %v, want %s", err, want)
		}
		if b.Len() > 0 {
			t.Errorf("%q was written all the same", b.String())
		}
	}
	a := record("model", "a/b", 1, "2021-01-22", 4)
	bad := a
	bad.Downloads = -5
	f(bad, "cannot write the record of model a/b on 2021-01-22: expected downloads of 0 or more, got -5")
	bad = a
	bad.Total = -2
	f(bad, "cannot write a record of model a/b: expected a total of 0 or more, got -2")
	for _, d := range []history.Day{-1, history.NoDay, history.MaxDay + 1, math.MaxInt32} {
		bad = a
		bad.Day = d
		f(bad, fmt.Sprintf("cannot write a record of model a/b: expected a day from 1970-01-01 to 9999-12-31, got day %d", d))
	}
}

// TestWriterDictionaries gives one Writer rows of several dictionaries, which
// share memory or not.
func TestWriterDictionaries(t *testing.T) {
	var b strings.Builder
	w := NewWriter(&b)
	var want strings.Builder
	want.WriteString(Header + "\n")
	f := func(repos []history.RepoTotal) {
		t.Helper()
		rows := &history.Rows{Repos: repos}
		for i, r := range repos {
			rows.Append(uint32(i), sampleStart, int64(i))
			fmt.Fprintf(&want, "%s,%s,%d,2021-01-22T00:00:00.000Z,%d\n", r.Repo.Type, r.Repo.Name, r.Total, i)
		}
		if err := w.WriteRows(rows); err != nil {
			t.Fatal(err)
		}
	}
	dict := func(of ...string) (repos []history.RepoTotal) {
		for i, name := range of {
			repos = append(repos, history.RepoTotal{Repo: history.Repo{Type: "model", Name: name}, Total: int64(i)})
		}
		return repos
	}
	a := dict("a", "b", "c", "d")
	f(a[:2])
	f(a[:3])
	f(append(slices.Clone(a), dict("e")...)) // the same, grown and moved
	f(dict("a", "x"))
	f(nil)
	f(dict("x", "a"))
	f(dict("x", "a", "b")[1:])
	other := dict("x", "a")
	f(other)
	other = slices.Clone(other)
	other[1].Total = 77
	f(other)
	f(a)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if b.String() != want.String() {
		t.Errorf("wrote\n%s\nwant\n%s", b.String(), want.String())
	}
}

// failAfter is a writer with room for n bytes.
type failAfter struct{ n, calls int }

var errFull = errors.New("no space left")

func (f *failAfter) Write(b []byte) (int, error) {
	f.calls++
	if f.n -= len(b); f.n < 0 {
		return 0, errFull
	}
	return len(b), nil
}

type shortWriter struct{}

func (shortWriter) Write(b []byte) (int, error) { return len(b) / 2, nil }

func TestWriteErrors(t *testing.T) {
	s := newSample(100, 500)

	// of the writer: it is not asked again
	w := &failAfter{n: 1<<20 + 4096}
	n, err := Write(w, s.rows(s.byRepo))
	if !errors.Is(err, errFull) {
		t.Errorf("got error %v, want %v", err, errFull)
	}
	if n == 0 || n >= 50000 {
		t.Errorf("wrote %d rows", n)
	}
	if w.calls != 5 {
		t.Errorf("the writer with room for four buffers was used %d times", w.calls)
	}
	w = &failAfter{}
	cw := NewWriter(w)
	for range 2 {
		if err := cw.Flush(); !errors.Is(err, errFull) {
			t.Errorf("Flush: got error %v, want %v", err, errFull)
		}
		if err := cw.WriteRows(&history.Rows{}); !errors.Is(err, errFull) {
			t.Errorf("WriteRows: got error %v, want %v", err, errFull)
		}
	}
	if w.calls != 1 {
		t.Errorf("the writer was used %d times, though the first one failed", w.calls)
	}

	// that does less than it was asked to
	if err := NewWriter(shortWriter{}).Flush(); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("Flush: got error %v, want %v", err, io.ErrShortWrite)
	}

	// of the stream: before anything was written, nothing is
	broken := errors.New("no such thing")
	w = &failAfter{n: 1 << 30}
	_, err = Write(w, func(yield func(*history.Rows, error) bool) { yield(nil, broken) })
	if !errors.Is(err, broken) || w.calls > 0 {
		t.Errorf("got error %v and %d writes, want %v and none", err, w.calls, broken)
	}
}

// TestWriteMemory writes more names than are remembered.
func TestWriteMemory(t *testing.T) {
	const repos = 300000
	name := strings.Repeat("n", 90)
	rows := &history.Rows{}
	for i := range repos {
		rows.Repos = append(rows.Repos, history.RepoTotal{Repo: history.Repo{Type: "model", Name: fmt.Sprint(name, i)}, Total: 1})
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	for range 2 {
		for i := range repos {
			rows.Append(uint32(i), sampleStart, 1)
		}
		if err := w.WriteRows(rows); err != nil {
			t.Fatal(err)
		}
		rows.Reset()
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := cap(w.prefixes.text); got < maxPrefixBytes || got > 2*maxPrefixBytes {
		t.Errorf("%d bytes are used to remember names, want about %d", got, maxPrefixBytes)
	}
	i := -1
	for line := range strings.Lines(b.String()) {
		want := fmt.Sprintf("model,%s%d,1,2021-01-22T00:00:00.000Z,1\n", name, i%repos)
		if i >= 0 && line != want {
			t.Fatalf("row %d is %q, want %q", i, line, want)
		}
		i++
	}
	if i != 2*repos {
		t.Errorf("wrote %d rows, want %d", i, 2*repos)
	}
}

func TestWriterOptions(t *testing.T) {
	f := func(o WriterOptions, name, want string) {
		t.Helper()
		var b strings.Builder
		n, err := WriteOptions(&b, history.RowsOf(history.Version{}, record("model", name, 7, "2021-01-22", 4)), o)
		if err != nil || n != 1 || b.String() != want {
			t.Errorf("%+v: wrote %q with %d rows and error %v, want %q", o, b.String(), n, err, want)
		}
	}
	f(WriterOptions{Separator: ','}, "a;b", Header+"\nmodel,a;b,7,2021-01-22T00:00:00.000Z,4\n")
	f(WriterOptions{Separator: ';'}, "a;b", "repoType;repoName;total;timestamp;downloads\nmodel;\"a;b\";7;2021-01-22T00:00:00.000Z;4\n")
	f(WriterOptions{Separator: '\t'}, "a,b", "repoType\trepoName\ttotal\ttimestamp\tdownloads\nmodel\ta,b\t7\t2021-01-22T00:00:00.000Z\t4\n")
	f(WriterOptions{Spreadsheet: true}, "=1", "\ufeff"+Header+"\nmodel,'=1,7,2021-01-22T00:00:00.000Z,4\n")
	f(WriterOptions{Spreadsheet: true}, `@a,"`, "\ufeff"+Header+"\nmodel,\"'@a,\"\"\",7,2021-01-22T00:00:00.000Z,4\n")
	f(WriterOptions{Spreadsheet: true}, "a=1", "\ufeff"+Header+"\nmodel,a=1,7,2021-01-22T00:00:00.000Z,4\n")

	refused := func(separator rune) {
		t.Helper()
		var b strings.Builder
		want := fmt.Sprintf("CSV separator: expected a comma, a semicolon or a tab, got %q", separator)
		_, err := WriteOptions(&b, history.RowsOf(history.Version{}, record("model", "a", 7, "2021-01-22", 4)), WriterOptions{Separator: separator})
		if err == nil || err.Error() != want || b.Len() > 0 {
			t.Errorf("got error %v and %q, want %s", err, b.String(), want)
		}
	}
	refused('"')
	refused('\n')
	refused('1')
	refused('→')
}

// pieces keeps what each Write was given.
type pieces [][]byte

func (p *pieces) Write(b []byte) (int, error) {
	*p = append(*p, bytes.Clone(b))
	return len(b), nil
}

// TestWriteEagerly checks that the first block goes out at once, and the rest in
// pieces of the wanted size.
func TestWriteEagerly(t *testing.T) {
	s := newSample(130, 90)
	const size = 10_000
	var got pieces
	_, err := WriteOptions(&got, func(yield func(*history.Rows, error) bool) {
		for rows, err := range history.RowsOf(history.Version{}, record("model", "a", 7, "2021-01-22", 4)) {
			if !yield(rows, err) {
				return
			}
		}
		if len(got) != 1 {
			t.Errorf("wrote %d pieces after the first block, want 1", len(got))
		}
		for rows, err := range s.rows(s.byRepo) {
			if !yield(rows, err) {
				return
			}
		}
	}, WriterOptions{Eager: true, PieceBytes: size})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range got[1 : len(got)-1] {
		if len(p) < size || len(p) > size+1000 {
			t.Errorf("piece %d has %d bytes, want %d and little more", i+1, len(p), size)
		}
	}
	if want := append([]byte(Header+"\nmodel,a,7,2021-01-22T00:00:00.000Z,4\n"), bytes.TrimPrefix(s.text(s.byRepo), []byte(Header+"\n"))...); !bytes.Equal(bytes.Join(got, nil), want) {
		t.Error("wrote other bytes than were read")
	}
}
