package differ

import (
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// Move is a repository that was renamed or transferred.
type Move struct {
	From, To history.Repo
	// HubID is the Hub's id of it, "" if not known.
	HubID string
}

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
	m := l.Meta(d.asOf)
	if !d.known.previous(l.Repo, l.HubID) {
		d.Appeared = append(d.Appeared, l.Repo)
	}
	for _, former := range d.known.byID[l.HubID] {
		if former.Repo != l.Repo && former.Repo.Type == l.Repo.Type {
			d.move(former, &m)
		}
	}
	if l.DownloadsAllTime != history.Unknown {
		m.Total, m.TotalAsOf = l.DownloadsAllTime, d.asOf
	}
	d.Meta = append(d.Meta, m)
}

// move ends a former name of a repository. Its counters go on in m.
func (d *differ) move(from history.RepoMeta, m *history.RepoMeta) {
	*m = Continue(from, *m)
	gone := history.NewRepoMeta(from.Repo)
	gone.GoneAsOf, gone.MovedTo = d.asOf, m.Repo.Name
	d.Meta = append(d.Meta, gone)
	d.Moved = append(d.Moved, Move{From: from.Repo, To: m.Repo, HubID: m.HubID})
}

// Continue returns m, which is of another name of the repository from, with what its counters
// start from. Its readings are still to be copied.
func Continue(from, m history.RepoMeta) history.RepoMeta {
	start := history.NewRepoMeta(m.Repo)
	start.StartTotal, start.StartDownloads, start.StartRemoved, start.StartAsOf = from.StartTotal, from.StartDownloads, from.StartRemoved, from.StartAsOf
	return m.Merge(start)
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
