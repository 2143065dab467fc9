package hubsync

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/differ"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
)

// analytics collects the publisher analytics: the whole history of the organization, every
// time.
func (c *Collector) analytics(ctx context.Context) (Report, error) {
	r := report(SourceAnalytics)
	a, err := c.Client.PublisherAnalytics(ctx, c.Org, c.validators)
	if errors.Is(err, hub.ErrNotModified) {
		r.NotModified = true
		r.AsOf, err = c.asOf(ctx, hub.RoutePublisherAnalytics)
		return r, err
	}
	if err != nil {
		return r, err
	}
	defer a.Close()
	if r.AsOf, err = c.asOf(ctx, hub.RoutePublisherAnalytics); err != nil {
		return r, err
	}
	// If the store is away, nothing has to wait for it: the next export has it all again.
	known, err := c.known(ctx, nil)
	if err != nil {
		return r, err
	}
	x := export{c: c, answered: a, asOf: history.AsOfTime(r.AsOf), known: known}
	if err := x.countRecords(ctx); err != nil {
		return r, err
	}
	f := filter{c: c, o: &r.Others}
	// One append: once it is stored who appeared, and not who is missing for that, a
	// renamed repository looks like a deleted one.
	r.Change, err = c.append(ctx, hub.RoutePublisherAnalytics, history.Batch{
		Rows:     x.checked(f.rows(a.Rows(history.Version{Source: history.Published, AsOf: x.asOf}, history.DayOf(r.AsOf)+1))),
		MaxBytes: c.Client.MaxMemoryBytes(),
		Notes:    &a.Notes,
		Then:     func() (history.Batch, error) { return x.missing(ctx) },
	})
	if err != nil {
		return r, err
	}
	r.Repos, r.Changes, r.BadRows = len(x.repos), x.changes, a.Notes.BadRows
	for _, notice := range a.Notes.Notices() {
		c.Log.Warn("Stored the export of the publisher analytics with warnings", "notice", notice)
	}
	c.validators = a.Validators
	return r, nil
}

// export is one export of publisher analytics on its way into the store.
type export struct {
	c        *Collector
	answered *hub.Analytics
	asOf     history.AsOf
	known    differ.Known
	// had is what earlier exports had of each repository.
	had map[history.Repo]published
	// repos is the dictionary of the export, complete once it was read.
	repos []history.RepoTotal
	// downloads are the sums of its days, by their index in repos.
	downloads []float64
	// candidates are the days of the repositories that may be a known one under another
	// name, by their index in repos, in the order of the export; nil for the others.
	candidates [][]dayCount
	changes    differ.Changes
}

// dayCount is the downloads of a day.
type dayCount struct {
	day       history.Day
	downloads int64
}

// published is the number of daily records, and the sum of their downloads.
type published struct{ records, downloads float64 }

// countRecords counts the records of earlier exports.
func (x *export) countRecords(ctx context.Context) error {
	x.had = make(map[history.Repo]published, len(x.known.ByRepo))
	orgs := make(map[string]bool) // in the ways that the name is written
	for repo := range x.known.ByRepo {
		orgs[repo.Org()] = true
	}
	if len(x.known.Legacy) > 0 {
		orgs[""] = true
	}
	if len(orgs) == 0 {
		return nil
	}
	filter := history.Filter{Orgs: slices.Sorted(maps.Keys(orgs))}
	for rows, err := range x.published(ctx, filter) {
		if err != nil {
			return err
		}
		for i, n := range rows.Repo {
			had := x.had[rows.Repos[n].Repo]
			had.records++
			had.downloads += float64(rows.Downloads[i])
			x.had[rows.Repos[n].Repo] = had
		}
	}
	return nil
}

// published streams the records of earlier exports, by repository.
func (x *export) published(ctx context.Context, f history.Filter) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for rows, err := range x.c.Store.Records(ctx, history.RecordsQuery{Filter: f, Order: history.OrderRepo, Stored: true}) {
			if err != nil {
				yield(nil, ofStore(ctx, err))
				return
			}
			if rows.Version.Source == history.Published && !yield(rows, nil) {
				return
			}
		}
	}
}

