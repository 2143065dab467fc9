package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// hubRow is a row of a snapshot of the Hub, and of more.
type hubRow struct {
	Card      string     `parquet:"cardData"`
	ID        string     `parquet:"id"`
	Author    *string    `parquet:"author,optional,dict"`
	Downloads *float64   `parquet:"downloads,optional"`
	AllTime   uint64     `parquet:"downloadsAllTime"`
	Likes     int32      `parquet:"likes"`
	Date      *time.Time `parquet:"date,optional,timestamp(millisecond)"`
}

// hubFile returns a Parquet file with row groups and pages of a few rows.
func hubFile(t *testing.T, rows []hubRow, group int64, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[hubRow](&b, append([]parquet.WriterOption{
		parquet.MaxRowsPerRowGroup(group), parquet.PageBufferSize(256), parquet.Compression(&parquet.Snappy), parquet.DataPageStatistics(true),
	}, options...)...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll returns all readings of a file of Parquet, a line each.
func readAll(t *testing.T, file []byte, o Options) []string {
	t.Helper()
	got, err := read("x.parquet", string(file), o)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(got), "\n")
}

// What is read with organizations is what is read without, of these organizations: however
// the rows lie, and whichever column tells.
func TestSelectionLosesNothing(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		rows, nulls := make([]hubRow, 1+rng.IntN(3000)), rng.IntN(2) == 0
		for i := range rows {
			org := []string{"acme", "Acme", "b", "c", "zz", "ac"}[rng.IntN(6)]
			if rng.IntN(20) > 0 {
				org = fmt.Sprintf("org-%d", rng.IntN(1+len(rows)/10))
			}
			date := time.Date(2024, 5, 1+rng.IntN(20), rng.IntN(24), 0, 0, 0, time.UTC)
			downloads := float64(rng.IntN(1000))
			rows[i] = hubRow{ID: fmt.Sprintf("%s/m%d", org, i), Author: &org, Downloads: &downloads, AllTime: rng.Uint64N(1e12), Likes: rng.Int32N(9), Date: &date}
			switch {
			case nulls && rng.IntN(50) == 0:
				rows[i].Author = nil
			case rng.IntN(50) == 0:
				rows[i].ID = "https://huggingface.co/datasets/" + rows[i].ID
			case rng.IntN(50) == 0:
				rows[i].Downloads = nil
			}
		}
		if rng.IntN(2) == 0 {
			slices.SortFunc(rows, func(a, b hubRow) int { return strings.Compare(a.ID, b.ID) })
		}
		// A small dictionary is given up in the midst of a row group.
		file := hubFile(t, rows, 1+rng.Int64N(2000), parquet.DictionaryMaxBytes(rng.Int64N(2)*100))
		all := readAll(t, file, options())
		if len(all) != len(rows) {
			t.Fatalf("seed %d: %d readings of %d rows", seed, len(all), len(rows))
		}
		want := slices.DeleteFunc(all, func(line string) bool {
			_, name, _ := strings.Cut(line, " ")
			org, _, _ := strings.Cut(name, "/")
			return !strings.EqualFold(org, "acme") && org != "org-3"
		})
		for _, columns := range []string{"", "org="} {
			if got := readAll(t, file, told(t, columns, "aCmE", "org-3")); !slices.Equal(got, want) {
				t.Errorf("seed %d, columns %q: %d readings, want %d", seed, columns, len(got), len(want))
			}
		}
	}
}

// A row without an organization is not passed over because of those around it, nor is one
// in letters of another case.
func TestSingleRows(t *testing.T) {
	b, upper := "b", "Acme"
	for _, group := range []int64{1, 10} {
		file := hubFile(t, []hubRow{{ID: "b/x", Author: &b}, {ID: "acme/y"}, {ID: "b/z", Author: &b}, {ID: "Acme/u", Author: &upper}}, group)
		o := told(t, "day=", "aCmE")
		o.Day = day("2024-05-31")
		if got, want := readAll(t, file, o), []string{"model acme/y 2024-05-31 0 - 0", "model Acme/u 2024-05-31 0 - 0"}; !slices.Equal(got, want) {
			t.Errorf("groups of %d rows: got %q, want %q", group, got, want)
		}
	}
}

// countingFile counts what is read of a file.
type countingFile struct {
	*bytes.Reader
	n atomic.Int64
}

