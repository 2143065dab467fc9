//gosec:disable G115 -- numbers of days are small

package frames

import (
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// series gathers the points of one line: sums over days, weeks or months. Days are
// added in their order.
type series struct {
	interval  query.Interval
	days      history.Days // of the period
	last      history.Day  // the first day of the last point's interval
	times     []time.Time
	downloads []int64
}

func newSeries(interval query.Interval, days history.Days) *series {
	return &series{interval: interval, days: days, last: history.NoDay}
}

// add adds a recorded day.
func (s *series) add(day history.Day, downloads int64) {
	first := firstOf(s.interval, day)
	if first != s.last {
		s.last = first
		s.times = append(s.times, first.Time())
		s.downloads = append(s.downloads, downloads)
		return
	}
	n := &s.downloads[len(s.downloads)-1]
	*n = history.SaturatingAdd(*n, downloads) // as sums of a store
}

// firstOf returns the first day of the interval in which day lies.
func firstOf(interval query.Interval, day history.Day) history.Day {
	switch interval {
	case query.Week:
		// Day 0 was a Thursday; the days before the first Monday of all are the week
		// of what would be day -3.
		return day - (day+3)%7
	case query.Month:
		return day - history.Day(day.Time().Day()-1)
	}
	return day
}

// isPartial reports whether a part of the interval that begins with a day lies outside of the
// period: such a week or month says nothing beside whole ones.
func (s *series) isPartial(first history.Day) bool {
	last := first
	switch s.interval {
	case query.Week:
		last = first + 6
	case query.Month:
		last = history.DayOf(first.Time().AddDate(0, 1, -1))
	}
	return first < s.days.From || last > s.days.To
}

// frames returns the frame of the series, named for people, none if it has no points. The
// points of weeks and months that are not whole are a series of their own, which means and
// comparisons of the others leave out.
func (s *series) frames(frame, name string, labels data.Labels) data.Frames {
	var whole, partial series
	for i, t := range s.times {
		to := &whole
		if s.isPartial(history.DayOf(t)) {
			to = &partial
		}
		to.times, to.downloads = append(to.times, t), append(to.downloads, s.downloads[i])
	}
	var out data.Frames
	if len(whole.times) > 0 {
		out = append(out, s.frame(frame, name, labels, whole))
	}
	if len(partial.times) > 0 {
		labels = labels.Copy()
		labels["partial"] = "true"
		out = append(out, s.frame(frame, name+" (partial)", labels, partial))
	}
	return out
}

func (s *series) frame(frame, name string, labels data.Labels, points series) *data.Frame {
	downloads := describe(data.NewField("downloads", labels, points.downloads), name, unitCount, "Downloads "+perInterval(s.interval)+".")
	downloads.Config.Custom = map[string]any{"axisSoftMin": 0} // sums are compared by their heights
	return newFrame(frame, data.FrameTypeTimeSeriesMulti, timeField(s.interval, points.times), downloads)
}

// timeField is that of points which sum up days, weeks or months.
func timeField(interval query.Interval, times []time.Time) *data.Field {
	f := describe(data.NewField("time", nil, times), "Time", "", "First instant of the first UTC day that is summed up.")
	// By this Grafana knows where a point is missing and leaves a gap. Of months it is the
	// longest: two that lie apart are not to be joined by a line.
	switch interval {
	case query.Daily:
		f.Config.Interval = float64(24 * time.Hour / time.Millisecond)
	case query.Week:
		f.Config.Interval = float64(7 * 24 * time.Hour / time.Millisecond)
	case query.Month:
		f.Config.Interval = float64(31 * 24 * time.Hour / time.Millisecond)
	}
	return f
}

func perInterval(i query.Interval) string {
	switch i {
	case query.Week:
		return "in the week that begins on that Monday"
	case query.Month:
		return "in the month"
	}
	return "on the day"
}

// framesOrNone returns frames, or the one that stands for no data.
func framesOrNone(name string, frames data.Frames) data.Frames {
	if len(frames) == 0 {
		return data.Frames{newFrame(name, data.FrameTypeTimeSeriesMulti)}
	}
	return frames
}
