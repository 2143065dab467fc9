package exposition

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// selection is what of the counts goes on the page.
type selection struct {
	repos countList   // ordered as they came
	orgs  []orgSample // ordered by type and organization
	over  int         // repositories left out by the limit

	stored Stored
}

type org struct {
	typ  history.RepoType
	name string
}

// orgSample is a sample of an organization, of one type of its repositories, or of a group.
type orgSample struct {
	org
	value int64
}

// selectCounts reads counts once. It holds no more of them than twice the limit
// of repositories, whatever their number.
func (s *settings) selectCounts(counts iter.Seq[history.Counts]) selection {
	top := largest{limit: s.maxRepos, floor: history.Unknown - 1}
	orgs := orgCounter{counts: make(map[org]int)}
	shown := 0
	for c := range counts {
		if !s.shows(&c.Repo) {
			continue
		}
		shown++
		top.add(c)
		if s.orgRepos {
			orgs.add(&c.Repo)
		}
	}
	top.prune()
	return selection{repos: top.kept, orgs: orgs.sorted(), over: shown - top.kept.len}
}

// countList is a list of counts in blocks of blockRepos: it grows without
// copying, and a block is a piece of work for rendering.
type countList struct {
	blocks [][]history.Counts // all full but the last
	len    int
}

func (l *countList) add(c history.Counts) {
	if l.len%blockRepos == 0 {
		l.blocks = append(l.blocks, make([]history.Counts, 0, blockRepos))
	}
	last := len(l.blocks) - 1
	l.blocks[last] = append(l.blocks[last], c)
	l.len++
}

// keep drops what f does not want.
func (l *countList) keep(f func(*history.Counts) bool) {
	n := 0
	for _, block := range l.blocks {
		for i := range block {
			if f(&block[i]) {
				l.blocks[n/blockRepos][n%blockRepos] = block[i]
				n++
			}
		}
	}
	full := n / blockRepos
	if n%blockRepos > 0 {
		l.blocks[full] = l.blocks[full][:n%blockRepos]
		full++
	}
	clear(l.blocks[full:])
	l.blocks, l.len = l.blocks[:full], n
}

// largest keeps the counts with the most downloads in the order in which they
// are added; of equal ones the earlier.
type largest struct {
	limit int // negative for none
	kept  countList
	// floor is the smallest number of the limit's largest so far: what is not
	// above it loses against limit earlier ones.
	floor   int64
	scratch []int64
}

// pruneSlack keeps a small limit from pruning at every few repositories.
const pruneSlack = 1024

func (l *largest) add(c history.Counts) {
	if c.Downloads <= l.floor {
		return
	}
	l.kept.add(c)
	if l.limit >= 0 && l.kept.len-l.limit >= max(l.limit, pruneSlack) {
		l.prune()
	}
}

// prune drops all but the limit's largest.
func (l *largest) prune() {
	if l.limit < 0 || l.kept.len <= l.limit {
		return
	}
	order := slices.Grow(l.scratch[:0], l.kept.len)
	for _, block := range l.kept.blocks {
		for i := range block {
			order = append(order, block[i].Downloads)
		}
	}
	l.scratch = order
	slices.Sort(order)
	first := len(order) - l.limit // of the largest
	l.floor = order[first]
	above, _ := slices.BinarySearch(order, l.floor+1)
	ties := above - first // how many with just the floor stay
	l.kept.keep(func(c *history.Counts) bool {
		if c.Downloads == l.floor {
			ties--
			return ties >= 0
		}
		return c.Downloads > l.floor
	})
}

// orgCounter counts repositories by type and organization.
type orgCounter struct {
	counts map[org]int
	// Counts come ordered: nearly always it is the organization of the last one, of
	// which run repositories are not in counts yet.
	last org
	run  int
}

func (o *orgCounter) add(r *history.Repo) {
	if k := (org{r.Type, r.Org()}); k != o.last {
		o.flush()
		o.last = k
	}
	o.run++
}

func (o *orgCounter) flush() {
	if o.run > 0 {
		o.counts[o.last] += o.run
		o.run = 0
	}
}

func (o *orgCounter) sorted() []orgSample {
	o.flush()
	all := make([]orgSample, 0, len(o.counts))
	for k, n := range o.counts {
		all = append(all, orgSample{k, int64(n)})
	}
	slices.SortFunc(all, func(a, b orgSample) int {
		return cmp.Or(a.typ.Compare(b.typ), strings.Compare(a.name, b.name))
	})
	return all
}
