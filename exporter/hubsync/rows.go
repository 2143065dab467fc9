package hubsync

import (
	"context"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/differ"
)

// rows streams the days that follow from totals, and the records of renamed repositories
// under their new names.
func (c *Collector) rows(ctx context.Context, d *differ.Result, asOf history.AsOf) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		j := joiner{ctx: ctx, index: make(map[history.Repo]uint32), yield: yield}
		same := func(r history.Repo) (history.Repo, bool) { return r, true }
		if !j.join(history.RowsOf(history.Version{Source: history.Observed, AsOf: asOf}, d.Observed...), same) ||
			!j.join(history.RowsOf(history.Version{Source: history.Estimated, AsOf: asOf}, d.Estimated...), same) ||
			len(d.Moved) == 0 {
			return
		}
		to := make(map[history.Repo]history.Repo, len(d.Moved))
		var names []string
		for _, m := range d.Moved {
			to[m.From] = m.To
			names = append(names, m.From.Name)
		}
		q := history.RecordsQuery{Filter: history.Filter{Repos: names}, Order: history.OrderRepo, Versions: true}
		j.join(c.Store.Records(ctx, q), func(r history.Repo) (history.Repo, bool) {
			moved, ok := to[r]
			return moved, ok
		})
	}
}

// joiner gives the blocks of several streams one dictionary.
type joiner struct {
	ctx   context.Context
	index map[history.Repo]uint32
	repos []history.RepoTotal
	rows  history.Rows
	yield func(*history.Rows, error) bool
}

// join passes a stream on, each repository under the name that name returns, and without
// those that it returns none for. It reports whether the next stream may follow.
func (j *joiner) join(in history.RowSeq, name func(history.Repo) (history.Repo, bool)) bool {
	for rows, err := range in {
		if err != nil {
			j.yield(nil, ofStore(j.ctx, err)) // the Hub's answer was read before
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
		if j.rows.Len() > 0 && !j.yield(&j.rows, nil) {
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
