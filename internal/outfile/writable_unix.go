//go:build linux || darwin || freebsd

package outfile

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// CheckWritable returns an error if this user may not make files in a folder.
func CheckWritable(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "write to", Path: dir, Err: err}
	}
	return nil
}
