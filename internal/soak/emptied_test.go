package soak

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
)

// losing is a serve whose storage loses what it has, over and over.
type losing struct {
	*testing.T
	dir  string
	args []string // that name the storage
	rng  *rand.Rand
	e    *exporter
	rows string // all that was imported
	days int
	kept string // an older copy of the storage, "" for none
	// longest is how long it took until all was there again.
	longest time.Duration
}

func newLosing(t *testing.T, seed uint64, storage string) *losing {
	t.Helper()
	c := &losing{T: t, dir: t.TempDir(), rng: rand.New(rand.NewPCG(seed, 2))}
	c.write("c.yaml", "files: ['"+c.dir+"/*.csv']\n"+storage)
	c.args = []string{"--config.file=" + filepath.Join(c.dir, "c.yaml"), "--storage.path=" + filepath.Join(c.dir, "data")}
	return c
}

func (c *losing) write(name, text string) {
	c.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
}

const csvHeader = "repoType,repoName,total,timestamp,downloads\n"

// imports has serve import the next day of some repositories.
func (c *losing) imports() {
	c.Helper()
	c.days++
	day := time.Date(2024, 1, c.days, 0, 0, 0, 0, time.UTC).Format("2006-01-02T15:04:05.000Z")
	rows := ""
	for i := range 30 {
		rows += fmt.Sprintf("model,acme/m%02d,100000,%s,%d\n", i, day, c.rng.IntN(1000))
	}
	c.rows += rows
	c.write(fmt.Sprintf("%03d.csv", c.days), csvHeader+rows)
	waitFor(c.T, "a file to be imported", c.e.log, func() bool { return c.records() == csvHeader+c.rows })
}

// records is the export of serve, "" while it is refused.
func (c *losing) records() string {
	code, body, err := c.e.ask(http.MethodGet, "/api/v1/records")
	if err != nil || code != http.StatusOK {
		return ""
	}
	return body
}

// copied copies the storage, as a backup does.
func (c *losing) copied(from string) {
	c.Helper()
	to := filepath.Join(c.dir, "kept")
	if out, err := exec.Command("sh", "-c", `rm -rf "$2" && cp -a "$1" "$2"`, "sh", from, to).CombinedOutput(); err != nil {
		c.Fatalf("%v: %s", err, out)
	}
	c.kept = to
}

func (c *losing) ready() int {
	code, _, _ := c.e.ask(http.MethodGet, "/-/ready") // no answer is not ready
	return code
}

// untilWhole waits until serve has noticed one setback more, and expects all that was imported to
// be there, for serve and for a command that comes later.
func (c *losing) untilWhole(what string, setbacks int) {
	c.Helper()
	start := time.Now()
	waitFor(c.T, what+": it is noticed and written back", c.e.log, func() bool {
		page := series(c.e.get("/metrics"))
		return c.ready() == http.StatusOK && page["huggingface_exporter_store_setbacks_total"] >= float64(setbacks) && page["huggingface_exporter_store_complete"] == 1 &&
			c.records() == csvHeader+c.rows
	})
	c.longest = max(c.longest, time.Since(start))
	if out, stderr, code := run(c.T, append([]string{"export"}, c.args...)...); code != 0 || out != csvHeader+c.rows {
		c.Fatalf("%s: a later export has %d bytes, expected %d: exit %d\n%s\n%s", what, len(out), len(csvHeader+c.rows), code, stderr, c.e.log)
	}
}

func (c *losing) tally(n map[string]int, names ...string) string {
	var out []string
	for _, name := range names {
		out = append(out, fmt.Sprintf("%d %s", n[name], name))
	}
	return strings.Join(out, ", ")
}

