package outfile

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// SyncDir makes the names in a folder durable, as far as its file system can.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // cannot open a folder for that
	}
	return sync(dir)
}

// SyncFile makes durable what somebody else wrote to a file.
func SyncFile(name string) error {
	if runtime.GOOS == "windows" {
		return nil // cannot do that for a file that is open for reading
	}
	return sync(name)
}

func sync(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // the file system keeps nothing back, or has no word for it
	}
	return err
}
