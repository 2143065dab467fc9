package localstore

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
)

// disk does what changes the file system. Tests are asked ahead of each step and
// may refuse it, and need not wait until the disk has the bytes.
type disk struct {
	before   func(step, path string) error
	unsynced bool
}

func (d *disk) ask(step, path string) error {
	if d.before == nil {
		return nil
	}
	return d.before(step, path)
}

// newName returns a name that no other file has had: the time, for people, and
// chance.
func newName() string {
	var b [6]byte
	rand.Read(b[:])
	return time.Now().UTC().Format("20060102T150405.000000Z") + "-" + hex.EncodeToString(b[:]) + suffix
}

// write writes a file under its temporary name, so that it is on the disk but does
// not count, and returns its size.
func (d *disk) write(dir, name string, content func(io.Writer) error) (int64, error) {
	path := filepath.Join(dir, tempName(name))
	if err := d.ask("create", path); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := content(asked{f, d}); err != nil {
		return 0, err
	}
	if err := d.ask("sync", path); err != nil {
		return 0, err
	}
	if !d.unsynced {
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), f.Close()
}

// asked writes to a file and asks ahead of each write.
type asked struct {
	*os.File
	disk *disk
}

func (a asked) Write(b []byte) (int, error) {
	if err := a.disk.ask("write", a.Name()); err != nil {
		return 0, err
	}
	return a.File.Write(b)
}

// publish gives a written file its name, by which it counts: others may have seen it then,
// and it stays even if its folder cannot be synced. named says whether it has got that far.
func (d *disk) publish(dir, name string) (named bool, err error) {
	if err := d.ask("rename", filepath.Join(dir, name)); err != nil {
		return false, err
	}
	if err := os.Rename(filepath.Join(dir, tempName(name)), filepath.Join(dir, name)); err != nil {
		return false, err
	}
	if err := d.syncDir(dir); err != nil {
		return true, fmt.Errorf("%s is complete, but its directory cannot be synced: %w", filepath.Join(dir, name), err)
	}
	return true, nil
}

// makeDir makes a directory and those above it that do not exist, so that a loss of power
// does not take them away with what is stored in them.
func (d *disk) makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := d.makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.syncDir(parent)
}

// remove removes a file. That it is not there is no error.
func (d *disk) remove(path string) error {
	if err := d.ask("remove", path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes the names in a directory durable.
func (d *disk) syncDir(dir string) error { return d.sync(dir, outfile.SyncDir) }

// syncFile makes durable what another process wrote, or may still be writing.
func (d *disk) syncFile(path string) error { return d.sync(path, outfile.SyncFile) }

func (d *disk) sync(path string, sync func(string) error) error {
	if err := d.ask("sync", path); err != nil {
		return err
	}
	if d.unsynced {
		return nil
	}
	return sync(path)
}
