package victoria

import (
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// roster is the repositories that an answer is of.
type roster struct {
	// all are their states in the order of Repo.Compare, and index has their places.
	all   []history.RepoMeta
	index map[history.Repo]int
	// The roster has those from first to the one before end.
	first, end int
}

// newRoster makes a roster of states, which it puts in order.
func newRoster(states []history.RepoMeta) *roster {
	slices.SortFunc(states, byRepo)
	o := &roster{all: states, index: make(map[history.Repo]int, len(states)), end: len(states)}
	for i := range states {
		o.index[states[i].Repo] = i
	}
	return o
}

// part returns the roster of those from first to the one before end.
func (o *roster) part(first, end int) *roster {
	return &roster{all: o.all, index: o.index, first: first, end: end}
}

func (o *roster) states() []history.RepoMeta { return o.all[o.first:o.end] }

// place returns the place of a repository among all, and whether the roster has it.
func (o *roster) place(r history.Repo) (at int, ok bool) {
	at, ok = o.index[r]
	return at, ok && o.first <= at && at < o.end
}

// byRepo orders states by repository.
func byRepo(a, b history.RepoMeta) int { return a.Repo.Compare(b.Repo) }
