package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const archives = "../../exporter/archive/testdata"

// archived writes the archives of exporter/archive, one of them compressed, and returns the
// arguments of their imports and what these print.
func (r *runner) archived() (imports [][]string, prints []string) {
	r.Helper()
	content := func(name string) string {
		b, err := os.ReadFile(filepath.Join(archives, name))
		if err != nil {
			r.Fatal(err)
		}
		return string(b)
	}
	r.write("listing-2024-05-31.json.gz", gzipped(r.T, content("listing-2024-05-31.json")), 5)
	for _, name := range []string{"days.parquet", "long-2021-11.csv", "wide.csv"} {
		r.write(name, content(name), 5)
	}
	return [][]string{
			{"--org=acme", "listing-2024-05-31.json.gz"},
			{"--org=ACME", "--columns=repo=model", "--columns=total=dl_all,last_month=dl30", "days.parquet"},
			{"--columns=repo=model_url,day=date,last_month=downloads", "long-2021-11.csv"},
			{"--wide=total", "--org=acme", "wide.csv"},
		}, []string{
			"listing-2024-05-31.json.gz: 2 readings, 2 repositories, 1 day\n",
			"days.parquet: 3 readings, 2 repositories, 2 days\n",
			"long-2021-11.csv: 5 readings, 3 repositories, 2 days\n",
			"wide.csv: 6 readings, 2 repositories, 3 days\n",
		}
}

// archivedDays are the days that follow from the archives. Two totals of a tracker a day apart
// make an observed day: from 1000 to 1010, from there to 1030, and from 3 to 9. The total of
// the listing, 51000, is the same two months later, so that these days had none. The last
// total of acme/bert-base has no 30-day number beside it and no later day to confirm it; gaps
// above 400 days are not filled; 30-day numbers alone make no days.
func archivedDays() string {
	var b strings.Builder
	line := func(name, day string, n int) {
		fmt.Fprintf(&b, "model,acme/%s,,%sT00:00:00.000Z,%d\n", name, day, n)
	}
	b.WriteString(header)
	line("bert-base", "2023-01-01", 10)
	line("bert-base", "2023-01-02", 20)
	for day := time.Date(2024, 5, 31, 0, 0, 0, 0, time.UTC); day.Before(time.Date(2024, 7, 29, 0, 0, 0, 0, time.UTC)); day = day.AddDate(0, 0, 1) {
		line("bert-base", day.Format(time.DateOnly), 0)
	}
	line("voice", "2023-01-02", 6)
	return b.String()
}

// The four kinds of archives that people keep give the same days in whatever order they are
// imported, by the command and by serve, with either engine.
func TestArchives(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	imports, prints := r.archived()
	u, _ := r.storageEngine()
	r.write("victoria.yaml", fmt.Sprintf("storage:\n  engine: victoriametrics\n  victoriametrics: {insert_url: %q, flush_urls: [%q], retry_for: 1s}\n",
		u, u+"/internal/force_flush"), 0)
	for store, order := range map[string][]int{
		"--storage.path=a":            {0, 1, 2, 3},
		"--storage.path=b":            {3, 2, 1, 0},
		"--config.file=victoria.yaml": {2, 0, 3, 1},
	} {
		for _, j := range order {
			args := append([]string{"import", "--readings", store}, imports[j]...)
			if out := r.ok(args...); !strings.HasPrefix(out, prints[j]) {
				t.Errorf("%q: got %q, want %q", args, out, prints[j])
			}
			if out, want := r.ok(args...), prints[j]+"days of downloads: 0 new, 0 changed\n"; out != want {
				t.Errorf("%q again: got %q, want %q", args, out, want)
			}
		}
		r.expectOutput(archivedDays(), "export", "--order=repo", store)
	}

	// An export of readings is an archive, too.
	readings := r.ok("export", "--what=readings", "--storage.path=a")
	if n := strings.Count(readings, "\n"); n != 15 {
		t.Errorf("%d lines of readings, want a header and 14:\n%s", n, readings)
	}
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		file, store := "readings."+format, "--storage.path="+format
		r.ok("export", "--what=readings", "--storage.path=b", "--format="+format, "--output="+file)
		r.ok("import", "--readings", store, file)
		r.expectOutput(readings, "export", "--what=readings", store)
	}

	r.write("config.yaml", `
files:
  - {glob: "*.json.gz", readings: {organizations: [acme]}}
  - {glob: "*.parquet", readings: {organizations: [acme], columns: {repo: model, total: dl_all, last_month: dl30}}}
  - {glob: "long*.csv", readings: {columns: {repo: model_url}}}
  - {glob: wide.csv, readings: {organizations: [acme], wide: total}}
`, 5)
	s := r.ready("--config.file=config.yaml")
	if code, body := s.get("/api/v1/records?order=repo"); code != 200 || body != archivedDays() {
		t.Errorf("serve: %d\n%s", code, body)
	}
	// Nobody has scraped the past: archives are no downloads of now.
	if _, body := s.get("/metrics"); strings.Contains(body, `huggingface_repo_downloads_total{repo_type="model",org="acme"`) {
		t.Errorf("an archive moved a counter:\n%s", body)
	}
}

