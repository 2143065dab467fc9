package main

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	codeBERT = `huggingface_repo_downloads_total{repo_type="model",org="huggingface",repo="huggingface/CodeBERTa-small-v1"}`
	images   = `huggingface_repo_downloads_total{repo_type="dataset",org="huggingface",repo="huggingface/documentation-images"}`
	sixRows  = header + `model,huggingface/CodeBERTa-small-v1,4362460,2021-01-22T00:00:00.000Z,4
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-23T00:00:00.000Z,7
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-24T00:00:00.000Z,2
dataset,huggingface/documentation-images,2167284,2021-11-27T00:00:00.000Z,3
dataset,huggingface/documentation-images,2167284,2021-11-28T00:00:00.000Z,18
dataset,huggingface/documentation-images,2167284,2021-11-29T00:00:00.000Z,7
`
)

func (r *runner) expectOutput(want string, args ...string) {
	r.Helper()
	if got := r.ok(args...); got != want {
		r.Errorf("%q: got\n%s\nwant\n%s", args, got, want)
	}
}

// The Hub's own example comes out as it came in.
func TestSixRows(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	stdout, stderr, code := r.run(nil, "import", "six.csv")
	if code != 0 || stdout != "six.csv: 6 records, 2 repositories, 6 days: 6 new, 0 changed, 0 unchanged\n" || stderr != "" {
		t.Errorf("import: exit %d, output %q, errors %q", code, stdout, stderr)
	}
	r.expectOutput(sixRows, "export")
	r.expectOutput(sixRows, "export", "--order=repo")
	r.expectOutput(sixRows, "export", "--order=time", "--format=csv", "--output=/dev/stdout")

	before := r.snapshot("data")
	r.expectOutput("six.csv: 6 records, 2 repositories, 6 days: 0 new, 0 changed, 6 unchanged\n", "import", "six.csv")
	r.expectSame("a second import", before)

	s := r.ready()
	s.expectMetric(codeBERT, "4362460")
	s.expectMetric(images, "2167284")
	if code, body := s.get("/api/v1/records"); code != 200 || body != sixRows {
		t.Errorf("/api/v1/records: %d\n%s", code, body)
	}
	if code, body := s.get("/organizations/huggingface/settings/publisher-analytics/download-breakdown"); code != 200 || body != sixRows {
		t.Errorf("the Hub's route: %d\n%s", code, body)
	}
}

// expectSame checks that the files of the store are the ones of before.
func (r *runner) expectSame(when string, before map[string]string) {
	r.Helper()
	after := r.snapshot("data")
	for name, content := range before {
		if now, ok := after[name]; !ok {
			r.Errorf("%s: %s is gone", when, name)
		} else if now != content {
			r.Errorf("%s: %s has changed", when, name)
		}
	}
	for name := range after {
		if _, ok := before[name]; !ok {
			r.Errorf("%s: %s is new", when, name)
		}
	}
}

