package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
)

// storageFlag declares --storage.path.
func storageFlag(cmd *kingpin.CmdClause) *string {
	return cmd.Flag("storage.path", "Folder of the stored history.").Default("./data").String()
}

// openStorage opens the store in a folder, which is made if it is not there.
func openStorage(ctx context.Context, p *program, dir string) (*localstore.Ledger, error) {
	return localstore.Open(ctx, dir, localstore.Options{Logger: p.log})
}

// openStored opens a store that has to be there, to read it.
func openStored(ctx context.Context, p *program, dir string) (*localstore.Ledger, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("expected a stored history in %s, but there is no such folder; "+
			"name the right one with --storage.path, or fill it with \"%s import FILE\"", dir, progName)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("expected the folder of a stored history, got the file %s; name the right one with --storage.path", dir)
	}
	return localstore.Open(ctx, dir, localstore.Options{Logger: p.log, ReadOnly: true})
}
