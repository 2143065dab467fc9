package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	f := func(want string, args ...string) {
		t.Helper()
		if got := r.ok(args...); !strings.Contains(got, want) {
			t.Errorf("%q: got\n%s\nwant %q in it", args, got, want)
		}
	}
	f("huggingface_exporter, version devel", "--version")
	f("serve* [<flags>]", "--help")
	f("in the order of their modification times", "import", "--help")
	f(`--web.listen-address=:10061`, "serve", "--help")
	r.refused(nil, []string{"--nonsense"}, "serve", "--nonsense")
	r.refused(nil, []string{"nonsense"}, "nonsense")
	r.refused(nil, []string{"must be one of", "nonsense"}, "export", "--order=nonsense")
}

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("good.yaml", "metrics: {max_repos: 5}\n", 1)
	out := r.ok("check-config", "good.yaml")
	for _, want := range []string{"# good.yaml: ok", "max_repos: 5\n", "likes: true\n", "engine: embedded\n", "files: []\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("got\n%s\nwant %q in it", out, want)
		}
	}
	r.write("printed.yaml", out, 1)
	if again := r.ok("check-config", "printed.yaml"); strings.TrimPrefix(again, "# printed.yaml") != strings.TrimPrefix(out, "# good.yaml") {
		t.Errorf("what it prints is another configuration:\n%s", again)
	}
	r.write("bad.yaml", "metrics: {max_repos: x}\nfile: []\n", 1)
	faults := []string{
		`bad.yaml:1: metrics.max_repos: expected a whole number, got "x"`,
		"bad.yaml:2: file: unknown field, expected ",
	}
	r.refused(nil, faults, "check-config", "bad.yaml")
	r.refused(nil, faults, "serve", "--config.file=bad.yaml", "--web.listen-address=127.0.0.1:0")
	r.refused(nil, []string{"none.yaml"}, "check-config", "none.yaml")
	r.refused(nil, []string{"none.yaml"}, "--config.file=none.yaml")
}

func TestGenerateRefusesWhatItCannotMake(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.refused(nil, []string{"repositories", "0"}, "generate", "--repos=0")
	r.refused(nil, []string{"days", "-1"}, "generate", "--days=-1")
	r.refused(nil, []string{"organization", "a/b"}, "generate", "--org=a/b")
	for _, last := range []string{"", "today", "2025-02-30", "1970-01-01"} {
		r.refused(nil, []string{"--last", strconv.Quote(last)}, "generate", "--last="+last)
	}
}

func TestGenerateUpToADay(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	f := func(last, want string) {
		t.Helper()
		out := r.ok("generate", "--repos=1", "--days=3", "--last="+last)
		if !strings.Contains(out, ","+want+"T00:00:00.000Z,") {
			t.Errorf("--last=%s: expected a record of %s, got\n%s", last, want, out)
		}
	}
	f("2024-02-29", "2024-02-29")
	before := history.DayOf(time.Now())
	out := r.ok("generate", "--repos=1", "--days=1", "--last=yesterday")
	if after := history.DayOf(time.Now()); !strings.Contains(out, (before-1).String()) && !strings.Contains(out, (after-1).String()) {
		t.Errorf("expected a record of the day before %s, got\n%s", before, out)
	}
}

func TestExportSelects(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	rows := strings.SplitAfter(strings.TrimPrefix(sixRows, header), "\n")
	f := func(want []int, args ...string) {
		t.Helper()
		text := header
		for _, i := range want {
			text += rows[i]
		}
		r.expectOutput(text, append([]string{"export"}, args...)...)
	}
	f([]int{0, 1, 2}, "--repo-type=model")
	f([]int{0, 1, 2, 3, 4, 5}, "--repo-type=model", "--repo-type=dataset")
	f([]int{0, 1, 2, 3, 4, 5}, "--org=huggingface")
	f(nil, "--org=other")
	f([]int{3, 4, 5}, "--repo=huggingface/documentation-images")
	f([]int{0, 1, 2}, "--search=codebert")
	f([]int{1, 2, 3}, "--from=2021-01-23", "--to=2021-11-27")
	f([]int{2, 3, 4, 5}, "--from=2021-01-24")
	f([]int{0}, "--to=2021-01-22")
	f([]int{3, 4, 5}, "--period=last_month")
	f([]int{0, 1, 2, 3, 4, 5}, "--period=all_time")
	f([]int{1}, "--from=2021-01-23", "--to=2021-01-23", "--search=bert", "--org=huggingface", "--repo-type=model")

	r.refused(nil, []string{`--from: expected a date like 2021-01-22, got "x"`}, "export", "--from=x")
	r.refused(nil, []string{`--to: expected a date like 2021-01-22, got "2021-02-30"`}, "export", "--to=2021-02-30")
	r.refused(nil, []string{"--to on or after --from"}, "export", "--from=2021-01-02", "--to=2021-01-01")
	r.refused(nil, []string{"either --period or --from and --to"}, "export", "--period=all_time", "--to=2021-01-01")

	if got := r.ok("export", "--format=jsonl", "--search=images", "--to=2021-11-27"); !strings.Contains(got, `"repoName":"huggingface/documentation-images"`) || strings.Count(got, "\n") != 1 {
		t.Errorf("JSON lines: got\n%s", got)
	}
	if got := r.ok("export", "--format=parquet"); !strings.HasPrefix(got, "PAR1") || !strings.HasSuffix(got, "PAR1") {
		t.Errorf("Parquet: got %d bytes, %q...", len(got), got[:min(8, len(got))])
	}
}