// What is generated comes back byte for byte, in whatever order, compressed or
// not, from a file or from a pipe.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	generate := []string{"generate", "--repos=40", "--days=120", "--org=acme"}
	other := r.ok(append(generate, "--seed=8")...)
	generate = append(generate, "--seed=7")
	byTime := r.ok(generate...)
	byRepo := r.ok(append(generate, "--order=repo")...)
	lines := strings.SplitAfter(byTime, "\n")
	if byTime == byRepo || len(lines) < 2000 || lines[0] != header {
		t.Fatalf("generate wrote %d lines, the first %q", len(lines), lines[0])
	}
	if other == byTime {
		t.Error("another seed gave the same")
	}
	r.expectOutput(byTime, generate...)

	shuffled := slices.Clone(lines[1 : len(lines)-1])
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })

	f := func(store, stdin string, args ...string) {
		t.Helper()
		_, stderr, code := r.run(strings.NewReader(stdin), append([]string{"import", "--storage.path=" + store}, args...)...)
		if code != 0 {
			t.Errorf("%s: exit %d\n%s", store, code, stderr)
		}
		if r.ok("export", "--storage.path="+store) != byTime {
			t.Errorf("%s: the export by day is not what was imported", store)
		}
		if r.ok("export", "--storage.path="+store, "--order=repo") != byRepo {
			t.Errorf("%s: the export by repository is not what was imported", store)
		}
	}
	r.write("x.csv", byTime, 5)
	r.write("x.csv.gz", gzipped(t, byRepo), 4)
	r.write("x.csv.zst", zstded(t, byTime), 3)
	f("by-time", "", "x.csv")
	f("by-repo", "", "x.csv.gz")
	f("zstd", "", "x.csv.zst")
	f("shuffled", header+strings.Join(shuffled, ""), "-")
	f("gzip-from-a-pipe", gzipped(t, byTime), "-")
	f("one-after-the-other", "", "x.csv.zst", "x.csv", "x.csv.gz")

	half := len(lines) / 2
	r.write("a.csv", strings.Join(lines[:half], ""), 5)
	f("two-halves", header+strings.Join(lines[half:], ""), "a.csv", "-")
	f("again", byTime, "-")
	f("again", "", "x.csv") // older than what is stored
}

// What pandas, Polars and spreadsheets make of an export is read exactly.
func TestImportOfWhatOthersSaved(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	f := func(name, content string) {
		t.Helper()
		stdout, stderr, code := r.run(strings.NewReader(content), "import", "--storage.path="+name, "-")
		if code != 0 || stdout != "standard input: 6 records, 2 repositories, 6 days: 6 new, 0 changed, 0 unchanged\n" || stderr != "" {
			t.Errorf("%s: exit %d, output %q, errors %q", name, code, stdout, stderr)
		}
		r.expectOutput(sixRows, "export", "--storage.path="+name)
	}
	midnight := func(as string) string { return strings.ReplaceAll(sixRows, "T00:00:00.000Z", as) }
	totals := strings.NewReplacer("4362460", "4362460.0", "2167284", "2167284.0")
	f("pandas", totals.Replace(midnight(" 00:00:00+00:00")))
	f("polars", midnight("T00:00:00.000000+0000"))
	f("bigquery", midnight(" 00:00:00 UTC"))
	f("spreadsheet", "\ufeff"+strings.ReplaceAll(midnight(" 00:00"), "\n", "\r\n")+strings.Repeat(",,,,\r\n", 20))
	f("index", ","+strings.ReplaceAll(strings.TrimSuffix(sixRows, "\n"), "\n", "\n7,"))
}

// Bad rows are set aside if that is asked for, as long as they are few, and said.
func TestImportSkipsBadRows(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("bad.csv", sixRows+"model,o/m,9,9999-12-31,1\n", 5)
	r.write("empty.csv", header, 4)
	r.write("totals.csv", header+"model,o/n,12,2024-01-02,2\nmodel,o/n,11,2024-01-01,1\n", 3)
	r.refused(nil, []string{"nothing was stored", "line 8, column timestamp"}, "import", "bad.csv")
	stdout, stderr, code := r.run(nil, "import", "--skip-bad-rows", "bad.csv", "empty.csv", "totals.csv")
	if want := "bad.csv: 6 records, 2 repositories, 6 days: 6 new, 0 changed, 0 unchanged\nempty.csv: 0 records, 0 repositories, 0 days: 0 new, 0 changed, 0 unchanged\n" +
		"totals.csv: 2 records, 1 repository, 2 days: 2 new, 0 changed, 0 unchanged\n"; code != 0 || stdout != want {
		t.Errorf("exit %d, output %q, want %q", code, stdout, want)
	}
	for _, want := range []string{
		"bad.csv: skipped: line 8, column timestamp: expected a day up to ", "bad.csv: skipped 1 row of 7: 1 for future\n",
		"empty.csv: no records: the file has no rows\n",
		"totals.csv: model o/n has totals from 11 to 12; using 12, the total of its newest day, 2024-01-02\n",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("errors %q, want %q", stderr, want)
		}
	}
	r.expectOutput(sixRows, "export", "--org=huggingface")
	if got := r.ok("export", "--org=o"); !strings.Contains(got, "model,o/n,12,2024-01-01T00:00:00.000Z,1\n") {
		t.Errorf("got %s", got)
	}
	r.write("worse.csv", sixRows+"x\ny\n", 2)
	r.refused(nil, []string{"2 of 8 rows are invalid, and at most one of 100 is skipped"}, "import", "--skip-bad-rows", "worse.csv")
}

