package hubsync

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/differ"
)

// Shard is a part of the collecting: number Index, from 0, of Count. The zero value is all
// of it.
type Shard struct{ Index, Count int }

// Check returns an error if there is no such shard.
func (s Shard) Check() error {
	if s.Count < 1 {
		return fmt.Errorf("shard.count: expected at least 1, got %d", s.Count)
	}
	if s.Index < 0 || s.Index >= s.Count {
		return fmt.Errorf("shard.index: expected 0 to %d for %d shards, got %d", s.Count-1, s.Count, s.Index)
	}
	return nil
}

// HasOrg reports whether the shard collects an organization that is not split.
func (s Shard) HasOrg(org string) bool {
	return s.has(strings.ToLower(org)) // the Hub ignores the case
}

func (s Shard) has(key string) bool {
	if s.Count < 2 {
		return true
	}
	h := fnv.New64a()
	h.Write([]byte(key))
	v := h.Sum64()
	v ^= v >> 32 // the lower bits of short names differ little
	return int(v%uint64(s.Count)) == s.Index
}

// hasRepo reports whether the shard has a repository of an organization that is split:
// by the Hub's id, so that a renamed one stays where it was.
func (s Shard) hasRepo(r history.Repo, hubID string) bool {
	if hubID == "" {
		return s.has(r.String())
	}
	return s.has(hubID)
}

// listings returns those that the shard has.
func (s Shard) listings(all []hub.Listing) []hub.Listing {
	if s.Count < 2 {
		return all
	}
	var out []hub.Listing
	for _, l := range all {
		if s.hasRepo(l.Repo, l.HubID) {
			out = append(out, l)
		}
	}
	return out
}

// keep leaves out of k what other shards look after. What no listing had is of all.
func (s Shard) keep(k differ.Known) {
	if s.Count < 2 {
		return
	}
	for repo, m := range k.ByRepo {
		if m.HubID != "" && !s.hasRepo(repo, m.HubID) {
			delete(k.ByRepo, repo)
		}
	}
}
