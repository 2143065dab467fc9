package hubsync

import (
	"cmp"
	"context"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// missingRepo is the published history of a repository that an export no longer has.
type missingRepo struct {
	repo history.Repo
	days []dayCount
	to   history.Repo // who has it now, the zero value while that is not known
}

// beginning is what pasts are looked up by.
type beginning struct {
	repoType history.RepoType
	first    dayCount
}

// renames finds out which of the candidates took over from the missing repositories.
// An export has no ids, but a history is hardly ever that of two repositories: the
// one that has the same numbers on the same days, up to the last that the missing
// one had, is that one under another name.
func (x *export) renames(ctx context.Context, missing []history.Repo) (map[history.Repo]history.Repo, error) {
	if len(missing) == 0 {
		return nil, nil
	}
	pasts := make(map[beginning][]*missingRepo)
	err := x.publishedDays(ctx, missing, func(r history.Repo, days []dayCount) {
		if slices.ContainsFunc(days, func(d dayCount) bool { return d.downloads > 0 }) {
			at := beginning{r.Type, days[0]}
			pasts[at] = append(pasts[at], &missingRepo{repo: r, days: slices.Clone(days)})
		}
	})
	if err != nil || len(pasts) == 0 {
		return nil, err
	}
	to := make(map[history.Repo]history.Repo)
	var candidates []int
	for n, days := range x.candidates {
		if len(days) > 0 {
			candidates = append(candidates, n)
		}
	}
	slices.SortFunc(candidates, func(n, m int) int { return x.repos[n].Repo.Compare(x.repos[m].Repo) })
	for _, n := range candidates {
		days := x.candidates[n]
		// A row that comes twice is one.
		slices.SortFunc(days, func(a, b dayCount) int { return cmp.Compare(a.day, b.day) })
		days, r := slices.Compact(days), x.repos[n].Repo
		var best *missingRepo
		for _, p := range pasts[beginning{r.Type, days[0]}] {
			free := p.to == history.Repo{}
			if free && len(p.days) <= len(days) && slices.Equal(p.days, days[:len(p.days)]) && (best == nil || len(p.days) > len(best.days)) {
				best = p
			}
		}
		if best != nil {
			best.to, to[best.repo] = r, r
		}
	}
	return to, nil
}

// publishedDays calls f with the published days of each of repos that has any, ascending.
// The days are valid until f returns.
func (x *export) publishedDays(ctx context.Context, repos []history.Repo, f func(history.Repo, []dayCount)) error {
	wanted := make(map[history.Repo]bool, len(repos))
	names := make([]string, len(repos))
	for i, r := range repos {
		wanted[r], names[i] = true, r.Name
	}
	var current history.Repo
	var days []dayCount
	flush := func() {
		if len(days) > 0 {
			f(current, days)
		}
		days = days[:0]
	}
	for rows, err := range x.published(ctx, history.Filter{Repos: names}) {
		if err != nil {
			return err
		}
		for i := range rows.Len() {
			r := rows.Record(i)
			if r.Repo != current {
				flush()
				current = r.Repo
			}
			if wanted[current] {
				days = append(days, dayCount{r.Day, r.Downloads})
			}
		}
	}
	flush()
	return nil
}
