package segment

import (
	"errors"
	"fmt"
)

var (
	// ErrForeign is wrapped by errors about files that this package did not write.
	ErrForeign = errors.New("not a file of this store")
	// ErrNewer is wrapped by errors about files in a layout that is newer than
	// this program.
	ErrNewer = errors.New("written by a newer version of this program")
	// ErrDamaged is wrapped by errors about files whose content is not what was
	// written.
	ErrDamaged = errors.New("damaged")
)

// foreign returns an error that wraps ErrForeign and names the file.
func foreign(file, format string, args ...any) error { return fault(file, ErrForeign, format, args) }

// damaged returns an error that wraps ErrDamaged and names the file.
func damaged(file, format string, args ...any) error { return fault(file, ErrDamaged, format, args) }

func fault(file string, kind error, format string, args []any) error {
	return fmt.Errorf("%s is %w: %s", file, kind, fmt.Sprintf(format, args...))
}

// guard turns a panic of the Parquet library over the content of a file into an
// error. It is deferred around every call that decodes.
func guard(file string, err *error) {
	if p := recover(); p != nil {
		*err = damaged(file, "the Parquet reader gave up: %v", p)
	}
}
