package promapi

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// series are the samples of a series. Those of days are at the first instant of the day, which
// takes half the memory of times.
type series struct {
	labels labels.Labels
	days   []history.Day
	times  []int64 // in milliseconds, in place of days
	values []int64
}

func (s *series) Labels() labels.Labels { return s.labels }

func (s *series) time(i int) int64 {
	if s.times != nil {
		return s.times[i]
	}
	return int64(s.days[i]) * millisPerDay
}

// Iterator returns the samples. It allocates none of them.
func (s *series) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return storage.NewListSeriesIterator(&cursor{series: s})
}

// cursor is a sample of a series at a time: the one that was asked for last.
type cursor struct {
	*series
	at int
}

func (c *cursor) Len() int { return len(c.values) }

func (c *cursor) Get(i int) chunks.Sample {
	c.at = i
	return c
}

func (c *cursor) T() int64               { return c.time(c.at) }
func (c *cursor) F() float64             { return float64(c.values[c.at]) }
func (*cursor) ST() int64                { return 0 }
func (*cursor) Type() chunkenc.ValueType { return chunkenc.ValFloat }

// The history has no histograms.
func (*cursor) H() *histogram.Histogram       { return nil }
func (*cursor) FH() *histogram.FloatHistogram { return nil }

// Copy returns a sample that stays.
func (c *cursor) Copy() chunks.Sample { return &cursor{c.series, c.at} }

// seriesSet is the answer to a selection.
type seriesSet struct {
	series []*series
	at     int
	err    error
}

func (s *seriesSet) Next() bool {
	if s.err != nil {
		return false
	}
	s.at++
	return s.at < len(s.series)
}

func (s *seriesSet) At() storage.Series              { return s.series[s.at] }
func (s *seriesSet) Err() error                      { return s.err }
func (*seriesSet) Warnings() annotations.Annotations { return nil }
