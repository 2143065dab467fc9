package backfill

import (
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Metric is the name of the counter, as on /metrics.
const Metric = "huggingface_repo_downloads_total"

// Series are the samples of one repository, in the order of time.
type Series struct {
	Repo history.Repo
	// Labels are those of the series besides the name, ordered by name.
	Labels []Label
	// At are the times of the samples: each the first instant of that day. Values
	// are the counter then; they never fall.
	At     []history.Day
	Values []int64
}

// Milliseconds returns the time of sample i since 1970-01-01 UTC.
func (s *Series) Milliseconds(i int) int64 { return int64(s.At[i]) * 86400e3 }

// Seconds is Milliseconds in seconds.
func (s *Series) Seconds(i int) int64 { return int64(s.At[i]) * 86400 }

// part returns the samples from to before to, as a series.
func (s *Series) part(from, to int) *Series {
	return &Series{Repo: s.Repo, Labels: s.Labels, At: s.At[from:to], Values: s.Values[from:to]}
}

// span says which samples there are: those of the recorded days from..to that are
// not after the first instant of until.
type span struct{ from, to, until history.Day }

// spanOf returns the span of the days from..to, NoDay for an open end, until a time.
func spanOf(from, to history.Day, until time.Time) span {
	if to == history.NoDay {
		to = history.MaxDay
	}
	return span{from: max(from, history.MinDay), to: to, until: history.DayOf(until)}
}

// counter turns the records of a repository into samples. Its memory is used
// again from call to call.
type counter struct {
	ends, sampled []int64
	at            []history.Day
}

// samples returns the samples within s, and whether the counter would have begun below
// zero: then it is zero there. now is the counter that is shown, history.Unknown
// if none is: then it is the sum of the records. The days ascend. What is returned
// is valid until the next call.
func (c *counter) samples(days []history.Day, downloads []int64, now int64, s span) (at []history.Day, values []int64, clamped bool) {
	if now == history.Unknown {
		now = sum(downloads)
	}
	// Backwards from now: ends[i] is the counter at the end of day i, and v at last
	// that at the start of the first.
	if cap(c.ends) < len(days) {
		c.ends = make([]int64, len(days)+len(days)/2)
	}
	ends := c.ends[:len(days)]
	v := now
	for i := len(days) - 1; i >= 0; i-- {
		ends[i] = v
		if v -= downloads[i]; v < 0 {
			v, clamped = 0, true
		}
	}
	at, values = c.at[:0], c.sampled[:0]
	for i, d := range days {
		before := v
		v = ends[i]
		if d < s.from || d > s.to || d > s.until {
			continue
		}
		// The end of the day before is the start of this one.
		if n := len(at); n == 0 || at[n-1] != d {
			at, values = append(at, d), append(values, before)
		}
		if d < s.until {
			at, values = append(at, d+1), append(values, v)
		}
	}
	c.at, c.sampled = at, values
	return at, values, clamped
}

// sum adds up numbers, and stays at the largest int64 if they are more.
func sum(numbers []int64) int64 {
	var n int64
	for _, v := range numbers {
		n = history.SaturatingAdd(n, v)
	}
	return n
}
