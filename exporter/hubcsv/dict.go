//gosec:disable G115 -- bytes and words are taken apart; counts and days are checked

package hubcsv

import (
	"maps"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// dict is the dictionary of an input: its repositories in the order of their
// first rows, with the total of the first of them.
type dict struct {
	repos []history.RepoTotal
	// given is how many of them others have.
	given int
	// newest is the newest day of the rows of each repository that have that total, noDay
	// as long as it has no rows. The fast path notes those of its rows by itself.
	newest []history.Day
	// differ has the repositories whose rows differ in their totals.
	differ map[uint32]*differentTotals
	index  map[history.Repo]uint32
	types  map[string]history.RepoType
}

// differentTotals are the totals of a repository that has several. An absent one is none.
type differentTotals struct {
	taken       int64
	day         history.Day // the newest one that has a total
	least, most int64
}

const noDay = history.MinDay - 1

func newDict() dict {
	return dict{
		differ: make(map[uint32]*differentTotals),
		index:  make(map[history.Repo]uint32),
		types:  make(map[string]history.RepoType),
	}
}

// find returns the index of a repository.
func (d *dict) find(repoType, name []byte) (uint32, bool) {
	i, ok := d.index[history.Repo{Type: history.RepoType(repoType), Name: string(name)}]
	return i, ok
}

// add enters a repository that find did not find.
func (d *dict) add(repoType, name []byte) uint32 {
	t, ok := d.types[string(repoType)]
	if !ok {
		t = history.RepoType(repoType)
		d.types[string(t)] = t
	}
	i, repo := uint32(len(d.repos)), history.Repo{Type: t, Name: string(name)}
	d.repos = append(d.repos, history.RepoTotal{Repo: repo, Total: history.Unknown})
	d.newest = append(d.newest, noDay)
	d.index[repo] = i
	return i
}

// addTotal notes the total of a row of repository i. It reports whether all rows of that
// repository had the same one so far. fast is the newest day of those that the fast path
// took.
func (d *dict) addTotal(i uint32, total int64, day, fast history.Day) bool {
	t := d.differ[i]
	if t == nil {
		first := &d.repos[i].Total
		if d.newest[i] == noDay && int(i) >= d.given {
			*first = total
		}
		if total == *first {
			d.newest[i] = max(d.newest[i], day)
			return true
		}
		t = &differentTotals{taken: *first, day: max(d.newest[i], fast), least: *first, most: *first}
		d.differ[i] = t
	}
	switch {
	case total == history.Unknown:
	case t.taken == history.Unknown:
		*t = differentTotals{taken: total, day: day, least: total, most: total}
	default:
		t.least, t.most = min(t.least, total), max(t.most, total)
		if day > t.day || day == t.day && total > t.taken {
			t.taken, t.day = total, day
		}
	}
	return false
}

// settleTotals gives the dictionary the totals of the newest days, and notes which differed.
// It reports whether one is not that of the first row.
func (p *parser) settleTotals() bool {
	d := &p.dict
	settled := false
	for _, i := range slices.Sorted(maps.Keys(d.differ)) {
		t, r := d.differ[i], d.repos[i]
		if t.least != t.most {
			p.noted.AddTotals(history.DifferentTotals{Repo: r.Repo, Taken: t.taken, Day: t.day, Least: t.least, Most: t.most})
		}
		if t.taken == r.Total {
			continue
		}
		if !settled {
			settled = true
			d.repos = slices.Clone(d.repos) // others have the old one
		}
		d.repos[i].Total = t.taken
	}
	return settled
}
