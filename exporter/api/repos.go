package api

import (
	"iter"
	"net/http"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// reposJSON is the answer to reposRoute; rows come last.
type reposJSON struct {
	periodJSON
	Matched int `json:"matched"`
	// TrendStep is left out without trends.
	TrendStep int       `json:"trend_step,omitempty"`
	Rows      []rowJSON `json:"rows,omitempty"` // set by the reading side alone
}

type rowJSON struct {
	RepoType history.RepoType `json:"repo_type"`
	Org      string           `json:"org"`
	Repo     string           `json:"repo"`
	Total    countJSON        `json:"total"`
	compareJSON
	Recorded *daysJSON `json:"recorded"`
	// CorrectedAsOf is null where nothing was corrected, or nobody knows when.
	Corrected     int64    `json:"corrected"`
	CorrectedAsOf asOfJSON `json:"corrected_as_of"`
	// Trend is left out where it was not asked for.
	Trend trendJSON `json:"trend,omitzero"`
}

func (a *handlers) repos(w http.ResponseWriter, r *http.Request) error {
	p := readParams(r.URL.RawQuery)
	q := readRepos(p)
	if err := p.done(); err != nil {
		return err
	}
	revision := a.revision()
	if a.notModified(w, r, revision, reposRoute, p.values.Encode()) {
		return nil
	}
	page, err := a.store.Repos(r.Context(), q)
	if err != nil {
		return err
	}
	if most := a.limits().MaxRows; most > 0 && int64(len(page.Rows)) > most {
		return tooMany(most, "repositories", "ask for a smaller limit")
	}
	if err := answered(r.Context()); err != nil {
		return err
	}
	head := reposJSON{
		periodJSON: periodOf(revision, page.Recorded, page.Days, page.Before, page.HasBefore),
		Matched:    page.Matched,
		TrendStep:  page.TrendStep,
	}
	return writeJSON(w, head, "rows", rowsOf(&page))
}

func rowsOf(page *history.ReposPage) iter.Seq[rowJSON] {
	return func(yield func(rowJSON) bool) {
		for i := range page.Rows {
			r := &page.Rows[i]
			if !yield(rowJSON{
				RepoType: r.Repo.Type, Org: r.Repo.Org(), Repo: r.Repo.Name,
				Total:       countJSON(r.Total),
				compareJSON: compare(r.Downloads, r.Before, page.HasBefore),
				Recorded:    daysOf(r.Recorded),
				Corrected:   r.Corrected, CorrectedAsOf: asOfJSON(r.CorrectedAsOf),
				Trend: r.Trend,
			}) {
				return
			}
		}
	}
}

// page returns what the answer to q was made of.
func (j *reposJSON) page(q history.ReposQuery) history.ReposPage {
	p := history.ReposPage{Recorded: j.Recorded.days(), Matched: j.Matched, TrendStep: j.TrendStep}
	p.Days, p.Before, p.HasBefore = q.Period.Resolve(p.Recorded)
	for _, r := range j.Rows {
		p.Rows = append(p.Rows, history.RepoRow{
			Repo:  history.Repo{Type: r.RepoType, Name: r.Repo},
			Total: int64(r.Total), Downloads: r.Downloads, Before: r.before(),
			Recorded: r.Recorded.days(), Trend: r.Trend,
			Corrected: r.Corrected, CorrectedAsOf: history.AsOf(r.CorrectedAsOf),
		})
	}
	return p
}
