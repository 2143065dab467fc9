package groups

import (
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// CountersFile is the name of the file with the counters of groups.
const CountersFile = "group_counters.json"

// counter counts the downloads of repositories while they are in a group. It begins with 0 and
// never falls. A repository that joins or leaves does not change it.
type counter struct {
	Downloads int64 `json:"downloads"`
	// Counted are the counters of the repositories in the group up to which they are counted.
	Counted map[string]int64 `json:"counted"`
}

// Sums are what the metrics page shows of a group.
type Sums struct {
	Group string
	// Repos is how many of its repositories are known, AllTime the sum of their totals.
	Repos, AllTime int64
	// Downloads is a counter.
	Downloads int64
}

// known is what counts of a repository.
type known struct {
	repo           history.Repo
	name           string
	total, counter int64
}

// Count brings the counters of the groups up to date with what is known of repositories, keeps
// them in the directory, and returns what the metrics page shows, by name.
func (g *Groups) Count(meta iter.Seq2[history.RepoMeta, error]) ([]Sums, error) {
	g.mu.Lock()
	unused := len(g.definitions) == 0 && len(g.counters) == 0
	g.mu.Unlock()
	if unused {
		return nil, nil
	}
	var repos []known
	movedFrom := make(map[string]string)
	for m, err := range meta {
		if err != nil {
			return nil, err
		}
		if m.Moved() {
			movedFrom[nameOf(history.Repo{Type: m.Repo.Type, Name: m.MovedTo})] = nameOf(m.Repo)
			continue
		}
		repos = append(repos, known{m.Repo, nameOf(m.Repo), m.Total, m.Counts().Downloads})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.current.Load()
	counters, changed := make(map[string]*counter), len(g.counters) != len(now.names)
	out := make([]Sums, len(now.names))
	for i, group := range now.names {
		was := g.counters[group]
		if was == nil {
			was, changed = new(counter), true
		}
		next := &counter{was.Downloads, make(map[string]int64)}
		out[i].Group = group
		for _, r := range repos {
			upTo, counted := was.Counted[r.name]
			if !counted {
				upTo, counted = was.Counted[movedFrom[r.name]]
			}
			if counted && r.counter > upTo {
				next.Downloads = history.SaturatingAdd(next.Downloads, r.counter-upTo)
			}
			if !now.sets[group].Has(r.repo) {
				continue
			}
			out[i].Repos++
			out[i].AllTime = history.SaturatingAdd(out[i].AllTime, max(r.total, 0))
			if counted || r.counter != history.Unknown {
				// A counter that is below was counted higher: in a store that went back.
				next.Counted[r.name] = max(r.counter, upTo)
				changed = changed || !counted || next.Counted[r.name] != upTo
			}
		}
		changed = changed || len(next.Counted) != len(was.Counted)
		counters[group], out[i].Downloads = next, next.Downloads
	}
	g.counters = counters
	if !changed {
		return out, nil
	}
	return out, g.save(CountersFile, counters)
}
