package victoria

import (
	"errors"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// errStopped says that who reads a stream wants no more of it.
var errStopped = errors.New("stopped")

// rowEmitter gathers rows of one version into blocks.
type rowEmitter struct {
	v        *view
	versions bool
	yield    func(*history.Rows, error) bool
	rows     history.Rows
	// confirmed is of the repository under way.
	confirmed confirmed
}

// repo names the repository of what is added from now on.
func (e *rowEmitter) repo(r history.Repo) {
	e.rows.Repos = append(e.rows.Repos, history.RepoTotal{Repo: r, Total: history.Unknown})
	e.confirmed = e.v.confirmed[r]
}

func (e *rowEmitter) add(d history.Day, n seq, downloads int64) error {
	version := e.rows.Version
	if e.versions {
		version = e.confirmed.version(d, n, e.v.entries[n].version)
	}
	if e.rows.Len() == history.BlockRows || e.rows.Version != version {
		if err := e.flush(); err != nil {
			return err
		}
	}
	e.rows.Version = version
	e.rows.Append(uint32(len(e.rows.Repos)-1), d, downloads)
	return nil
}

func (e *rowEmitter) flush() error {
	if e.rows.Len() > 0 && !e.yield(&e.rows, nil) {
		return errStopped
	}
	e.rows.Reset()
	return nil
}
