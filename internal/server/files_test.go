package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/infile"
)

const header = "repoType,repoName,total,timestamp,downloads\n"

// folder is a folder of exports with a fileImporter over it.
type folder struct {
	*testing.T
	dir   string
	store flakyStore
	log   bytes.Buffer
	conf  *config.Config
	f     *fileImporter
	clock time.Time // of the files: each is newer than the one before
}

// flakyStore fails on demand.
type flakyStore struct {
	*memtable.Store
	err error
}

func (s *flakyStore) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	if s.err != nil {
		return history.Change{}, s.err
	}
	return s.Store.Append(ctx, b)
}

func newFolder(t *testing.T, conf string) *folder {
	t.Helper()
	f := &folder{T: t, dir: t.TempDir(), store: flakyStore{Store: memtable.NewStore()}, clock: time.Unix(1.7e9, 0)}
	f.configure(conf)
	f.f = newFileImporter(&f.store, func() *config.Config { return f.conf }, newMetrics(prometheus.NewRegistry()).imports, slog.New(slog.NewTextHandler(&f.log, nil)))
	return f
}

func (f *folder) configure(text string) {
	f.Helper()
	var err error
	if f.conf, err = config.Parse(filepath.Join(f.dir, "c.yaml"), []byte(text)); err != nil {
		f.Fatal(err)
	}
}

func (f *folder) write(name, text string) {
	f.Helper()
	full := filepath.Join(f.dir, name)
	if err := os.WriteFile(full, []byte(text), 0o666); err != nil {
		f.Fatal(err)
	}
	f.touch(name)
}

func (f *folder) touch(name string) {
	f.Helper()
	f.clock = f.clock.Add(time.Minute)
	if err := os.Chtimes(filepath.Join(f.dir, name), f.clock, f.clock); err != nil {
		f.Fatal(err)
	}
}

// expect looks for the files once and checks what is then imported: so many
// successes and failures so far, and the downloads of all records together.
func (f *folder) expect(when string, start bool, successes, failures, downloads int64) {
	f.Helper()
	f.f.poll(f.Context(), start)
	o, err := f.store.Overview(f.Context(), history.OverviewQuery{})
	if err != nil {
		f.Fatal(err)
	}
	var sum int64
	for _, g := range o.Groups {
		sum += g.Downloads
	}
	s := int64(testutil.ToFloat64(f.f.imports.WithLabelValues("success")))
	x := int64(testutil.ToFloat64(f.f.imports.WithLabelValues("failure")))
	if s != successes || x != failures || sum != downloads {
		f.Errorf("%s: %d successes, %d failures, %d downloads; want %d, %d, %d\n%s",
			when, s, x, sum, successes, failures, downloads, f.log.String())
	}
}

func TestFilesAreImportedWhenTheyChange(t *testing.T) {
	f := newFolder(t, "files: ['*.csv', '*.csv.gz']")
	f.expect("no file", true, 0, 0, 0)
	f.write("a.csv", header+"model,o/a,9,2024-01-01,1\n")
	f.expect("a new file", false, 0, 0, 0)
	f.expect("the same at the next look", false, 1, 0, 1)
	f.expect("no change", false, 1, 0, 1)

	f.write("a.csv", header+"model,o/a,9,2024-01-01,2\n")
	f.expect("another size or time", false, 1, 0, 1)
	f.write("a.csv", header+"model,o/a,9,2024-01-01,3\n")
	f.expect("still being written", false, 1, 0, 1)
	f.expect("written", false, 2, 0, 3)

	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(header + "model,o/b,9,2024-01-01,10\n")); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	f.write("b.csv.gz", packed.String())
	f.expect("at the start nothing is left for later", true, 3, 0, 13)

	if err := os.Remove(filepath.Join(f.dir, "a.csv")); err != nil {
		t.Fatal(err)
	}
	f.expect("a file is gone, what was in it stays", false, 3, 0, 13)
	f.write("a.csv", header+"model,o/a,9,2024-01-01,4\n")
	f.expect("and is back", false, 3, 0, 13)
	f.expect("and is imported", false, 4, 0, 14)

	f.configure("files: ['*.csv.gz']")
	f.write("a.csv", header+"model,o/a,9,2024-01-01,5\n")
	f.expect("no longer configured", false, 4, 0, 14)
	f.expect("no longer configured", false, 4, 0, 14)
}

