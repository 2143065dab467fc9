package api

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// countsJSON is the answer to countsRoute; rows come last.
type countsJSON struct {
	Revision *string         `json:"revision"`
	Rows     []countsRowJSON `json:"rows,omitempty"` // set by the reading side alone
}

type countsRowJSON struct {
	RepoType  history.RepoType `json:"repo_type"`
	Org       string           `json:"org"`
	Repo      string           `json:"repo"`
	Downloads countJSON        `json:"downloads"`
	Corrected int64            `json:"corrected"`
	LastMonth countJSON        `json:"last_month"`
	Likes     countJSON        `json:"likes"`
}

func (a *handlers) counts(w http.ResponseWriter, r *http.Request) error {
	p := readParams(r.URL.RawQuery)
	f := readFilter(p)
	if err := p.done(); err != nil {
		return err
	}
	revision := a.revision()
	if a.notModified(w, r, revision, countsRoute, p.values.Encode()) {
		return nil
	}
	var rows []countsRowJSON
	most := a.limits().MaxRows
	for c, err := range a.store.Counts(r.Context(), f) {
		if err != nil {
			return err
		}
		if most > 0 && int64(len(rows)) == most {
			return tooMany(most, "repositories", "select fewer")
		}
		rows = append(rows, countsRowJSON{
			RepoType: c.Repo.Type, Org: c.Repo.Org(), Repo: c.Repo.Name, Downloads: countJSON(c.Downloads),
			Corrected: c.Corrected, LastMonth: countJSON(c.LastMonth), Likes: countJSON(c.Likes),
		})
	}
	if err := answered(r.Context()); err != nil {
		return err
	}
	head := countsJSON{}
	if revision != "" {
		head.Revision = &revision
	}
	return writeJSON(w, head, "rows", slices.Values(rows))
}

// Counts asks the exporter what its metrics page shows.
func (c *Client) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return func(yield func(history.Counts, error) bool) {
		query := make(url.Values)
		writeFilter(query, f)
		var j countsJSON
		if err := c.getJSON(ctx, countsRoute, query, &j); err != nil {
			yield(history.Counts{}, err)
			return
		}
		for _, r := range j.Rows {
			if !yield(history.Counts{
				Repo: history.Repo{Type: r.RepoType, Name: r.Repo}, Downloads: int64(r.Downloads),
				Corrected: r.Corrected, LastMonth: int64(r.LastMonth), Likes: int64(r.Likes),
			}, nil) {
				return
			}
		}
	}
}