func (c *countingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(p, off)
	c.n.Add(int64(n))
	return n, err
}

// Of a file only what is asked for is read: the columns of readings, and of these the row
// groups that the organizations may be in, by the least and greatest value or the dictionary.
func TestLittleIsRead(t *testing.T) {
	const n = 60_000
	rows := make([]hubRow, n)
	card := strings.Repeat("x", 100)
	for i := range rows {
		org := fmt.Sprintf("org-%05d", i/10)
		rows[i] = hubRow{Card: fmt.Sprintf("%s%d", card, i), ID: fmt.Sprintf("%s/m%d", org, i), Author: &org, AllTime: uint64(i) * 7919, Likes: 1}
	}
	f := func(what string, rows []hubRow, group int64, columns string, most float64) {
		t.Helper()
		file := hubFile(t, rows, group, parquet.PageBufferSize(32<<10), parquet.Compression(&parquet.Uncompressed))
		o := told(t, columns, "org-01234")
		o.Day = day("2024-05-31")
		c := &countingFile{Reader: bytes.NewReader(file)}
		got := 0
		for _, err := range Parquet(c, int64(len(file)), "x.parquet", o, func(int) {}) {
			if err != nil {
				t.Fatal(err)
			}
			got++
		}
		if part := float64(c.n.Load()) / float64(len(file)); got != 10 || part > most {
			t.Errorf("%s: %d readings, want 10; %.2f of the file were read, want at most %.2f", what, got, part, most)
		}
	}
	f("sorted, by author", rows, n/20, "day=", 0.02)
	f("sorted, by name", rows, n/20, "day=,org=", 0.045)
	f("sorted, in one row group", rows, n, "day=", 0.09)
	// In no order, the least and the greatest author tell nothing, the dictionary does.
	shuffled := slices.Clone(rows)
	for g := range 20 {
		part := shuffled[g*n/20 : (g+1)*n/20]
		first, last := "aaa", "zzz"
		part[0].Author, part[1].Author = &first, &last
		part[0].ID, part[1].ID = "aaa/x", "zzz/x"
	}
	f("by the dictionary", shuffled, n/20, "day=", 0.033)
	f("by each name", shuffled, n/20, "day=,org=", 0.14)
}

