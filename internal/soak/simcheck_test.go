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

// look checks what is exposed: no counter is below what it was, and together they are not
// above what the Hub ever told.
func (s *simulation) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.store.Table().Counts(context.Background(), history.Filter{}) {
		now, was := c.Counters, s.exposed[c.Repo]
		if now.Downloads < was.Downloads || now.Removed < was.Removed || now.Backdated < was.Backdated {
			s.Errorf("%s: a counter of %s fell: from %+v to %+v", time.Now(), c.Repo, was, now)
		}
		if total := now.Downloads + now.Backdated - now.Removed; total > s.most[c.Repo] {
			s.Errorf("%s: by the counters %+v the total of %s is %d, the Hub never told more than %d", time.Now(), now, c.Repo, total, s.most[c.Repo])
		}
		s.exposed[c.Repo] = now
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
	first, last := make(map[history.Repo]int64), make(map[history.Repo]int64)
	for r, err := range s.store.Readings(context.Background(), history.ReadingsQuery{}) {
		if err != nil {
			s.Fatal(err)
		}
		if last[r.Repo] = r.First; first[r.Repo] == 0 {
			first[r.Repo] = r.First
		}
	}
	for _, r := range s.hub.Repos(listed) {
		var sum int64
		for n := range maps.Values(got.days[r.Repo()]) {
			sum += n
		}
		st, grown := got.states[r.Repo()], last[r.Repo()]-first[r.Repo()]
		if st.Total != r.Total() || st.Downloads != r.Total() || sum != grown {
			s.Errorf("%s: total %d, counter %d, expected %d; its days add up to %d, expected %d",
				r.Repo(), st.Total, st.Downloads, r.Total(), sum, grown)
		}
	}
}

// failures tells the outcomes that were none.
func (s *simulation) failures() string {
	var parts []string
	n := 0
	for _, k := range append(hub.Kinds(), hubsync.ReasonStore, hubsync.ReasonImplausible) {
		if c := s.outcomes[string(k)]; c > 0 {
			n += c
			parts = append(parts, fmt.Sprintf("%d %s", c, k))
		}
	}
	return fmt.Sprintf("%d collections failed (%s)", n, strings.Join(parts, ", "))
}
