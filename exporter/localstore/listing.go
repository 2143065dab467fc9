package localstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	suffix     = ".parquet"
	tempSuffix = ".tmp"
)

// tempName returns the name under which a file is written before it counts.
func tempName(name string) string { return "." + name + tempSuffix }

func isTemp(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, suffix+tempSuffix)
}

func isFile(name string) bool {
	return !strings.HasPrefix(name, ".") && strings.HasSuffix(name, suffix)
}

// listing is what the two directories hold, by name and sorted: files, and what is
// being written or was left behind.
type listing struct {
	records, states         []string
	tempRecords, tempStates []string
}

func (a *listing) equal(b *listing) bool {
	return slices.Equal(a.records, b.records) && slices.Equal(a.states, b.states)
}

// list reads the directories. Records come first: a file of states that was there
// before the file of records it belongs to is then listed too.
func (l *Ledger) list() (*listing, error) {
	var out listing
	var err error
	if out.records, out.tempRecords, err = l.listDir(recordsDir); err != nil {
		return nil, err
	}
	if out.states, out.tempStates, err = l.listDir(statesDir); err != nil {
		return nil, err
	}
	return &out, nil
}

func (l *Ledger) listDir(sub string) (files, temps []string, err error) {
	dir := filepath.Join(l.dir, sub)
	entries, err := os.ReadDir(dir)
	if l.readOnly && errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("listing the store: %w", err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case isTemp(name):
			temps = append(temps, name)
		case isFile(name):
			files = append(files, name)
		default:
			return nil, nil, fmt.Errorf("%s is not a file of this store: move it out of %s", filepath.Join(dir, name), dir)
		}
	}
	return files, temps, nil
}

// listings bounds how often the directories are listed until they hold still.
const listings = 1000

// settled lists the directories until two listings agree. A listing that is taken
// while another process compacts may have missed the new file and the old ones;
// the next one then has the new file.
func settled(ctx context.Context, first *listing, list func() (*listing, error)) (*listing, error) {
	for range listings {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next, err := list()
		if err != nil {
			return nil, err
		}
		if next.equal(first) {
			return next, nil
		}
		first = next
	}
	return nil, fmt.Errorf("listing the store: its files did not hold still over %d listings", listings)
}
