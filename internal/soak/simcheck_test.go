package soak

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// look checks what is exposed: no counter is below what it was, or above what the Hub
// ever told.
func (s *simulation) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.store.Table().Counts(context.Background(), history.Filter{}) {
		if was, ok := s.exposed[c.Repo]; ok && c.Downloads < was {
			s.Errorf("%s: the counter of %s fell from %d to %d", time.Now(), c.Repo, was, c.Downloads)
		}
		if c.Downloads > s.most[c.Repo] {
			s.Errorf("%s: the counter of %s is %d, the Hub never told more than %d", time.Now(), c.Repo, c.Downloads, s.most[c.Repo])
		}
		s.exposed[c.Repo] = c.Downloads
	}
	for st := range s.store.Table().Meta() {
		if st.Repo.Org() != listed || st.Total == history.Unknown {
			continue
		}
		base, away := s.base[st.Repo], s.away[st.Repo]
		_, known := s.base[st.Repo]
		_, wasAway := s.away[st.Repo]
		switch {
		case !known:
			s.base[st.Repo] = st.Total
		case st.Gone() && !wasAway:
			s.away[st.Repo] = st.Base
		case !st.Gone() && wasAway:
			// What came in meanwhile is of no day.
			s.base[st.Repo] = base + st.Base - away
			delete(s.away, st.Repo)
		}
	}
}

// totals notes what the Hub tells now.
func (s *simulation) totals() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, org := range []string{exported, listed} {
		for _, r := range s.hub.Repos(org) {
			s.most[r.Repo()] = max(s.most[r.Repo()], r.Total())
		}
	}
}

// check expects the history to be that of the Hub.
func (s *simulation) check() {
	s.Helper()
	if why := storedOf(s.T, s.store, exported).differs(tell(s.T, s.hub, exported, 0)); why != "" {
		s.Errorf("exports: %s", why)
	}
	got := storedOf(s.T, s.store, listed)
	for _, r := range s.hub.Repos(listed) {
		var sum int64
		for n := range maps.Values(got.days[r.Repo()]) {
			sum += n
		}
		st := got.states[r.Repo()]
		if st.Total != r.Total() || st.Highest != r.Total() || sum != st.Base-s.base[r.Repo()] {
			s.Errorf("%s: total %d, counter %d, expected %d; its days add up to %d, expected %d",
				r.Repo(), st.Total, st.Highest, r.Total(), sum, st.Base-s.base[r.Repo()])
		}
	}
}

// failures tells the outcomes that were none.
func (s *simulation) failures() string {
	var parts []string
	n := 0
	for _, k := range append(hub.Kinds(), hubsync.ReasonStore) {
		if c := s.outcomes[string(k)]; c > 0 {
			n += c
			parts = append(parts, fmt.Sprintf("%d %s", c, k))
		}
	}
	return fmt.Sprintf("%d collections failed (%s)", n, strings.Join(parts, ", "))
}
