//go:build !linux && !darwin && !freebsd

package doctor

import (
	"io/fs"
	"os"
)

// checkWritable returns an error if a folder is not there; permissions are not known
// here.
func checkWritable(dir string) error {
	_, err := os.Stat(dir)
	return err
}

// freeSpace is not known here.
func freeSpace(string) (int64, bool) { return 0, false }

// ownerOf is not known here.
func ownerOf(fs.FileInfo) (int, bool) { return 0, false }
