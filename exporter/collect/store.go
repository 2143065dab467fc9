package collect

import (
	"iter"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Store is where collections go, and what the last ones knew.
type Store interface {
	history.Store
	// States returns what is known of each repository besides its days.
	States() iter.Seq[history.State]
}

// known is what the store knows of the repositories of one organisation.
type known struct {
	byRepo map[history.Repo]history.State
	// byID has those that are still on the Hub, by the Hub's own id.
	byID map[string]history.State
}

func knownOf(s Store, org string) known {
	k := known{byRepo: make(map[history.Repo]history.State), byID: make(map[string]history.State)}
	for st := range s.States() {
		// The Hub takes the name of an organisation in any case of letters.
		if !strings.EqualFold(st.Repo.Org(), org) {
			continue
		}
		k.byRepo[st.Repo] = st
		if st.HubID != "" && !st.Gone() {
			k.byID[st.HubID] = st
		}
	}
	return k
}
