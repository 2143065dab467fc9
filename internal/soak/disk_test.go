package soak

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFullDisk fills the disk under a running serve, again and again: it says what
// is wrong, answers on from memory, and takes in what it missed once there is room.
func TestFullDisk(t *testing.T) {
	begin := time.Now()
	s := newStage(t, 30, 120, 2)
	if err := os.Mkdir(s.path("data"), 0o755); err != nil {
		t.Fatal(err)
	}
	mount(t, s.path("data"), "size=1m")
	d := &disk{stage: s, outages: size(2, 20)}
	ballast := filepath.Join(t.TempDir(), "unused")
	d.run("no space left on device", func() {
		ballast = s.path("data/ballast")
		fill(t, ballast)
	}, func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	})
	figures(t, begin, "%s", d)
}

// TestReadOnlyDisk takes the right to write away, by mounting the disk anew or, without
// the right to do that, by the permissions of the folders.
func TestReadOnlyDisk(t *testing.T) {
	begin := time.Now()
	s := newStage(t, 30, 120, 3)
	data := s.path("data")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	d := &disk{stage: s, outages: size(2, 20)}
	if os.Geteuid() == 0 {
		mount(t, data, "size=20m")
		remount := func(flags uintptr) {
			if err := syscall.Mount("tmpfs", data, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
				t.Fatal(err)
			}
		}
		d.run("read-only file system", func() { remount(syscall.MS_RDONLY) }, func() { remount(0) })
	} else {
		chmod := func(mode os.FileMode) {
			for _, name := range []string{"records", "readings"} {
				if err := os.Chmod(filepath.Join(data, name), mode); err != nil {
					t.Fatal(err)
				}
			}
		}
		d.run("permission denied", func() { chmod(0o555) }, func() { chmod(0o755) })
	}
	figures(t, begin, "%s", d)
}

// mount mounts a small file system, which needs root.
func mount(t *testing.T, dir, options string) {
	t.Helper()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options)
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("needs the right to mount a small file system: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// fill writes a file until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// disk is a campaign of outages of the disk.
type disk struct {
	*stage
	outages            int
	failures, restarts int
	collections        int
}

func (d *disk) String() string {
	return fmt.Sprintf("%d outages, %d collections refused with a clear error, %d starts meanwhile, "+
		"everything answered from memory; %d collections stored after, nothing lost",
		d.outages, d.failures, d.restarts, d.collections)
}

// run begins and ends outages below a running serve.
func (d *disk) run(want string, begin, end func()) {
	d.Helper()
	minutes := 360
	e := ready(d.T, d.arguments()...)
	collect := func() { // at once
		minutes++
		d.configure(minutes)
		if code, body := e.reload(); code != 200 {
			d.Fatalf("reload: %d\n%s", code, body)
		}
	}
	d.untilHubIsStored(e)
	for range d.outages {
		records, page := e.get("/api/v1/records"), e.get("/metrics")
		logged := len(e.log.String())
		begin()
		d.pass()
		collect()
		failed := fmt.Sprintf(`huggingface_exporter_collection_failures_total{org=%q,reason="store"}`, exported)
		was := max(series(page)[failed], 0)
		waitFor(d.T, fmt.Sprintf("a collection to fail, and an error with %q and %q", want, d.path("data")), e.log, func() bool {
			return e.metric(failed) > was && slices.ContainsFunc(strings.Split(e.log.String()[logged:], "\n"), func(line string) bool {
				return strings.Contains(line, "Collection failed; still serving earlier data") &&
					strings.Contains(line, "org="+exported) && strings.Contains(line, "reason=store") &&
					strings.Contains(line, want) && strings.Contains(line, d.path("data"))
			})
		})
		d.failures++
		if got := e.get("/api/v1/records"); got != records {
			d.Error("the records changed while they could not be stored")
		}
		now := series(e.get("/metrics"))
		for name, v := range series(page) {
			if strings.HasPrefix(name, "huggingface_repo_downloads") && now[name] != v {
				d.Errorf("%s was %v and is %v, though nothing could be stored", name, v, now[name])
			}
		}
		// Who starts now has the same, and a command says what is wrong.
		other := ready(d.T, "--storage.path="+d.path("data"))
		if got := other.get("/api/v1/records"); got != records {
			d.Error("a serve that started meanwhile has other records")
		}
		other.stop()
		d.restarts++
		d.write("new.csv", "repoType,repoName,total,timestamp,downloads\nmodel,o/m,1,2024-01-01,1\n")
		if _, errs, code := run(d.T, "import", "--storage.path="+d.path("data"), d.path("new.csv")); code != 1 || !strings.Contains(errs, want) {
			d.Errorf("import: exit %d, expected 1 and %q:\n%s", code, want, errs)
		}
		end()
		collect()
		d.untilHubIsStored(e)
		d.collections += 2
	}
	if temporaries, _ := storeFiles(d.path("data")); temporaries > 0 {
		d.Errorf("%d temporary files were left over", temporaries)
	}
	e.stop()
}

// untilHubIsStored waits until serve and the store have what the Hub has now.
func (d *disk) untilHubIsStored(e *exporter) {
	d.Helper()
	now, totals := tell(d.T, d.hub, exported, 0), tell(d.T, d.hub, listed, 0)
	waitFor(d.T, "what the Hub has to be stored", e.log, func() bool {
		values := series(e.get("/metrics"))
		for _, t := range []*told{now, totals} {
			for id, repo := range t.names {
				name := fmt.Sprintf("huggingface_repo_downloads_all_time{repo_type=%q,org=%q,repo=%q}", repo.Type, repo.Org(), repo.Name)
				if values[name] != float64(t.totals[id]) {
					return false
				}
			}
		}
		l := openStore(d.T, d.path("data"))
		defer l.Close()
		return storedOf(d.T, l, exported).differs(now) == ""
	})
}
