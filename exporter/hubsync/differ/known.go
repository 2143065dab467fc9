// Package differ turns current totals into daily records: it compares what the Hub lists
// now with what was known before.
package differ

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Known is what was known of an organization before an answer of the Hub.
type Known struct {
	// ByRepo has the repositories of the organization.
	ByRepo map[history.Repo]history.RepoMeta
	// Legacy has repositories without an organization in their name.
	Legacy map[history.Repo]history.RepoMeta
	// byID has the names that a repository was known under, of whatever organization, by
	// the Hub's id: the present one first, without those that it moved on from. There is
	// more than one where a repository went and came back renamed.
	byID map[string][]history.RepoMeta
}

// NewKnown returns what is known of an organization, and of the repositories that have one
// of those ids of the Hub's, out of metadata that holds at least that.
func NewKnown(org string, ids map[string]bool, metas iter.Seq2[history.RepoMeta, error]) (Known, error) {
	k := Known{
		ByRepo: make(map[history.Repo]history.RepoMeta),
		Legacy: make(map[history.Repo]history.RepoMeta),
		byID:   make(map[string][]history.RepoMeta),
	}
	for m, err := range metas {
		if err != nil {
			return k, err
		}
		switch {
		case m.Repo.Org() == "":
			k.Legacy[m.Repo] = m
		case strings.EqualFold(m.Repo.Org(), org): // the Hub ignores the case
			k.ByRepo[m.Repo] = m
		}
		if ids[m.HubID] && !m.Moved() {
			k.byID[m.HubID] = append(k.byID[m.HubID], m)
		}
	}
	for _, names := range k.byID {
		slices.SortFunc(names, presentFirst)
	}
	return k, nil
}

// presentFirst puts the present name of a repository before those it had.
func presentFirst(a, b history.RepoMeta) int {
	if a.Gone() != b.Gone() {
		if b.Gone() {
			return -1
		}
		return 1
	}
	return cmp.Compare(b.ListedAsOf, a.ListedAsOf)
}

// Has reports whether the repository was known and on the Hub.
func (k Known) Has(r history.Repo) bool {
	m, ok := k.ByRepo[r]
	if !ok {
		m, ok = k.Legacy[r]
	}
	return ok && !m.Gone()
}

// previous reports whether a listed repository was known: by the Hub's id, under whatever
// name, or else by its name, unless that was another repository's.
func (k Known) previous(r history.Repo, hubID string) bool {
	m, ok := k.ByRepo[r]
	if names := k.byID[hubID]; len(names) > 0 && names[0].Repo.Type == r.Type {
		m, ok = names[0], true
	}
	return ok && (m.HubID == "" || hubID == "" || m.HubID == hubID)
}
