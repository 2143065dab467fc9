package segment

import (
	"cmp"
	"iter"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// shortRun is the mean number of rows of one version in sequence below which
	// it pays to regroup them.
	shortRun = 64
	// maxVersions bounds the memory for it.
	maxVersions = 1 << 20
)

// regrouper sorts rows by version, stably: a history of daily observations has
// another version each day, so a file ordered by repository changes it with every
// row, and blocks hold rows of one version.
type regrouper struct {
	// counts has the number of rows of each version, by a pair of dictionary entries,
	// then where its next row belongs; it is zero between calls.
	counts []int32
	// versions are those of the rows, by age: that is the order of days mostly. order
	// has the rows by version, ends where each version ends in it.
	versions, order, ends []int32
}

// sort decides whether to regroup rows of the given dictionary entries and does
// so. ages is the dictionary of asOf.
func (g *regrouper) sort(source, asOf []int32, ages []int64) bool {
	runs := 1
	for i := 1; i < len(asOf); i++ {
		if asOf[i] != asOf[i-1] || source[i] != source[i-1] {
			runs++
		}
	}
	const sources = int32(history.Published) + 1
	n := len(ages) * int(sources)
	if runs*shortRun < len(asOf) || runs == 1 || n > maxVersions {
		return false
	}
	if len(g.counts) < n {
		g.counts = make([]int32, n)
	}
	g.versions, g.ends = g.versions[:0], g.ends[:0]
	for i, a := range asOf {
		v := a*sources + source[i]
		if g.counts[v] == 0 {
			g.versions = append(g.versions, v)
		}
		g.counts[v]++
	}
	slices.SortStableFunc(g.versions, func(v, w int32) int { return cmp.Compare(ages[v/sources], ages[w/sources]) })
	end := int32(0)
	for _, v := range g.versions {
		g.counts[v], end = end, end+g.counts[v]
		g.ends = append(g.ends, end)
	}
	g.order = slices.Grow(g.order[:0], len(asOf))[:len(asOf)]
	for i, a := range asOf {
		at := &g.counts[a*sources+source[i]]
		g.order[*at] = int32(i)
		*at++
	}
	for _, v := range g.versions {
		g.counts[v] = 0
	}
	return true
}

// runs returns the rows of each version, by their indexes, at most a block at a
// time.
func (g *regrouper) runs() iter.Seq[[]int32] {
	return func(yield func([]int32) bool) {
		from := int32(0)
		for _, end := range g.ends {
			for from < end {
				to := min(end, from+history.BlockRows)
				if !yield(g.order[from:to]) {
					return
				}
				from = to
			}
		}
	}
}