func TestBadFileIsImportedOnceItIsGood(t *testing.T) {
	f := newFolder(t, "files: ['*.csv']")
	f.write("a.csv", header+"model,o/a,9,2024-01-01,1\n")
	f.expect("good", true, 1, 0, 1)

	f.write("a.csv", header+"model,o/a,9,2024-01-01,x\nmodel,o/a,9,yesterday,2\n")
	f.expect("bad: not yet read", false, 1, 0, 1)
	f.expect("bad", false, 1, 1, 1)
	for _, want := range []string{"a.csv: line 2, column downloads", "a.csv: line 3, column timestamp", "still serving earlier data"} {
		if !strings.Contains(f.log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, f.log.String())
		}
	}
	f.expect("bad and unchanged: not read again", false, 1, 1, 1)
	f.f.seen[filepath.Join(f.dir, "a.csv")].expectNoRetry(t)

	f.write("b.csv", header+"model,o/b,9,2024-01-01,10\nmodel,o/b,9,2024-01-01,11\n")
	f.expect("a second one that contradicts itself", true, 1, 2, 1)
	if want := "b.csv: line 3 (against line 2)"; !strings.Contains(f.log.String(), want) {
		t.Errorf("the log does not say %q:\n%s", want, f.log.String())
	}
	f.write("b.csv", header)
	f.expect("no record in it", true, 2, 2, 1)
	if want := "no records: the file has no rows"; !strings.Contains(f.log.String(), want) {
		t.Errorf("the log does not say %q:\n%s", want, f.log.String())
	}
	f.write("b.csv", header+"model,o/b,9,2024-01-01,10\n")
	f.expect("good", true, 3, 2, 11)
}

func (s *seenFile) expectNoRetry(t *testing.T) {
	t.Helper()
	if !s.retry.IsZero() {
		t.Errorf("the file is tried again at %v", s.retry)
	}
}

// What is not the file's fault is tried again.
func TestFileIsTriedAgainAfterTheStoreFailed(t *testing.T) {
	f := newFolder(t, "files: ['*.csv']")
	f.write("a.csv", header+"model,o/a,9,2024-01-01,1\n")
	f.store.err = errors.New("disk full")
	f.expect("the store fails", true, 0, 1, 0)
	f.expect("not at once", false, 0, 1, 0)
	s := f.f.seen[filepath.Join(f.dir, "a.csv")]
	if d := time.Until(s.retry); d <= 0 || d > retryInterval {
		t.Fatalf("the next try is in %v, want within %v", d, retryInterval)
	}
	s.retry = time.Now()
	f.expect("later", false, 0, 2, 0)
	f.store.err = nil
	s.retry = time.Now()
	f.expect("the store works again", false, 1, 2, 1)
	s.expectNoRetry(t)
}

func TestGlobWithoutAMatchIsLoggedOnce(t *testing.T) {
	f := newFolder(t, "files: ['none/*.csv']")
	const message = "No file matches"
	f.expect("first look", true, 0, 0, 0)
	f.expect("second look", false, 0, 0, 0)
	if n := strings.Count(f.log.String(), message); n != 1 {
		t.Errorf("logged %d times, want once:\n%s", n, f.log.String())
	}
}

// Archives are read as the configuration says: their columns, organizations and days.
func TestArchivesAreImported(t *testing.T) {
	f := newFolder(t, `
files:
  - glob: "*.csv"
    readings:
      columns: {repo: name, repo_type: kind, org: owner, day: when, total: sum, last_month: month, likes: stars}
      organizations: [o]
  - glob: wide.txt
    readings: {wide: likes, organizations: [p], repo_type: dataset}
  - glob: "*.json"
    readings: {day: "2024-05-31"}
`)
	f.write("a.csv", "name,kind,owner,when,sum,month,stars\na,space,o,2024-05-30,3,2,1\nx,model,other,2024-05-30,1,1,1\n")
	f.write("wide.txt", "date,b\n2024-05-29,7\n")
	f.write("c.json", `[{"id":"q/c","downloads":9}]`)
	f.write("bad.json", `[{"id":"q/c","downloads":-9}]`)
	f.expect("archives", true, 3, 1, 0)
	var got []string
	for r, err := range f.store.Readings(t.Context(), history.ReadingsQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(r.Repo, " ", r.Day(), r.Total, r.LastMonth, r.Likes))
	}
	want := []string{"model q/c 2024-05-31 -1 9 -1", "dataset p/b 2024-05-29 -1 -1 7", "space o/a 2024-05-30 3 2 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q\n%s", got, want, f.log.String())
	}
	if want := `bad.json: object 1, column downloads: expected a whole number`; !strings.Contains(f.log.String(), want) {
		t.Errorf("the log does not say %q:\n%s", want, f.log.String())
	}
}

// A file that is written while it is read is not imported as it was half way.
func TestFileThatChangesWhileItIsRead(t *testing.T) {
	f := newFolder(t, "files: ['*.csv']")
	f.write("a.csv", header+"model,o/a,9,2024-01-01,1\n")
	name := filepath.Join(f.dir, "a.csv")
	in, err := infile.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f.touch("a.csv")
	_, err = f.store.Append(t.Context(), history.Batch{Rows: in.Rows(nil)})
	if err == nil || err.Error() != name+": changed while it was read" {
		t.Errorf("got %v", err)
	}
	f.expect("and nothing of it is stored", false, 0, 0, 0)
}
