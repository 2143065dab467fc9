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
}

// repo names the repository of what is added from now on.
func (e *rowEmitter) repo(r history.Repo) {
	e.rows.Repos = append(e.rows.Repos, history.RepoTotal{Repo: r, Total: history.Unknown})
}

func (e *rowEmitter) add(d history.Day, n seq, downloads int64) error {
	if e.rows.Len() == history.BlockRows || e.versions && e.rows.Version != e.v.entries[n].version {
		if err := e.flush(); err != nil {
			return err
		}
	}
	if e.versions {
		e.rows.Version = e.v.entries[n].version
	}
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