func TestParquetTypes(t *testing.T) {
	type row struct {
		ID    string    `parquet:"id"`
		Type  string    `parquet:"repo_type,enum"`
		Total float32   `parquet:"total"`
		Likes uint32    `parquet:"likes"`
		Day   time.Time `parquet:"day,timestamp(nanosecond)"`
	}
	var b bytes.Buffer
	err := parquet.Write(&b, []row{
		{"o/a", "models", 3, 1<<32 - 1, time.Date(2024, 5, 31, 0, 0, 0, 0, time.UTC)},
		{"o/b", "dataset", 0, 2, time.Date(2024, 5, 31, 6, 7, 8, 9000, time.UTC)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"model o/a 2024-05-31 3 - 4294967295", "dataset o/b 2024-05-31T06:07:08.000009Z 0 - 2"}
	if got := readAll(t, b.Bytes(), options()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParquetFaults(t *testing.T) {
	f := func(rows any, o Options, want string) {
		t.Helper()
		var b bytes.Buffer
		w := parquet.NewWriter(&b, parquet.SchemaOf(rows))
		if err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		o.Day = day("2024-05-31")
		if _, err := read("x.parquet", b.String(), o); err == nil || err.Error() != want {
			t.Errorf("%T: got %v, want %s", rows, err, want)
		}
	}
	type nested struct {
		Name struct {
			Org string `parquet:"org"`
		} `parquet:"id"`
		Likes int64 `parquet:"likes"`
	}
	f(&nested{}, options(), `x.parquet: column id: expected a column of strings, numbers, or times, got "a group of columns"`)
	type list struct {
		ID    string  `parquet:"id"`
		Likes []int64 `parquet:"likes"`
	}
	f(&list{}, options(), `x.parquet: column likes: expected a column of strings, numbers, or times, got "lists"`)
	type numbers struct {
		ID    int64 `parquet:"id"`
		Likes int64 `parquet:"likes"`
	}
	f(&numbers{}, options(), `x.parquet: column id: expected a column of strings, got "INT(64,true)"`)
	type fraction struct {
		ID    string  `parquet:"id"`
		Likes float64 `parquet:"likes"`
	}
	f(&fraction{"o/a", 1.5}, options(), `x.parquet: row 1, column likes: expected a whole number from 0 to 9223372036854775807, got "1.5"; counts are integers: was it saved by a spreadsheet?`)
	f(&fraction{"o/a", -1}, options(), `x.parquet: row 1, column likes: expected a whole number from 0 to 9223372036854775807, got "-1"`)
	type other struct {
		Name string `parquet:"name"`
	}
	f(&other{}, options(), `x.parquet: expected a column with the names of the repositories: id, or another one with --columns=repo=NAME, got "[name]"`)
}

// failingOnce is a file one read of which the operating system fails.
type failingOnce struct {
	*bytes.Reader
	at, reads int
}

func (f *failingOnce) ReadAt(b []byte, off int64) (int, error) {
	if f.reads++; f.reads == f.at {
		return 0, &fs.PathError{Op: "read", Path: "x.parquet", Err: syscall.EIO}
	}
	return f.Reader.ReadAt(b, off)
}

// A read that fails is the fault of no file.
func TestParquetReadErrors(t *testing.T) {
	org, date := "acme", time.Date(2024, 5, 31, 0, 0, 0, 0, time.UTC)
	file := hubFile(t, slices.Repeat([]hubRow{{ID: "acme/a", Author: &org, Likes: 1, Date: &date}}, 200), 50)
	o := told(t, "", "acme")
	for at := 1; ; at++ {
		r := &failingOnce{Reader: bytes.NewReader(file), at: at}
		var err error
		read := 0
		for _, err = range Parquet(r, int64(len(file)), "x.parquet", o, func(int) {}) {
			read++
		}
		if r.reads < at {
			if at < 5 {
				t.Errorf("only %d reads failed", at-1)
			}
			return
		}
		if err == nil && read == 200 {
			continue // a look at a dictionary failed, without which all is read
		}
		if !errors.Is(err, syscall.EIO) || strings.Contains(err.Error(), "expected") {
			t.Errorf("read %d failed: got %v", at, err)
		}
	}
}

// A damaged file is an error, and never a panic.
func TestDamagedParquet(t *testing.T) {
	org := "acme"
	file := hubFile(t, slices.Repeat([]hubRow{{ID: "acme/a", Author: &org, Likes: 1}}, 200), 50)
	o := told(t, "", "acme")
	o.Day = day("2024-05-31")
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		damaged := slices.Clone(file)
		for range 1 + rng.IntN(3) {
			damaged[4+rng.IntN(len(file)-4)] = byte(rng.IntN(256))
		}
		read := 0
		for _, err := range Parquet(bytes.NewReader(damaged), int64(len(damaged)), "x.parquet", o, func(int) {}) {
			if err == nil {
				read++
			} else if !strings.HasPrefix(err.Error(), "x.parquet: ") {
				t.Fatalf("expected an error that names the file, got %v", err)
			}
		}
		if read > 200 {
			t.Errorf("%d readings of 200 rows", read)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, text := range []string{
		`[{"id":"o/a","downloads":1,"likes":2}]`, `{"id":"o/a","downloadsAllTime":"7","day":"2024-05-31"}`, "id,downloads,day\no/a,1,2024-05-31\n",
		"date,o/a,b\n2024-05-31,1,\n", "\ufeff\"id\",likes\n", "[[]]", "{", "id;likes",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, wide bool) {
		o := options()
		o.Day, o.Orgs = day("2024-05-31"), []string{"o"}
		if wide {
			o.Wide = "total"
		}
		failed := false
		for r, err := range Text(io.LimitReader(strings.NewReader(text), 1<<20), "x", o) {
			switch {
			case failed:
				t.Fatal("a reading after an error")
			case err != nil:
				failed = true
				if !strings.HasPrefix(err.Error(), "x: ") {
					t.Errorf("expected an error that names the file, got %v", err)
				}
			case !strings.EqualFold(r.Repo.Org(), "o") || r.Repo.Type == "" || r.AsOf <= 0 || history.DayOf(r.AsOf.Time()) > o.LastDay ||
				r.Total < history.Unknown || r.LastMonth < history.Unknown || r.Likes < history.Unknown ||
				r.Total == history.Unknown && r.LastMonth == history.Unknown && r.Likes == history.Unknown:
				t.Errorf("a reading %+v", r)
			}
		}
	})
}
