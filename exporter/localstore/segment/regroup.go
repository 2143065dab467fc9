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
	// seen leads from a pair of dictionary entries to its place in counts, plus one.
	seen []int32
	// counts has the number of rows of each version in order of appearance, then
	// where they end in order; touched has their places in seen. ranked has the
	// versions by age: that is the order of days mostly.
	counts, touched, ranked []int32
	version, order          []int32
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
	const sources = int(history.Published) + 1
	if runs*shortRun < len(asOf) || runs == 1 || len(ages)*sources > maxVersions {
		return false
	}
	if n := len(ages) * sources; len(g.seen) < n {
		g.seen = make([]int32, n)
	}
	g.counts, g.touched, g.ranked, g.version = g.counts[:0], g.touched[:0], g.ranked[:0], g.version[:0]
	for i, a := range asOf {
		at := a*int32(sources) + source[i]
		if g.seen[at] == 0 {
			g.ranked = append(g.ranked, int32(len(g.counts)))
			g.counts = append(g.counts, 0)
			g.touched = append(g.touched, at)
			g.seen[at] = int32(len(g.counts))
		}
		v := g.seen[at] - 1
		g.counts[v]++
		g.version = append(g.version, v)
	}
	for _, at := range g.touched {
		g.seen[at] = 0
	}
	slices.SortStableFunc(g.ranked, func(v, w int32) int {
		return cmp.Compare(ages[g.touched[v]/int32(sources)], ages[g.touched[w]/int32(sources)])
	})
	g.order = append(g.order[:0], g.version...)
	end := int32(0)
	for _, v := range g.ranked {
		end, g.counts[v] = end+g.counts[v], end
	}
	for i, v := range g.version {
		g.order[g.counts[v]] = int32(i)
		g.counts[v]++
	}
	return true
}

// runs returns the rows of each version, by their indexes, at most a block at a
// time.
func (g *regrouper) runs() iter.Seq[[]int32] {
	return func(yield func([]int32) bool) {
		from := int32(0)
		for _, v := range g.ranked {
			for end := g.counts[v]; from < end; {
				to := min(end, from+history.BlockRows)
				if !yield(g.order[from:to]) {
					return
				}
				from = to
			}
		}
	}
}
