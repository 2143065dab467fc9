package differ

import (
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// reading is the total that the Hub gave at one moment.
type reading struct {
	total int64
	asOf  history.AsOf
}

// dayCount is the downloads of a day.
type dayCount struct {
	day       history.Day
	downloads int64
}

// difference is what a new total says of the days since the base of the previous one.
type difference struct {
	// days are whole UTC days that have passed since the base, ascending.
	days   []dayCount
	source history.Source
	// base is where the next difference counts from.
	base reading
}

// between compares a total with what was known. Only days that have ended get a number, so
// that the last one of a graph is never a part of a day:
//
//   - On the day of the base nothing is known yet.
//   - A day later, the difference is the downloads of the day of the base.
//   - Later still, only the sum is known, and is spread over the days.
//
// Where the total fell, the Hub took downloads back; the base goes down with them, so that
// the difference stays that of downloads. If nothing else is known of those days than the
// fall, they stay absent.
func between(old history.RepoMeta, now reading) difference {
	if old.Base == history.Unknown {
		return difference{base: now}
	}
	base := reading{old.Base, old.BaseAsOf}
	if now.asOf <= old.BaseAsOf || now.asOf <= old.TotalAsOf {
		// The clock went back: what is known is newer than this.
		return difference{base: base}
	}
	fall := int64(0)
	if old.Total != history.Unknown && now.total < old.Total {
		fall = old.Total - now.total
		base = reading{max(old.Base-fall, 0), now.asOf}
	}
	from, to := history.DayOf(old.BaseAsOf.Time()), history.DayOf(now.asOf.Time())
	sum := now.total - base.total
	switch {
	case to == from:
		return difference{base: base}
	case sum < 0 || sum == 0 && fall > 0:
		return difference{base: now}
	}
	d := difference{source: history.Observed, base: now}
	days := int(to - from)
	if days > 1 {
		d.source = history.Estimated
	}
	for i, n := range spread(sum, days) {
		d.days = append(d.days, dayCount{from + history.Day(i), n})
	}
	return d
}

// spread divides sum into n whole numbers that differ by at most one and lie evenly.
func spread(sum int64, n int) []int64 {
	out := make([]int64, n)
	each, rest := sum/int64(n), sum%int64(n)
	for i := range int64(n) {
		// The rest in steps, as a line is drawn on a grid.
		out[i] = each + rest*(i+1)/int64(n) - rest*i/int64(n)
	}
	return out
}
