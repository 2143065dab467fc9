package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore/segment"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

const (
	// leastSpace is how much room there should be for new files, in bytes.
	leastSpace = 256 << 20
	// noSpace is how little of it is none.
	noSpace = 16 << 20
)

// store looks at the folder of the embedded store.
func (d *doctor) store(ctx context.Context, dir string) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.noStore(dir)
		return
	case err != nil:
		d.add(bad, "store", "let the user that serve runs as into the folders above it", "%v", err)
		return
	case !info.IsDir():
		d.add(bad, "store", "name a folder with --storage.path", "expected a folder at %s, got a file", dir)
		return
	}
	if d.storePermissions(dir, info) {
		d.storeLock(dir)
	}
	size, ok := d.storeContent(ctx, dir)
	if ok {
		d.space(dir, size)
	}
}

// existing returns the nearest folder that is there, from dir upwards.
func existing(dir string) string {
	for dir = filepath.Clean(dir); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

// folder looks at whether a folder of the configuration can be written to, or made.
func (d *doctor) folder(dir, field string) {
	if err := mayWrite(existing(dir)); err != nil {
		d.add(bad, "queue", "make "+dir+" and give it to the user that serve runs as; or name another folder in "+field, "%v", err)
		return
	}
	d.ok("queue", "%s: what cannot be stored yet waits there", dir)
}

// noStore looks at where a store is to be made.
func (d *doctor) noStore(dir string) {
	parent := existing(filepath.Dir(filepath.Clean(dir)))
	if err := mayWrite(parent); err != nil {
		d.add(bad, "store", "make "+dir+" and give it to the user that serve runs as; or name another folder with --storage.path", "%s is not there and cannot be made: %v", dir, err)
		return
	}
	d.ok("store", "%s is not there yet; serve makes it", dir)
	d.space(parent, 0)
}

// storeContent opens the store, to read it, and returns how large it is.
func (d *doctor) storeContent(ctx context.Context, dir string) (size int64, ok bool) {
	l, err := localstore.Open(ctx, dir, localstore.Options{Logger: d.p.log, ReadOnly: true})
	switch {
	case err == nil:
	case errors.Is(err, segment.ErrNewer):
		d.add(bad, "store", "upgrade huggingface_exporter, or restore a backup from before the newer version", "%v", err)
		return 0, false
	case errors.Is(err, fs.ErrPermission):
		d.add(bad, "store", "let the user that serve runs as read the files; was another user's import run on it?", "%v", err)
		return 0, false
	default:
		d.add(bad, "store", "see the chapter Backups of docs/operations.md", "%v", err)
		return 0, false
	}
	defer l.Close()
	s, t := l.Stats(), l.Table()
	recorded := "no day is recorded"
	if days := t.Recorded(); days.Len() > 0 {
		recorded = "recorded " + days.From.String() + " to " + days.To.String()
	}
	d.ok("store", "%s: %s records of %s repositories, %s; %d files of layout %d, %s bytes", dir,
		grouped(t.NumRecords()), grouped(int64(t.NumRepos())), recorded, s.RecordFiles+s.StateFiles, segment.Layout, grouped(s.Bytes))
	return s.Bytes, true
}

// storePermissions finds out whether the store can be written to, and reports it.
func (d *doctor) storePermissions(dir string, info fs.FileInfo) bool {
	for _, sub := range []string{dir, filepath.Join(dir, "records"), filepath.Join(dir, "repos")} {
		err := mayWrite(sub)
		if errors.Is(err, fs.ErrNotExist) {
			continue // made as needed
		}
		if err != nil {
			d.add(bad, "store", "give the folder to the user that serve runs as: chown -R USER "+dir+"; or mount it for writing", "%s cannot be written to: %v", sub, err)
			return false
		}
	}
	if info.Mode().Perm()&0o002 != 0 {
		d.add(warning, "store", "chmod o-w "+dir, "anybody on this machine may change %s", dir)
	}
	if owner, ok := ownerOf(info); ok && os.Geteuid() == 0 && owner != 0 {
		d.add(warning, "store", fmt.Sprintf("run doctor as that user: sudo -u '#%d' %s doctor ...", owner, progName),
			"%s belongs to user %d and this is root, who may do everything", dir, owner)
	}
	return true
}

// storeLock tries the lock by which writers take turns.
func (d *doctor) storeLock(dir string) {
	name := filepath.Join(dir, "lock")
	if _, err := os.Stat(name); err != nil {
		return // made by the first writer
	}
	lock := flock.New(name)
	defer lock.Close()
	if _, err := lock.TryRLock(); err != nil {
		d.add(bad, "store", "keep the store on a local file system: this one has no advisory locks (flock)", "%v", err)
	}
}

// space looks at how much room there is for a store of that size.
func (d *doctor) space(dir string, size int64) {
	free, ok := freeSpace(dir)
	if !ok {
		return
	}
	// Compaction writes the files anew before it removes the old ones.
	want := max(int64(leastSpace), 2*size)
	const do = "make room, or move the store to a larger disk"
	switch text := fmt.Sprintf("%s: %s MiB free", dir, grouped(free>>20)); {
	case free < noSpace:
		d.add(bad, "store", do, "%s", text)
	case free < want:
		d.add(warning, "store", do, "%s, and %s MiB may be needed when files are merged", text, grouped(want>>20))
	default:
		d.ok("store", "%s", text)
	}
}

// engineTakes finds out whether the engine takes samples, by sending none.
func (d *doctor) engineTakes(ctx context.Context, v *config.VictoriaMetrics) {
	insert, _, _, err := v.URLs()
	if err == nil {
		var to *pushclient.Receiver
		to, err = pushclient.New(pushclient.Options{
			URL: insert.JoinPath("/api/v1/import"), HTTP: v.HTTP(), Timeout: min(time.Duration(v.Timeout), askTime), UserAgent: progName + "/" + version.Version,
		})
		if err == nil {
			err = to.Post(ctx, http.Header{})
		}
	}
	if err != nil {
		d.add(bad, "engine", "check storage.victoriametrics.insert_url, and that its user may write", "%v", timedOut(err))
		return
	}
	d.ok("engine", "victoriametrics takes samples at %s", insert.Redacted())
}