// What is exported of readings is an archive that import --readings takes as it is.
func TestExportReadings(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("2024-05-01.json", `[{"id": "o/a", "downloads": 9, "downloadsAllTime": 100, "likes": 3}, {"id": "o/b", "likes": 0}]`, 1)
	r.write("2024-05-02.json", `[{"id": "o/a", "downloads": 9, "downloadsAllTime": 104, "likes": 4}]`, 1)
	r.ok("import", "--readings", "2024-05-01.json", "2024-05-02.json")
	const title = "repo_type,repo,as_of,origin,total,last_month,likes\n"
	const all = title + "model,o/a,2024-05-01T12:00:00.000000Z,archive,100,9,3\n" +
		"model,o/a,2024-05-02T12:00:00.000000Z,archive,104,9,4\n" +
		"model,o/b,2024-05-01T12:00:00.000000Z,archive,,,0\n"
	r.expectOutput(all, "export", "--what=readings")
	r.expectOutput(title+"model,o/a,2024-05-02T12:00:00.000000Z,archive,104,9,4\n", "export", "--what=readings", "--repo=o/a", "--from=2024-05-02")
	r.refused(nil, []string{"must be one of records,readings"}, "export", "--what=likes")
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		r.ok("export", "--what=readings", "--format="+format, "--output=readings."+format)
		other := "--storage.path=" + format
		r.ok("import", "--readings", other, "readings."+format)
		r.expectOutput(all, "export", "--what=readings", other)
	}
}

func TestExportToFile(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	r.write("out.csv", "the one before", 1)
	r.refused(nil, []string{"--from"}, "export", "--output=out.csv", "--from=x")
	if got := r.read("out.csv"); got != "the one before" {
		t.Errorf("an export that failed left %q", got)
	}
	r.expectOutput("", "export", "--output=out.csv")
	if got := r.read("out.csv"); got != sixRows {
		t.Errorf("got\n%s", got)
	}
	r.refused(nil, []string{"none"}, "export", "-o", "none/out.csv")
	entries, err := os.ReadDir(r.dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%d files are there, %v, want data, six.csv and out.csv", len(entries), err)
	}
}

// A reader that has enough, as head has, is no fault.
func TestClosedPipe(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("x.csv", r.ok("generate", "--repos=50", "--days=400"), 1)
	r.ok("import", "x.csv")
	for _, args := range [][]string{
		{"export"}, {"export", "--order=repo"}, {"export", "--format=jsonl"}, {"export", "--format=parquet"},
		{"generate", "--repos=50", "--days=400"},
	} {
		cmd := r.command(args...)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReaderSize(out, 16).ReadByte(); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		out.Close()
		if err := cmd.Wait(); err != nil || errs.Len() > 0 {
			t.Errorf("%q: %v\n%s", args, err, errs.String())
		}
	}
}

func TestOverview(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	r.expectOutput(`Recorded 2021-01-22 to 2021-11-29; the last month is 2021-10-31 to 2021-11-29.

TYPE     REPOS      TOTAL  ALL TIME  LAST MONTH  CHANGE
model        1  4,362,460        13           0       -
dataset      1  2,167,284        28          28       -
all          2  6,529,744        41          28       -

Repositories by downloads in the last month

TYPE     REPOSITORY                            TOTAL  LAST MONTH  CHANGE  TREND
dataset  huggingface/documentation-images  2,167,284          28       -                             ▂█▄
model    huggingface/CodeBERTa-small-v1    4,362,460           0       -
`, "overview")
	r.expectOutput(`Recorded 2021-01-22 to 2021-11-29; the last month is 2021-10-31 to 2021-11-29.

TYPE   REPOS      TOTAL  ALL TIME  LAST MONTH  CHANGE
model      1  4,362,460        13           0       -

Repositories by downloads in the last month

TYPE   REPOSITORY                          TOTAL  LAST MONTH  CHANGE  TREND
model  huggingface/CodeBERTa-small-v1  4,362,460           0       -
`, "overview", "--search=BERT", "--org=huggingface")
	r.expectOutput("No repository matches.\n", "overview", "--org=other")

	r.write("x.csv", r.ok("generate", "--repos=15", "--days=90"), 1)
	r.ok("import", "--storage.path=more", "x.csv")
	out := r.ok("overview", "--storage.path=more")
	if !strings.Contains(out, "The 10 largest of 15 repositories in the last month") {
		t.Errorf("got\n%s", out)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var sparks int
	for _, line := range lines[len(lines)-10:] {
		if strings.ContainsAny(line, "▁▂▃▄▅▆▇█") {
			sparks++
		}
	}
	if sparks != 10 {
		t.Errorf("%d of the ten rows have a trend:\n%s", sparks, out)
	}
}
