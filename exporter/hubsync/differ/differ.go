package differ

import (
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// Move is a repository that was renamed or transferred.
type Move struct{ From, To history.Repo }

// Changes are the repositories that were not known before, are known under a new name, and
// are no longer there, each in the order of Repo.Compare.
type Changes struct {
	Appeared []history.Repo
	Moved    []Move
	Gone     []history.Repo
}

// Sort puts the lists in their order.
func (c *Changes) Sort() {
	slices.SortFunc(c.Appeared, history.Repo.Compare)
	slices.SortFunc(c.Gone, history.Repo.Compare)
	slices.SortFunc(c.Moved, func(m, n Move) int { return m.From.Compare(n.From) })
}

// Result is what a listing says about the history.
type Result struct {
	Changes
	Meta []history.RepoMeta
	// Observed and Estimated are the days that follow from the totals.
	Observed, Estimated []history.Record
	// Corrected is what the Hub took back along with a rename, which no store can see in
	// Meta. It is negative where a store counts a fall that was counted before.
	Corrected int64
}

// Diff compares a listing with what was known. listed are the repositories that known is
// about; present also has those that it is not about.
func Diff(known Known, listed []hub.Listing, present map[history.Repo]bool, asOf history.AsOf) Result {
	d := differ{known: known, asOf: asOf}
	for _, l := range listed {
		d.repo(l)
	}
	d.vanished(present)
	d.Sort()
	return d.Result
}

type differ struct {
	Result
	known Known
	asOf  history.AsOf
}

// repo compares one repository.
func (d *differ) repo(l hub.Listing) {
	old, isKnown := d.known.previous(l.Repo, l.HubID)
	m := l.Meta(d.asOf)
	if !isKnown {
		d.Appeared = append(d.Appeared, l.Repo)
	}
	for _, former := range d.known.byID[l.HubID] {
		if former.Repo != l.Repo && former.Repo.Type == l.Repo.Type {
			d.move(former, &m)
		}
	}
	if l.DownloadsAllTime != history.Unknown {
		if old.Repo != l.Repo {
			d.correct(old, l, &m)
		}
		m.Total, m.TotalAsOf = l.DownloadsAllTime, d.asOf
		m.Highest = max(m.Highest, m.Total)
		diff := between(old, reading{m.Total, d.asOf})
		m.Base, m.BaseAsOf = diff.base.total, diff.base.asOf
		for _, day := range diff.days {
			r := history.Record{Repo: l.Repo, Total: history.Unknown, Day: day.day, Downloads: day.downloads}
			if diff.source == history.Observed {
				d.Observed = append(d.Observed, r)
			} else {
				d.Estimated = append(d.Estimated, r)
			}
		}
	}
	d.Meta = append(d.Meta, m)
}

// move ends a former name of a repository. Its counters go on in m.
func (d *differ) move(from history.RepoMeta, m *history.RepoMeta) {
	m.Highest, m.Corrected = max(m.Highest, from.Highest), max(m.Corrected, from.Corrected)
	m.CorrectedAsOf = max(m.CorrectedAsOf, from.CorrectedAsOf)
	gone := history.NewRepoMeta(from.Repo)
	gone.GoneAsOf, gone.MovedTo = d.asOf, m.Repo.Name
	d.Meta = append(d.Meta, gone)
	d.Moved = append(d.Moved, Move{From: from.Repo, To: m.Repo})
}

// correct counts in m what the Hub took back of a renamed repository. The store compares
// totals under one name: it does not see a fall along with a rename, and where the
// repository had that name before, it sees falls that were counted under another name in
// between.
func (d *differ) correct(old history.RepoMeta, l hub.Listing, m *history.RepoMeta) {
	fall := max(old.Total-l.DownloadsAllTime, 0)
	if before, ok := d.known.ByRepo[l.Repo]; ok && before.HubID == l.HubID && before.TotalAsOf < d.asOf {
		fall -= max(before.Total-l.DownloadsAllTime, 0)
	}
	m.Corrected = max(m.Corrected+fall, 0)
	if fall > 0 {
		m.CorrectedAsOf = d.asOf
	}
	d.Corrected += fall
}

// vanished marks the repositories that were listed before and are not any more.
func (d *differ) vanished(present map[history.Repo]bool) {
	moved := make(map[history.Repo]bool)
	for _, m := range d.Moved {
		moved[m.From] = true
	}
	for repo, m := range d.known.ByRepo {
		if m.ListedAsOf == 0 || m.Gone() || present[repo] || moved[repo] {
			continue
		}
		gone := history.NewRepoMeta(repo)
		gone.GoneAsOf = d.asOf
		d.Meta = append(d.Meta, gone)
		d.Gone = append(d.Gone, repo)
	}
}
