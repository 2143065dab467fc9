package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// replaceFile calls write with a file that takes the place of the file called
// name once it is complete: it is written beside, synced and renamed, and after
// an error it is gone. What is no regular file, as /dev/null or a named pipe, is
// written to as it is.
func replaceFile(name string, write func(*os.File) error) (err error) {
	if target, linkErr := filepath.EvalSymlinks(name); linkErr == nil {
		name = target // the link stays, what it leads to is replaced
	}
	mode := fs.FileMode(0o666)
	switch info, statErr := os.Stat(name); {
	case errors.Is(statErr, fs.ErrNotExist):
	case statErr != nil:
		return statErr
	case info.IsDir():
		return fmt.Errorf("expected the name of a file, got the folder %s", name)
	case !info.Mode().IsRegular():
		return writeTo(name, write)
	default:
		mode = info.Mode().Perm()
	}

	dir, base := filepath.Split(name)
	beside := filepath.Join(dir, fmt.Sprintf(".%s.%08x.tmp", base, rand.Uint32()))
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(beside)
		}
	}()
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(beside, name); err != nil {
		return err
	}
	return syncDir(dir)
}

// writeTo writes to what exists under that name.
func writeTo(name string, write func(*os.File) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = write(f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// syncDir makes a rename in a folder last.
func syncDir(dir string) error {
	if dir == "" {
		dir = "."
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	// Not every file system can sync a folder, and the file itself is safe.
	_ = d.Sync()
	return nil
}