// TestEngineEmptied empties the VictoriaMetrics below a running serve, restores older backups of
// it, and kills it right after an import.
func TestEngineEmptied(t *testing.T) {
	begin := time.Now()
	data := filepath.Join(t.TempDir(), "vm")
	vm, err := victoriatest.NewSingle(t, data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vm.Kill)
	c := newLosing(t, 3, fmt.Sprintf("storage: {engine: victoriametrics, victoriametrics: {insert_url: %q, flush_url: %q}}\n", vm.URL, vm.URL+"/internal/force_flush"))
	c.e = ready(t, append(c.args, "--log.level=info")...)
	names := []string{"emptied", "older backups", "killed"}
	seen := make(map[string]int)
	start := func() {
		t.Helper()
		if err := vm.Start(); err != nil {
			t.Fatal(err)
		}
	}
	rounds := size(3, 21)
	for round := range rounds {
		c.imports()
		name := names[round%len(names)]
		seen[name]++
		if name == "older backups" {
			vm.Stop()
			c.copied(data)
			start()
			c.imports()
		}
		before := int(c.e.metric("huggingface_exporter_store_setbacks_total"))
		switch name {
		case "killed":
			vm.Kill()
			before-- // it may have had all on its disk
		default:
			vm.Stop()
			if err := os.RemoveAll(data); err != nil {
				t.Fatal(err)
			}
			if name == "older backups" {
				if err := os.Rename(c.kept, data); err != nil {
					t.Fatal(err)
				}
			}
		}
		start()
		c.untilWhole(fmt.Sprintf("round %d, %s", round, name), before+1)
	}
	if out, _, code := run(t, append([]string{"doctor"}, c.args...)...); code != 0 && !strings.Contains(out, "ok    engine") {
		t.Errorf("doctor: %s", out)
	}
	n := strings.Count(c.e.log.String(), "The store went back")
	c.e.stop()
	figures(t, begin, "%d times: %s; noticed and logged %d times, all of %d records there again after %s at most; 0 lost",
		rounds, c.tally(seen, names...), n, strings.Count(c.rows, "\n"), c.longest.Round(time.Millisecond))
}

// TestFolderEmptied takes files out of the folder of the embedded store below a running serve, all
// or some, restores older backups, and takes the folder away as a volume that is unmounted.
func TestFolderEmptied(t *testing.T) {
	begin := time.Now()
	c := newLosing(t, 4, "")
	c.e = ready(t, c.args...)
	data := filepath.Join(c.dir, "data")
	names := []string{"emptied", "single files", "older backups", "unmounted", "missing"}
	seen := make(map[string]int)
	empty := func(but string) {
		t.Helper()
		entries, err := os.ReadDir(data)
		for _, e := range entries {
			if e.Name() != but {
				err = errors.Join(err, os.RemoveAll(filepath.Join(data, e.Name())))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	rounds := size(5, 50)
	for round := range rounds {
		c.imports()
		name := names[round%len(names)]
		seen[name]++
		before := int(c.e.metric("huggingface_exporter_store_setbacks_total"))
		switch name {
		case "emptied":
			empty("")
		case "single files":
			files, err := filepath.Glob(filepath.Join(data, "records", "*.parquet"))
			if err != nil || len(files) == 0 {
				t.Fatalf("expected files of records, got %q, %v", files, err)
			}
			if err := os.Remove(files[c.rng.IntN(len(files))]); err != nil {
				t.Fatal(err)
			}
		case "older backups":
			c.copied(data)
			c.imports()
			before = int(c.e.metric("huggingface_exporter_store_setbacks_total"))
			empty("")
			if out, err := exec.Command("sh", "-c", `cp -a "$1"/. "$2"`, "sh", c.kept, data).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		case "unmounted", "missing":
			err := os.Rename(data, data+".away")
			if name == "unmounted" {
				err = errors.Join(err, os.Mkdir(data, 0o700))
			}
			if err != nil {
				t.Fatal(err)
			}
			waitFor(t, "serve not to be ready", c.e.log, func() bool { return c.ready() == http.StatusServiceUnavailable })
			if got := c.e.get("/api/v1/records"); got != csvHeader+c.rows {
				t.Errorf("while it is away: %d bytes are answered, expected %d", len(got), len(csvHeader+c.rows))
			}
			if left, err := os.ReadDir(data); name == "unmounted" && (err != nil || len(left) > 0) {
				t.Errorf("something was written beside nothing: %q, %v", left, err)
			}
			if err := errors.Join(os.RemoveAll(data), os.Rename(data+".away", data)); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "serve to be ready again", c.e.log, func() bool { return c.ready() == http.StatusOK })
		}
		c.untilWhole(fmt.Sprintf("round %d, %s", round, name), before+1)
	}
	n := strings.Count(c.e.log.String(), "The store went back")
	c.e.stop()
	total := 0
	for v := range maps.Values(seen) {
		total += v
	}
	figures(t, begin, "%d times: %s; noticed and logged %d times, all of %d records there again after %s at most; 0 lost",
		total, c.tally(seen, names...), n, strings.Count(c.rows, "\n"), c.longest.Round(time.Millisecond))
}