func TestNewerExportReplacesOlderOne(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	const day = 24 * 60 // in minutes
	r.write("old.csv", header+"model,o/m,1000,2024-01-01,10\nmodel,o/m,1000,2024-01-02,20\n", 3*day)
	newer := header + "model,o/m,900,2024-01-01T00:00:00.000Z,7\nmodel,o/m,900,2024-01-02T00:00:00.000Z,20\nmodel,o/m,900,2024-01-03T00:00:00.000Z,5\n"
	r.write("new.csv", newer, 2*day)

	r.expectOutput("old.csv: 2 records, 1 repository, 2 days: 2 new, 0 changed, 0 unchanged\n", "import", "old.csv")
	r.expectOutput("new.csv: 3 records, 1 repository, 3 days: 1 new, 1 changed, 1 unchanged\n",
		"import", "new.csv")
	r.expectOutput(newer, "export")
	r.write("confirms.csv", newer, day) // the total fell for good
	r.expectOutput("confirms.csv: 3 records, 1 repository, 3 days: 0 new, 0 changed, 3 unchanged; 100 downloads removed by the Hub\n",
		"import", "confirms.csv")

	s := r.ready()
	s.expectMetric(`huggingface_repo_downloads_total{repo_type="model",org="o",repo="o/m"}`, "1000")
	s.expectMetric(`huggingface_repo_downloads_removed_total{repo_type="model",org="o",repo="o/m"}`, "100")

	// The older one does not come back, unless it is said to be newer.
	out := r.ok("import", "old.csv")
	if want := "old.csv: 2 records, 1 repository, 2 days: 0 new, 0 changed, 1 unchanged, 1 outdated"; !strings.HasPrefix(out, want) || !strings.Contains(out, "--as-of") {
		t.Errorf("got %q, want %q and a word about --as-of", out, want)
	}
	r.expectOutput(newer, "export")
	now := time.Now().UTC().Format(time.RFC3339)
	r.expectOutput("old.csv: 2 records, 1 repository, 2 days: 0 new, 1 changed, 1 unchanged\n", "import", "--as-of="+now, "old.csv")
	r.expectOutput(header+"model,o/m,1000,2024-01-01T00:00:00.000Z,10\nmodel,o/m,1000,2024-01-02T00:00:00.000Z,20\n"+
		"model,o/m,1000,2024-01-03T00:00:00.000Z,5\n", "export")
}

// The order in which files are named does not matter.
func TestFilesAreStoredOldestFirst(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("old.csv", header+"model,o/m,1000,2024-01-01,10\n", 60)
	r.write("new.csv", header+"model,o/m,900,2024-01-01,7\n", 30)
	r.expectOutput("old.csv: 1 record, 1 repository, 1 day: 1 new, 0 changed, 0 unchanged\n"+
		"new.csv: 1 record, 1 repository, 1 day: 0 new, 1 changed, 0 unchanged\n",
		"import", "new.csv", "old.csv")
	r.expectOutput(header+"model,o/m,900,2024-01-01T00:00:00.000Z,7\n", "export")
}

func TestAsOfIsChecked(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	for _, bad := range []string{"yesterday", "2024-05-01", "9999-01-01T00:00:00Z"} {
		r.refused(strings.NewReader(sixRows), []string{"--as-of: expected a time", bad}, "import", "--as-of="+bad, "-")
	}
	if _, err := os.Stat(r.path("data")); !os.IsNotExist(err) {
		t.Errorf("a store was made: %v", err)
	}
}
