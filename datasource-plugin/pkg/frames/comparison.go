package frames

import "github.com/grafana/grafana-plugin-sdk-go/data"

// comparison is the downloads of a period beside those of the period before it.
type comparison struct {
	downloads      []int64
	before, change []*int64
	percent        []*float64
}

func newComparison(n int) *comparison {
	return &comparison{
		downloads: make([]int64, n), before: make([]*int64, n), change: make([]*int64, n), percent: make([]*float64, n),
	}
}

// set sets row i. What there is no period before for stays null, and so does a
// change from nothing in percent.
func (c *comparison) set(i int, downloads, before int64, hasBefore bool) {
	c.downloads[i] = downloads
	if !hasBefore {
		return
	}
	change := downloads - before
	c.before[i], c.change[i] = &before, &change
	if before != 0 {
		percent := 100 * float64(change) / float64(before)
		c.percent[i] = &percent
	}
}

func (c *comparison) fields() []*data.Field {
	return []*data.Field{
		describe(data.NewField("downloads", nil, c.downloads), "Downloads", unitCount, "Downloads in the period."),
		describe(data.NewField("before", nil, c.before), "Before", unitCount,
			"Downloads in the period of the same length just before."),
		describe(data.NewField("change", nil, c.change), "Change", unitCount, "Downloads less those before."),
		describe(data.NewField("change_percent", nil, c.percent), "Change (%)", unitPercent, "Change in percent of the downloads before."),
	}
}
