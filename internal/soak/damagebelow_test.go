package soak

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// renamed has two files of records swap their names: together they are what they were.
func (c *damaging) renamed(names []string) {
	c.Helper()
	var records []string
	for _, name := range names {
		if filepath.Dir(name) == "records" {
			records = append(records, c.path(filepath.Join("data", name)))
		}
	}
	if len(records) < 2 {
		c.Fatalf("expected several files of records, got %q", records)
	}
	between := c.path("between")
	for _, step := range [][2]string{{records[0], between}, {records[1], records[0]}, {between, records[1]}} {
		if err := os.Rename(step[0], step[1]); err != nil {
			c.Fatal(err)
		}
	}
	if got := exportOf(c.T, c.path("data")); got != c.export {
		c.Error("with two files under each other's names the export is another one")
	}
}

// below damages a file that a running serve has loaded. It collects on; what is bad is
// not merged into a good file, and stays where it is. It returns how many merges were
// refused.
func (c *damaging) below() int {
	c.Helper()
	e := ready(c.T, c.arguments()...)
	d := &disk{stage: c.stage}
	d.untilHubIsStored(e)
	files := contents(c.T, c.path("data"))
	var name string
	for n := range files {
		if filepath.Dir(n) == "records" {
			name = max(name, n)
		}
	}
	path := c.path(filepath.Join("data", name))
	bad := bytes.Clone(files[name])
	bad[len(bad)/2] ^= 1
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		c.Fatal(err)
	}
	const refused = "Merging small files failed; retrying later"
	minutes := 500
	for strings.Count(e.log.String(), refused) < size(1, 5) {
		if minutes++; minutes > 540 {
			c.Fatalf("no merge met the damaged file:\n%s", e.log)
		}
		c.pass()
		c.configure(minutes)
		e.reload()
		now := tell(c.T, c.hub, exported, 0)
		waitFor(c.T, "the collection to be stored", e.log, func() bool {
			return e.get("/api/v1/records?org="+exported) == now.text
		})
	}
	if log := e.log.String(); !strings.Contains(log, path) {
		c.Errorf("the log does not name %s:\n%s", path, log)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, bad) {
		c.Errorf("the damaged file was changed: %v", err)
	}
	n := strings.Count(e.log.String(), refused)
	// Restored from a backup, all is there.
	if err := os.WriteFile(path, files[name], 0o600); err != nil {
		c.Fatal(err)
	}
	want := e.get("/api/v1/records")
	e.stop()
	if got := exportOf(c.T, c.path("data")); got != want {
		c.Error("with the file restored the export is another one")
	}
	c.withoutTheNewest()
	return n
}

// withoutTheNewest goes on without the newest file of records: the next export of the
// Hub's has its days.
func (c *damaging) withoutTheNewest() {
	c.Helper()
	name := ""
	for n := range contents(c.T, c.path("data")) {
		if filepath.Dir(n) == "records" {
			name = max(name, n)
		}
	}
	if err := os.Remove(c.path(filepath.Join("data", name))); err != nil {
		c.Fatal(err)
	}
	now := tell(c.T, c.hub, exported, 0)
	lacks := func() int {
		l := openStore(c.T, c.path("data"))
		defer l.Close()
		s, n := storedOf(c.T, l, exported), 0
		for id, repo := range now.names {
			if !maps.Equal(s.days[repo], now.days[id]) {
				n++
			}
		}
		return n
	}
	if lacks() == 0 {
		c.Fatalf("expected days to be missing without %s", name)
	}
	e := ready(c.T, c.arguments()...)
	waitFor(c.T, "the days of the file to be there again", e.log, func() bool { return lacks() == 0 })
	e.stop()
}