// checked passes the export on, and refuses it at its end if it is not believed.
func (x *export) checked(rows history.RowSeq) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		var records float64
		for r, err := range rows {
			if err == nil {
				x.repos = r.Repos
				records += float64(r.Len())
				x.downloads = append(x.downloads, make([]float64, len(r.Repos)-len(x.downloads))...)
				for i, n := range r.Repo {
					x.downloads[n] += float64(r.Downloads[i])
				}
				x.remember(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		doubt := x.c.doubts.of(hub.RoutePublisherAnalytics).Judge(x.answer(records), x.asOf.Time())
		if err := x.c.believe(hub.RoutePublisherAnalytics, doubt); err != nil {
			yield(nil, err)
		}
	}
}

// answer returns the figures of the export, once it was read.
func (x *export) answer(records float64) *plausible.Answer {
	a := plausible.Answer{Records: records, Empty: records == 0, Past: x.asOf.Time().Before(newest(x.known)), Open: x.answered.Open}
	for repo, m := range x.known.ByRepo {
		if had, ok := x.had[repo]; ok && !m.Gone() {
			a.Had += had.records
			a.Repos++
		}
	}
	// A renamed repository counts as any other: an export has no ids.
	a.Missing = max(a.Repos-len(x.repos), 0)
	for i, t := range x.repos {
		if m, ok := x.known.ByRepo[t.Repo]; ok && !m.Gone() {
			days := float64(history.Unknown)
			if had, ok := x.had[t.Repo]; ok {
				days = had.downloads
			}
			a.Compare(plausible.Counts{Total: float64(m.Total), Days: days}, plausible.Counts{Total: float64(t.Total), Days: x.downloads[i]})
		}
	}
	return &a
}

// remember keeps the days of repositories that earlier exports did not have. There are none
// to keep of a first export: nothing is known that could be missing.
func (x *export) remember(r *history.Rows) {
	if len(x.had) == 0 {
		return
	}
	for _, t := range r.Repos[len(x.candidates):] {
		var days []dayCount
		if !x.known.Has(t.Repo) || x.had[t.Repo].records == 0 {
			days = []dayCount{}
		}
		x.candidates = append(x.candidates, days)
	}
	for i, n := range r.Repo {
		if x.candidates[n] != nil {
			x.candidates[n] = append(x.candidates[n], dayCount{r.Day[i], r.Downloads[i]})
		}
	}
}

// missing returns what is to be stored of the repositories that the export no longer has.
// An export has all that was ever published, so they were deleted, or have another name.
func (x *export) missing(ctx context.Context) (history.Batch, error) {
	if len(x.repos) == 0 {
		return history.Batch{}, nil // an organization without a download, or an answer without content
	}
	var c differ.Changes
	in := make(map[history.Repo]bool, len(x.repos))
	for _, t := range x.repos {
		in[t.Repo] = true
		if !x.known.Has(t.Repo) && (t.Repo.Org() == "" || strings.EqualFold(t.Repo.Org(), x.c.Org)) {
			c.Appeared = append(c.Appeared, t.Repo)
		}
	}
	var missing []history.Repo
	for repo, m := range x.known.ByRepo {
		// Idle repositories may have no row, and spaces have no downloads at all.
		if !in[repo] && !m.Gone() && m.Total > 0 {
			missing = append(missing, repo)
		}
	}
	to, err := x.renames(ctx, missing)
	if err != nil {
		return history.Batch{}, err
	}
	var metas []history.RepoMeta
	for _, repo := range missing {
		gone := history.NewRepoMeta(repo)
		gone.GoneAsOf = x.asOf
		if name, ok := to[repo]; ok {
			gone.MovedTo = name.Name
			metas = append(metas, differ.Continue(x.known.ByRepo[repo], history.NewRepoMeta(name)))
			c.Moved = append(c.Moved, differ.Move{From: repo, To: name})
			c.Appeared = slices.DeleteFunc(c.Appeared, func(r history.Repo) bool { return r == name })
		} else {
			c.Gone = append(c.Gone, repo)
		}
		metas = append(metas, gone)
	}
	c.Sort()
	x.changes = c
	// The export has the records under the new name already.
	more := x.c.moved(ctx, history.Batch{Meta: metas}, c.Moved)
	more.Rows = nil
	return more, nil
}
