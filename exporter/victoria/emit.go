package victoria

import (
	"errors"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// errStopped says that who reads a stream wants no more of it.
var errStopped = errors.New("stopped")

// rowEmitter gathers rows of one version into blocks.
type rowEmitter struct {
	yield func(*history.Rows, error) bool
	rows  history.Rows
}

// repo names the repository of what is added from now on.
func (e *rowEmitter) repo(r history.Repo) {
	e.rows.Repos = append(e.rows.Repos, history.RepoTotal{Repo: r, Total: history.Unknown})
}

func (e *rowEmitter) add(d history.Day, v history.Version, downloads int64) error {
	if e.rows.Len() == history.BlockRows || e.rows.Version != v {
		if err := e.flush(); err != nil {
			return err
		}
	}
	e.rows.Version = v
	e.rows.Append(uint32(len(e.rows.Repos)-1), d, downloads)
	return nil
}

// flush hands the block on.
func (e *rowEmitter) flush() error {
	if e.rows.Len() > 0 && !e.yield(&e.rows, nil) {
		return errStopped
	}
	e.rows.Reset()
	return nil
}
