package main

import (
	"io"
	"os"
	"strings"
	"testing"
)

// endless gives n times the same byte.
type endless struct {
	b byte
	n int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	m := int(min(int64(len(p)), e.n))
	for i := range m {
		p[i] = e.b
	}
	e.n -= int64(m)
	return m, nil
}

// Whatever is wrong with an input: the error says what and where, the exit code
// is 1, and the store is as it was.
func TestBadInputChangesNothing(t *testing.T) {
	t.Parallel()
	const row = "model,o/m,9,2024-01-01T00:00:00.000Z,1\n"
	r := newRunner(t)
	r.write("good.csv", sixRows, 5)
	r.write("other.csv", header+row, 4)
	r.ok("import", "good.csv")
	before := r.snapshot("data")

	f := func(name, content string, want ...string) {
		t.Helper()
		r.write(name, content, 1)
		want = append(want, "nothing was stored", name)
		r.refused(nil, want, "import", name)
		r.expectSame(name, before)
		// Nothing of the good ones beside it is stored either.
		r.refused(nil, want, "import", "other.csv", name)
		r.expectSame("other.csv and "+name, before)
	}
	f("empty.csv", "", "line 1", "header")
	f("semicolons.csv", strings.ReplaceAll(header+row, ",", ";"), "line 1", "not semicolons", "saved by a spreadsheet?")
	f("mac.csv", strings.ReplaceAll(header+row, "\n", "\r"), "line 1", "lines that end with only CR")
	f("fraction.csv", header+"model,o/m,9,2024-01-01,40.5\n", "line 2", "column downloads", `"40.5"`, "saved by a spreadsheet?")
	f("scientific.csv", header+"model,o/m,4.36E+06,2024-01-01,4\n", "line 2", "column total", `"4.36E+06"`, "saved by a spreadsheet?")
	f("time.csv", header+"model,o/m,9,2024-01-01 00:00:01,4\n", "line 2", "column timestamp", "saved by a spreadsheet")
	f("future.csv", header+row+"model,o/m,9,2926-01-01,1\n", "line 3", "column timestamp", "in the future")
	f("page.csv", "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "line 1", "<!DOCTYPE html>")
	f("missing-column.csv", "repoType,repoName,timestamp,downloads\nmodel,o/m,2024-01-01,1\n", "line 1", "total")
	f("date.csv", header+row+"model,o/m,9,2024-02-30,1\n", "line 3", "column timestamp", "2024-02-30")
	f("negative.csv", header+"model,o/m,9,2024-01-01,-1\n", "line 2", "column downloads", `"-1"`)
	f("overflow.csv", header+"model,o/m,9,2024-01-01,9223372036854775808\n", "line 2", "column downloads", "9223372036854775808")
	f("total-overflow.csv", header+"model,o/m,99999999999999999999,2024-01-01,1\n", "line 2", "column total", "99999999999999999999")
	f("ragged.csv", header+row+"model,o/m,9\n", "line 3")
	f("nul.csv", header+"model,o/\x00m,9,2024-01-01,1\n", "line 2")
	f("nul-only.csv", strings.Repeat("\x00", 5000))
	f("cut.csv.gz", gzipped(t, header+strings.Repeat(row, 100))[:60], "ends too early")
	f("cut.csv.zst", zstded(t, header+strings.Repeat(row, 100))[:60], "ends too early")
	f("not.csv.gz", header+row, "expected a gzip file")
	f("conflict.csv", header+row+"model,o/n,9,2024-01-01,1\nmodel,o/m,9,2024-01-01,2\n", "line 4", "line 2", `"2"`)
	f("many.csv", header+strings.Repeat("model,o/m,9,2024-01-01,x\n", 25), "line 2", "line 11", "and 15 more")

	r.refused(nil, []string{"none.csv"}, "import", "none.csv")
	r.refused(nil, []string{"directory"}, "import", "data")
	r.refused(nil, []string{`got ""`}, "import", "")
	r.refused(nil, []string{"twice"}, "import", "-", "-")
	r.refused(nil, []string{"required argument 'file'"}, "import")
	r.refused(strings.NewReader(""), []string{"standard input", "line 1"}, "import", "-")
	r.expectSame("names that are wrong", before)
}

// A line that never ends is refused in little memory and time.
func TestLineOfGigabyte(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	for _, stdin := range []io.Reader{
		&endless{'x', 1 << 30},
		io.MultiReader(strings.NewReader(header), &endless{'x', 1 << 30}),
		io.MultiReader(strings.NewReader(header+`model,"`), &endless{'\n', 1 << 30}),
	} {
		cmd := r.command("import", "-")
		var errs strings.Builder
		cmd.Stdin, cmd.Stderr = stdin, &errs
		// The error of Wait may be that of our own writing: the exit code tells.
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(errs.String(), "standard input: line") {
			t.Errorf("exit %d\n%s", code, errs.String())
		}
		if len(errs.String()) > 1000 {
			t.Errorf("an error of %d bytes", len(errs.String()))
		}
		if mb := peakMemory(cmd.ProcessState) >> 20; mb > 400 {
			t.Errorf("took %d MB", mb)
		}
	}
	if _, err := os.Stat(r.path("data")); !os.IsNotExist(err) {
		t.Errorf("a store was made: %v", err)
	}
}

// A file in the store that is damaged or none of ours is named, and everything
// is left as it is.
func TestForeignFileInStore(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	s := r.ready()
	name := r.write("data/records/notes.parquet", "not a Parquet file", 5)
	before := r.snapshot("data")
	s.until("the failure is counted", func() bool { return s.metric("huggingface_exporter_store_refresh_failures_total") != "0" })
	s.expectMetric(codeBERT, "4362460")
	if !strings.Contains(s.log.String(), "notes.parquet") {
		t.Errorf("the log does not name the file:\n%s", s.log)
	}
	r.refused(nil, []string{"notes.parquet"}, "import", "six.csv")
	r.refused(nil, []string{"notes.parquet"}, "export")
	r.refused(nil, []string{"notes.parquet"}, "overview")
	r.refused(nil, []string{"notes.parquet"}, "serve", "--web.listen-address=127.0.0.1:0")
	r.expectSame("a foreign file", before)

	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	s.until("it recovers", func() bool { return strings.Contains(s.log.String(), "Reading the store works again") })
	r.expectOutput(sixRows, "export")
}

func TestCommandsWithoutStore(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	for _, cmd := range []string{"export", "overview"} {
		r.refused(nil, []string{"expected a stored history in ./data", "--storage.path", progName + " import FILE"}, cmd)
	}
	if left := r.snapshot("."); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	name := r.write("file", "x", 1)
	r.refused(nil, []string{"got the file " + name}, "export", "--storage.path="+name)
}
