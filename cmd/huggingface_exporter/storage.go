package main

import (
	"context"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/engine"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/internal/server"
)

// userAgent is how requests name this program.
func userAgent() string { return progName + "/" + version.Version }

// storageFlag declares --storage.path.
func storageFlag(cmd *kingpin.CmdClause) *string {
	return cmd.Flag("storage.path", "Directory of the stored history.").Default("./data").String()
}

// storageFlags say where the history is.
type storageFlags struct{ path, configFile *string }

func addStorageFlags(cmd *kingpin.CmdClause) storageFlags {
	return storageFlags{
		path: storageFlag(cmd),
		configFile: cmd.Flag("config.file", "Configuration file with the storage engine. Default: none, which selects the embedded store.").
			PlaceHolder("FILE").String(),
	}
}

// open opens the engine with the history, to write to it or, with readOnly, to read what
// has to be there.
func (f storageFlags) open(ctx context.Context, p *program, readOnly bool) (engine.Engine, error) {
	store, _, err := f.openGroups(ctx, p, readOnly)
	return store, err
}

// openGroups is open, and returns the groups of the configuration as well.
func (f storageFlags) openGroups(ctx context.Context, p *program, readOnly bool) (engine.Engine, *groups.Groups, error) {
	c, err := loadConfig(*f.configFile)
	if err != nil {
		return nil, nil, err
	}
	g, err := groups.Open(c.Storage.StateDir(*f.path))
	if err != nil && len(c.Groups) > 0 {
		return nil, nil, err
	}
	g.Set(server.Groups(c))
	store, err := engine.Open(ctx, p.engine(c.Storage, *f.path, readOnly))
	return store, g, err
}

// engine says how a command opens an engine.
func (p *program) engine(s config.Storage, path string, readOnly bool) engine.Options {
	return engine.Options{Storage: s, Path: path, ReadOnly: readOnly, UserAgent: userAgent(), Logger: p.log}
}
