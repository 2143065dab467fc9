package main

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testdata/layout1/store is a store of the first layout, as the first version wrote
// it: three sources, corrections, likes, a renamed repository and one that is gone.
// Beside it is what that version answered from it. None of it is ever changed.
const firstLayout = "testdata/layout1"

// withFirstStore copies the store into the folder of a runner.
func withFirstStore(t *testing.T) *runner {
	t.Helper()
	r := newRunner(t)
	if err := os.CopyFS(r.path("data"), os.DirFS(filepath.Join(firstLayout, "store"))); err != nil {
		t.Fatal(err)
	}
	return r
}

func golden(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(firstLayout, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// ourSeries returns the lines of a metrics page that are of repositories.
func ourSeries(page string) string {
	var b strings.Builder
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "huggingface_repo_") || strings.HasPrefix(line, "huggingface_org_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// A store of the first layout is answered from as the version that wrote it did, and
// goes on to be written to.
func TestStoreOfTheFirstLayout(t *testing.T) {
	t.Parallel()
	r := withFirstStore(t)
	r.expectOutput(golden(t, "records.csv"), "export")
	r.expectOutput(golden(t, "by-repo.csv"), "export", "--order=repo")
	s := r.ready()
	for path, want := range map[string]string{
		"/api/v1/records": "records.csv", "/api/v1/records?order=repo": "by-repo.csv", "/api/v1/records?versions=true": "versions.csv",
	} {
		if code, body := s.get(path); code != 200 || body != golden(t, want) {
			t.Errorf("%s: %d\n%s", path, code, body)
		}
	}
	if _, page := s.get("/metrics"); ourSeries(page) != golden(t, "metrics.txt") {
		t.Errorf("/metrics has\n%s", ourSeries(page))
	}

	// A total that falls, and a day more; the export of another day confirms it.
	for name, minutes := range map[string]int{"new.csv": 2 * 24 * 60, "same.csv": 1} {
		r.write(name, header+"model,gpt2,90,2026-01-05T00:00:00.000Z,4\n", minutes)
	}
	r.ok("import", "new.csv", "same.csv")
	s.untilMetric(`huggingface_repo_downloads_removed_total{repo_type="model",org="",repo="gpt2"}`, "40")
	s.expectMetric(`huggingface_repo_downloads_total{repo_type="model",org="",repo="gpt2"}`, "130")
	want := strings.ReplaceAll(golden(t, "records.csv"), "model,gpt2,130,", "model,gpt2,90,") + "model,gpt2,90,2026-01-05T00:00:00.000Z,4\n"
	r.expectOutput(want, "export")
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.log)
	}
	r.expectOutput(want, "export")
}

// A store that a newer version has written to is refused whole, with the file and
// what to do, and left as it is.
func TestStoreOfANewerLayout(t *testing.T) {
	t.Parallel()
	r := withFirstStore(t)
	names, err := filepath.Glob(r.path("data/records/*.parquet"))
	if err != nil || len(names) != 5 {
		t.Fatal(names, err)
	}
	b, err := os.ReadFile(names[2])
	if err != nil {
		t.Fatal(err)
	}
	later := bytes.Replace(b, []byte("huggingface_exporter.layout\x18\x011"), []byte("huggingface_exporter.layout\x18\x012"), 1)
	if bytes.Equal(b, later) {
		t.Fatal("the layout was not found")
	}
	// The checksum is right, as that of a newer version would be.
	mark := []byte("huggingface_exporter.checksum\x18\x08")
	digits := later[bytes.LastIndex(later, mark)+len(mark):][:8]
	copy(digits, "00000000")
	copy(digits, fmt.Sprintf("%08x", crc32.Checksum(later, crc32.MakeTable(crc32.Castagnoli))))
	if err := os.WriteFile(names[2], later, 0o600); err != nil {
		t.Fatal(err)
	}
	before := r.snapshot("data")
	want := []string{filepath.Base(names[2]) + " is written by a newer version of this program: its layout is 2, the newest that this version reads is 1: upgrade the program"}
	r.refused(nil, want, "export")
	r.refused(nil, want, "overview")
	r.refused(nil, want, "serve", "--web.listen-address=127.0.0.1:0")
	r.write("six.csv", sixRows, 1)
	r.refused(nil, want, "import", "six.csv")
	after := r.snapshot("data")
	delete(after, r.path("data/lock"))
	if len(after) != len(before) {
		t.Errorf("%d files, and then %d", len(before), len(after))
	}
	for name, content := range before {
		if after[name] != content {
			t.Errorf("%s has changed", name)
		}
	}
}
