package hubsync

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// known is what the store knows before a collection.
type known struct {
	// byRepo has the repositories of the organisation.
	byRepo map[history.Repo]history.RepoMeta
	// byID has the names that a repository was known under, of whatever organisation,
	// by the Hub's id: the present one first, without those that it moved on from.
	// There is more than one where a repository went and came back renamed.
	byID map[string][]history.RepoMeta
	// legacy has repositories without an organisation in their name.
	legacy map[history.Repo]history.RepoMeta
}

// knownOf returns what s knows of an organisation, and of the repositories that
// have one of those ids of the Hub's.
func knownOf(ctx context.Context, s history.Appender, org string, ids map[string]bool) (known, error) {
	k := known{
		byRepo: make(map[history.Repo]history.RepoMeta),
		byID:   make(map[string][]history.RepoMeta),
		legacy: make(map[history.Repo]history.RepoMeta),
	}
	for st, err := range s.Meta(ctx, history.MetaQuery{Org: org, HubIDs: ids}) {
		if err != nil {
			if ctx.Err() == nil {
				err = &storeError{err}
			}
			return k, err
		}
		of := st.Repo.Org()
		switch {
		case of == "":
			k.legacy[st.Repo] = st
		case strings.EqualFold(of, org): // the Hub takes a name in any case of letters
			k.byRepo[st.Repo] = st
		}
		if ids[st.HubID] && !st.Moved() {
			k.byID[st.HubID] = append(k.byID[st.HubID], st)
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

// has reports whether the repository was known and on the Hub.
func (k known) has(r history.Repo) bool {
	s, ok := k.byRepo[r]
	if !ok {
		s, ok = k.legacy[r]
	}
	return ok && !s.Gone()
}
