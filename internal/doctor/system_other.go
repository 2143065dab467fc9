//go:build !linux && !darwin && !freebsd

package doctor

import "io/fs"

// freeSpace is not known here.
func freeSpace(string) (int64, bool) { return 0, false }

// ownerOf is not known here.
func ownerOf(fs.FileInfo) (int, bool) { return 0, false }
