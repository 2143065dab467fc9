//go:build !linux && !darwin && !freebsd

package outfile

import "os"

// CheckWritable returns an error if a folder is not there; permissions are not known
// here.
func CheckWritable(dir string) error {
	_, err := os.Stat(dir)
	return err
}
