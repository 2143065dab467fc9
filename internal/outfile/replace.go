//gosec:disable G404 -- a name that nobody else has, and no secret

// Package outfile writes files so that they outlive a loss of power: replaced as a whole once
// they are complete, and notes of how far a command came.
package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Replace calls write with a file that takes the place of the file called name once it is
// complete: it is written beside, synced and renamed, and after an error it is gone, unless
// that is an UnsyncedError. What is no regular file, as /dev/null or a named pipe, is written
// to as it is.
func Replace(name string, write func(*os.File) error) error {
	if target, linkErr := filepath.EvalSymlinks(name); linkErr == nil {
		name = target // the link stays, what it leads to is replaced
	}
	mode := fs.FileMode(0o666)
	switch info, statErr := os.Stat(name); {
	case errors.Is(statErr, fs.ErrNotExist):
	case statErr != nil:
		return statErr
	case info.IsDir():
		return fmt.Errorf("expected the name of a file, got the directory %s", name)
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return firstOf(write(f), f.Close())
	default:
		mode = info.Mode().Perm()
	}
	dir, base := filepath.Split(name)
	temp := filepath.Join(dir, fmt.Sprintf(".%s.%08x.tmp", base, rand.Uint32()))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	named := false
	defer func() {
		if !named {
			os.Remove(temp)
		}
	}()
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err := firstOf(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, name); err != nil {
		return err
	}
	named = true
	if err := SyncDir(filepath.Dir(name)); err != nil {
		return &UnsyncedError{name, err}
	}
	return nil
}

// UnsyncedError says that a file is complete and has its name, which a loss of power may
// take back, though.
type UnsyncedError struct {
	Name string
	Err  error // of the attempt to sync the folder
}

func (e *UnsyncedError) Error() string {
	return fmt.Sprintf("%s is complete, but may be lost in a power failure: %v", e.Name, e.Err)
}

// Unwrap returns the error of the attempt.
func (e *UnsyncedError) Unwrap() error { return e.Err }

// firstOf returns the first error.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
