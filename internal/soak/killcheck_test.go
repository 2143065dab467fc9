package soak

import (
	"context"
	"io"
	"net/http"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/localstore"
)

// checkExports expects that the store holds the export of one round, wholly and
// nothing else: the one that it held, or a later one. It returns which.
func (k *killing) checkExports(what string, l *localstore.Ledger) int {
	k.Helper()
	s := storedOf(k.T, l, exported)
	if len(s.states) == 0 && k.stored[0] < 0 {
		return -1
	}
	var why string
	for round := len(k.exports) - 1; round >= max(k.stored[0], 0); round-- {
		if why = s.differs(k.exports[round]); why == "" {
			k.counters.follow(k.exports[round])
			k.counters.check(k.T, s)
			return round
		}
	}
	k.Fatalf("%s: what is stored is no export from round %d on: %s", what, k.stored[0], why)
	return -1
}

// checkListings expects the totals of one round, and that the days add up to what
// they grew by since the first one: each day once, those without a listing too.
func (k *killing) checkListings(what string, l *localstore.Ledger) int {
	k.Helper()
	s := storedOf(k.T, l, listed)
	if len(s.states) == 0 && k.stored[1] < 0 {
		return -1
	}
	for round := len(k.totals) - 1; round >= max(k.stored[1], 0); round-- {
		now := k.totals[round]
		if !k.totalsOf(s, now) {
			continue
		}
		if k.base == nil {
			k.base, k.since = now.totals, now.day
		}
		for id, repo := range now.names {
			sum := int64(0)
			for _, n := range s.days[repo] {
				sum += n
			}
			if grown := now.totals[id] - k.base[id]; sum != grown || len(s.days[repo]) != int(now.day-k.since) || s.states[repo].Downloads != now.totals[id] {
				k.Fatalf("%s: %s has %d downloads on %d days and the counter %d; expected %d on %d and %d",
					what, repo, sum, len(s.days[repo]), s.states[repo].Downloads, grown, now.day-k.since, now.totals[id])
			}
		}
		return round
	}
	k.Fatalf("%s: the totals that are stored are of no round from %d on", what, k.stored[1])
	return -1
}

func (k *killing) totalsOf(s stored, now *told) bool {
	if len(s.states) != len(now.names) {
		return false
	}
	for id, repo := range now.names {
		if st, ok := s.states[repo]; !ok || st.Total != now.totals[id] || history.DayOf(st.TotalAsOf.Time()) != now.day {
			return false
		}
	}
	return true
}

// askURL asks without a test to fail: the server may be killed meanwhile.
func askURL(client *http.Client, url string) (code int, body string, err error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}
