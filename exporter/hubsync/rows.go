package hubsync

import (
	"context"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// rows streams the days that the totals tell, and the records of renamed
// repositories under their new names.
func (p *pass) rows(ctx context.Context, store history.Appender) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		same := func(r history.Repo) (history.Repo, bool) { return r, true }
		j := joiner{index: make(map[history.Repo]uint32)}
		if !j.pass(history.RowsOf(history.Version{Source: history.Observed, AsOf: p.asOf}, p.observed...), same, yield) ||
			!j.pass(history.RowsOf(history.Version{Source: history.Estimated, AsOf: p.asOf}, p.estimated...), same, yield) ||
			len(p.outcome.Moved) == 0 {
			return
		}
		to := make(map[history.Repo]history.Repo, len(p.outcome.Moved))
		var names []string
		for _, m := range p.outcome.Moved {
			to[m.From] = m.To
			names = append(names, m.From.Name)
		}
		q := history.RecordsQuery{Filter: history.Filter{Repos: names}, Order: history.OrderRepo, Versions: true}
		j.pass(store.Records(ctx, q), func(r history.Repo) (history.Repo, bool) {
			moved, ok := to[r]
			return moved, ok
		}, yield)
	}
}

// joiner gives the blocks of several streams one dictionary.
type joiner struct {
	index map[history.Repo]uint32
	repos []history.RepoTotal
	rows  history.Rows
}

// pass passes a stream on, each repository under the name that name gives it and
// without those that it gives none. It reports whether the next stream may follow.
func (j *joiner) pass(in history.RowSeq, name func(history.Repo) (history.Repo, bool), yield func(*history.Rows, error) bool) bool {
	for rows, err := range in {
		if err != nil {
			yield(nil, &storeError{err}) // the Hub's answer was read before
			return false
		}
		j.rows.Reset()
		j.rows.Version = rows.Version
		for i, n := range rows.Repo {
			if r, ok := name(rows.Repos[n].Repo); ok {
				j.rows.Append(j.repo(r), rows.Day[i], rows.Downloads[i])
			}
		}
		j.rows.Repos = j.repos
		if j.rows.Len() > 0 && !yield(&j.rows, nil) {
			return false
		}
	}
	return true
}

// repo returns the index of a repository in the dictionary.
func (j *joiner) repo(r history.Repo) uint32 {
	at, ok := j.index[r]
	if !ok {
		at = uint32(len(j.repos))
		j.index[r] = at
		j.repos = append(j.repos, history.RepoTotal{Repo: r, Total: history.Unknown})
	}
	return at
}