// Many files are stored together or not at all.
func TestBadArchivesChangeNothing(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("2024-05-01.json", `[{"id":"o/a","downloadsAllTime":10,"downloads":1}]`, 1)
	r.write("2024-05-02.json", `[{"id":"o/a","downloadsAllTime":13,"downloads":4}]`, 1)
	r.expectOutput("2024-05-01.json: 1 reading, 1 repository, 1 day\n2024-05-02.json: 1 reading, 1 repository, 1 day\n"+
		"days of downloads: 1 new, 0 changed\n", "import", "--readings", "2024-05-01.json", "2024-05-02.json")
	before := r.snapshot("data")

	r.write("2024-05-03.json", `[{"id":"o/a","downloadsAllTime":99,"downloads":86}]`, 1)
	r.write("bad.csv", "id,likes,day\no/a,x,2024-05-03\no/a,1,2999-01-01\n", 1)
	r.write("cut.json", `[{"id":"o/a","downloadsAllTime":99},`, 1)
	r.refused(nil, []string{
		"nothing was stored:\nbad.csv: line 2, column likes: expected a whole number",
		`bad.csv: line 3, column day: expected a day up to `, `got "2999-01-01"`,
		"cut.json: expected the day of its readings in a column, in the file name",
	}, "import", "--readings", "2024-05-03.json", "bad.csv", "cut.json")
	r.refused(strings.NewReader("PAR1"), []string{"standard input: expected JSON or CSV, got Parquet"}, "import", "--readings", "2024-05-03.json", "-")
	r.expectSame("bad archives", before)

	f := func(want string, args ...string) {
		t.Helper()
		r.refused(nil, []string{want}, append([]string{"import"}, args...)...)
	}
	f("--org: expected --readings as well", "--org=o", "2024-05-03.json")
	f("--as-of: expected no --readings", "--readings", "--as-of=2024-05-01T00:00:00Z", "2024-05-03.json")
	f(`--day: expected a date like 2021-01-22, got "yesterday"`, "--readings", "--day=yesterday", "2024-05-03.json")
	f(`expected a day up to `, "--readings", "--day=2999-01-01", "2024-05-03.json")
	f(`--columns: expected a column repo, repo_type, org, day, total, last_month or likes, got "name"`, "--readings", "--columns=name=id", "2024-05-03.json")
	f(`--columns: expected a name and a column of the file, such as repo=model_url, got "id"`, "--readings", "--columns=id", "2024-05-03.json")
	f(`--columns: expected a single column for day, got "b" as well`, "--readings", "--columns=day=a", "--columns=day=b", "2024-05-03.json")
	f(`expected total, last_month or likes as the numbers of a wide CSV, got "day"`, "--readings", "--wide=day", "2024-05-03.json")
	f(`expected only the column name for day in a wide CSV, got one for repo`, "--readings", "--wide=total", "--columns=repo=x", "2024-05-03.json")
	f(`expected the name of an organization, got "o/a"`, "--readings", "--org=o/a", "2024-05-03.json")
	f("2024-05-03.json: expected --day to match the day in the file name, 2024-05-03, got 2024-05-04", "--readings", "--day=2024-05-04", "2024-05-03.json")
	r.expectSame("bad flags", before)
}
