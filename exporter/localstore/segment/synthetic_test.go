package segment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// synthetic is a history like that of an organization: counts with a heavy tail,
// a weekly rhythm and noise, repositories that appear over time.
type synthetic struct {
	repos []history.RepoTotal
	// repo, day and downloads are the records, grouped by repository.
	repo      []uint32
	day       []history.Day
	downloads []int64
}

func newSynthetic(repos, days int) *synthetic {
	s := new(synthetic)
	r := rand.New(rand.NewPCG(7, 11))
	const first = 18600
	for i := range repos {
		name := fmt.Sprintf("synthetic-org/model-%06d", i)
		s.repos = append(s.repos, history.RepoTotal{Repo: history.Repo{Type: history.Model, Name: name}, Total: history.Unknown})
		level := math.Exp(3 + 2.2*r.NormFloat64())
		start := 0
		if r.Float64() < 0.5 {
			start = r.IntN(days/4 + 1)
		}
		growth := 0.001 * r.NormFloat64()
		for d := start; d < days; d++ {
			level *= math.Exp(growth + 0.02*r.NormFloat64())
			mean := level * math.Exp(0.15*r.NormFloat64())
			if (d+4)%7 >= 5 {
				mean *= 0.6
			}
			n := max(0, mean+math.Sqrt(mean)*r.NormFloat64())
			s.repo = append(s.repo, uint32(i))
			s.day = append(s.day, history.Day(first+d))
			s.downloads = append(s.downloads, int64(n))
		}
	}
	return s
}

// rows returns the records grouped by repository, all of one version.
func (s *synthetic) rows(v history.Version) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for i := 0; i < len(s.repo); i += history.BlockRows {
			j := min(len(s.repo), i+history.BlockRows)
			r := history.Rows{Repos: s.repos, Repo: s.repo[i:j], Day: s.day[i:j], Downloads: s.downloads[i:j], Version: v}
			if !yield(&r, nil) {
				return
			}
		}
	}
}

// observed returns the same records as listings would have told them: each day
// has a version of its own.
func (s *synthetic) observed() history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for i := range s.repo {
			v := history.Version{Source: history.Observed, AsOf: history.AsOf(int64(s.day[i])*86400e6 + int64(s.day[i])*7919%3600e6)}
			r := history.Rows{Repos: s.repos, Repo: s.repo[i : i+1], Day: s.day[i : i+1], Downloads: s.downloads[i : i+1], Version: v}
			if !yield(&r, nil) {
				return
			}
		}
	}
}
