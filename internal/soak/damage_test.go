package soak

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
)

func openStore(t *testing.T, dir string) *localstore.Ledger {
	t.Helper()
	l, err := localstore.Open(context.Background(), dir, localstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestDamage damages the files of a store in every way that disks and people do:
// they are named and never deleted, what is in memory is answered on, and without the
// damaged file all the others count.
func TestDamage(t *testing.T) {
	begin := time.Now()
	s := newStage(t, 30, 120, 4)
	e := ready(t, s.arguments()...)
	d := &disk{stage: s}
	d.untilHubIsStored(e)
	for minutes := range 4 { // not so many that they are merged
		s.pass()
		s.configure(400 + minutes)
		e.reload()
		d.untilHubIsStored(e)
	}
	e.stop()

	whole := contents(t, s.path("data"))
	names := slices.Sorted(maps.Keys(whole))
	c := damaging{stage: s, export: exportOf(t, s.path("data")), has: daysOf(t, whole)}
	for i := range size(16, 400) {
		name := names[i%len(names)]
		b := bytes.Clone(whole[name])
		switch s.random.IntN(5) {
		case 0:
			b = b[:s.random.IntN(len(b))]
			c.truncated++
		case 1:
			from := s.random.IntN(len(b))
			to := min(from+1+s.random.IntN(512), len(b))
			clear(b[from:to])
			if bytes.Equal(b, whole[name]) {
				b[from] ^= 0xff
			}
			c.zeroed++
		case 2: // of the other folder
			other := names[s.random.IntN(len(names))]
			for filepath.Dir(other) == filepath.Dir(name) {
				other = names[s.random.IntN(len(names))]
			}
			b = whole[other]
			c.swapped++
		default:
			b[s.random.IntN(len(b))] ^= 1 << s.random.IntN(8)
			c.flipped++
		}
		c.damaged(name, b, i%size(8, 40) == 0)
	}
	c.renamed(names)
	merges := c.below()
	figures(t, begin, "%d damaged files (%d with a flipped bit, %d cut, %d with zeros, %d from the other folder): "+
		"each refused by its name, none deleted or changed; %d times below a running serve, which answered on and went on without it; "+
		"%d merges refused to read one that went bad while it was in use, and nothing was missing",
		c.flipped+c.truncated+c.zeroed+c.swapped, c.flipped, c.truncated, c.zeroed, c.swapped, c.running, merges)
}

// contents returns the files of a store, by their names in it.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	for _, sub := range []string{"records", "readings"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range entries {
			b, err := os.ReadFile(filepath.Join(dir, sub, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Join(sub, f.Name())] = b
		}
	}
	return files
}

// exportOf returns all records of a store as text.
func exportOf(t *testing.T, dir string) string {
	t.Helper()
	out, errs, code := run(t, "export", "--storage.path="+dir)
	if code != 0 {
		t.Fatalf("export: exit %d\n%s", code, errs)
	}
	return out
}

// damaging is the campaign.
type damaging struct {
	*stage
	export string
	// has is what each file of records has.
	has                                          map[string]map[repoDay]bool
	truncated, flipped, zeroed, swapped, running int
}

// damaged puts b in place of a file and looks at what comes of it: once while serve
// runs, if running is set.
func (c *damaging) damaged(name string, b []byte, running bool) {
	c.Helper()
	data := c.path("damaged")
	if err := os.RemoveAll(data); err != nil {
		c.Fatal(err)
	}
	if err := os.CopyFS(data, os.DirFS(c.path("data"))); err != nil {
		c.Fatal(err)
	}
	path := filepath.Join(data, name)
	var e *exporter
	if running {
		e = ready(c.T, "--storage.path="+data)
		defer e.kill()
		c.running++
		// Below a running serve a file is damaged unseen; one that comes is looked at.
		path = filepath.Join(filepath.Dir(path), "20991231T000000.000000Z-came.parquet")
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		c.Fatal(err)
	}
	refused := func(what string, err error) {
		c.Helper()
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move it out of the directory") {
			c.Fatalf("%s with a damaged %s: got %v", what, path, err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, b) {
			c.Fatalf("%s: the damaged file was changed: %v", what, err)
		}
	}
	if running {
		waitFor(c.T, "the file to be refused", e.log, func() bool {
			return e.metric("huggingface_exporter_store_refresh_failures_total") > 0 && strings.Contains(e.log.String(), path)
		})
		if got := e.get("/api/v1/records"); got != c.export {
			c.Fatal("the running serve answers otherwise than before")
		}
		if _, errs, code := run(c.T, "serve", "--web.listen-address=127.0.0.1:0", "--storage.path="+data); code != 1 || !strings.Contains(errs, path) {
			c.Fatalf("serve with a damaged %s: exit %d\n%s", path, code, errs)
		}
	}
	_, err := localstore.Open(context.Background(), data, localstore.Options{})
	refused("opening", err)

	// Moved out, as the error says: the others count.
	if err := os.Rename(path, c.path("moved.parquet")); err != nil {
		c.Fatal(err)
	}
	if running {
		c.write("import.csv", "repoType,repoName,total,timestamp,downloads\nmodel,o/m,1,2024-01-01T00:00:00.000Z,1\n")
		if _, errs, code := run(c.T, "import", "--storage.path="+data, c.path("import.csv")); code != 0 {
			c.Fatalf("import: exit %d\n%s", code, errs)
		}
		waitFor(c.T, "what was imported to be shown", e.log, func() bool {
			return e.metric(`huggingface_repo_downloads_total{repo_type="model",org="o",repo="o/m"}`) == 1
		})
		if got := e.get("/api/v1/records?org=" + exported + "&org=" + listed); got != c.export {
			c.Fatal("after the file was moved out, the running serve answers otherwise")
		}
		return
	}
	want := make(map[repoDay]bool)
	for other, has := range c.has {
		if other != name {
			maps.Copy(want, has)
		}
	}
	if got := daysIn(c.T, data); !maps.Equal(got, want) {
		c.Fatalf("without %s there are %d days, the other files have %d", name, len(got), len(want))
	}
}

// repoDay names a record.
type repoDay struct {
	repo history.Repo
	day  history.Day
}

// daysIn returns all that is kept in a store.
func daysIn(t *testing.T, dir string) map[repoDay]bool {
	t.Helper()
	l := openStore(t, dir)
	defer l.Close()
	out := make(map[repoDay]bool)
	for rows, err := range l.Records(context.Background(), history.RecordsQuery{Stored: true}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows.Len() {
			r := rows.Record(i)
			out[repoDay{r.Repo, r.Day}] = true
		}
	}
	return out
}

// daysOf returns what each file of records has by itself.
func daysOf(t *testing.T, files map[string][]byte) map[string]map[repoDay]bool {
	t.Helper()
	out := make(map[string]map[repoDay]bool)
	for name, b := range files {
		if filepath.Dir(name) != "records" {
			continue
		}
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "records"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
		out[name] = daysIn(t, dir)
	}
	return out
}
