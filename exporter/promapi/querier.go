package promapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	labelRepoType = "repo_type"
	labelOrg      = "org"
	labelRepo     = "repo"
	labelGroup    = "group"

	millisPerDay = 24 * 60 * 60 * 1000
)

// querier answers what a query selects from the history.
type querier struct {
	*API
	now        time.Time
	mint, maxt int64
	extra      map[string]string
	builder    labels.ScratchBuilder
	samples    int // that were loaded
}

func (*querier) Close() error { return nil }

// selection is what matchers select: metrics, and repositories.
type selection struct {
	families []*family
	filter   history.Filter
	matchers []*labels.Matcher // of labels
}

// selected reads matchers. What lists of names say goes to the store, the rest is matched here.
func (q *querier) selected(matchers []*labels.Matcher) (s selection) {
	for i := range families {
		f := &families[i]
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return m.Name == model.MetricNameLabel && !m.Matches(f.Name) }) {
			s.families = append(s.families, f)
		}
	}
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		s.matchers = append(s.matchers, m)
		values := m.SetMatches()
		if m.Type == labels.MatchEqual {
			values = []string{m.Value}
		}
		if len(values) == 0 || m.Type == labels.MatchNotRegexp || slices.Contains(values, "") {
			continue
		}
		switch m.Name {
		case labelRepoType:
			if s.filter.RepoTypes == nil {
				for _, v := range values {
					s.filter.RepoTypes = append(s.filter.RepoTypes, history.RepoType(v))
				}
			}
		case labelOrg:
			if s.filter.Orgs == nil {
				s.filter.Orgs = values
			}
		case labelRepo:
			if s.filter.Repos == nil {
				s.filter.Repos = values
			}
		}
	}
	return s
}

func (s *selection) matches(l labels.Labels) bool {
	for _, m := range s.matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// labelsOf returns the labels of a series. One without a value is none.
func (q *querier) labelsOf(f *family, own ...labels.Label) labels.Labels {
	q.builder.Reset()
	for name, value := range q.extra {
		q.builder.Add(name, value)
	}
	q.builder.Add(model.MetricNameLabel, f.Name)
	for _, l := range own {
		if l.Value != "" {
			q.builder.Add(l.Name, strings.ToValidUTF8(l.Value, "\uFFFD"))
		}
	}
	q.builder.Sort()
	return q.builder.Labels()
}

// labelsOfRepo returns the labels of the series of a repository.
func (q *querier) labelsOfRepo(f *family, r history.Repo) labels.Labels {
	return q.labelsOf(f, labels.Label{Name: labelRepoType, Value: string(r.Type)}, labels.Label{Name: labelOrg, Value: r.Org()}, labels.Label{Name: labelRepo, Value: r.Name})
}

// storeError is an error of the history. It stays in the log: it may have addresses in it.
type storeError struct{ error }

func (e *storeError) Unwrap() error { return e.error }

// Select returns the series, ordered by their labels.
func (q *querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	if hints != nil {
		mint, maxt = hints.Start, hints.End
	}
	all := &seriesSet{at: -1}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if hints != nil && hints.Func == "series" {
		all.err = q.eachLabels(ctx, matchers, func(l labels.Labels) { all.series = append(all.series, promql.Series{Metric: l}) })
	} else {
		all.err = q.each(ctx, mint, maxt, matchers, func(one promql.Series) {
			if q.samples += len(one.Floats); q.samples > q.maxSamples {
				stop(q.tooManySamples())
				return
			}
			all.series = append(all.series, one)
		})
	}
	if cause := context.Cause(ctx); cause != nil {
		all.series, all.err = nil, cause
	}
	slices.SortFunc(all.series, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	return all
}

// tooManySamples is the error of a query that would take too much memory.
func (a *API) tooManySamples() error {
	return &fault{http.StatusUnprocessableEntity, "execution",
		fmt.Errorf("expected a query that loads at most %d samples: select fewer repositories or a shorter time", a.maxSamples)}
}

// each yields the series with their samples from mint to maxt, none of which is in the future.
func (q *querier) each(ctx context.Context, mint, maxt int64, matchers []*labels.Matcher, yield func(promql.Series)) error {
	s := q.selected(matchers)
	maxt = min(maxt, q.now.UnixMilli())
	for _, f := range s.families {
		if maxt < mint {
			break
		}
		if err := f.read(ctx, &request{q, &s, f, mint, maxt, yield}); err != nil {
			return &storeError{err}
		}
	}
	return nil
}

// request asks for the series of a family with their samples from mint to maxt.
type request struct {
	*querier
	*selection
	family     *family
	mint, maxt int64
	yield      func(promql.Series)
}

// period is the days that have the samples.
func (r *request) period() history.Period { return history.RangeOf(dayAt(r.mint), dayAt(r.maxt)) }

// wanted returns the labels of the series of a repository, and whether they are selected.
func (r *request) wanted(repo history.Repo) (labels.Labels, bool) {
	l := r.labelsOfRepo(r.family, repo)
	return l, r.matches(l)
}

// emit yields a series if it has samples at the times that are asked for.
func (r *request) emit(l labels.Labels, points []promql.FPoint) {
	at := func(p promql.FPoint, t int64) int { return cmp.Compare(p.T, t) }
	from, _ := slices.BinarySearchFunc(points, r.mint, at)
	to, _ := slices.BinarySearchFunc(points, r.maxt+1, at)
	if from < to {
		r.yield(promql.Series{Metric: l, Floats: points[from:to]})
	}
}

// emitDaily yields a series, if it is selected, that has a sample at each midnight from a day on.
func (r *request) emitDaily(l labels.Labels, from history.Day, value func(history.Day) float64) {
	if r.matches(l) {
		r.emit(l, r.daily(from, r.maxt, value))
	}
}

// daily returns a sample at each midnight from a day on and until a time, of those asked for.
func (r *request) daily(from history.Day, until int64, value func(history.Day) float64) (points []promql.FPoint) {
	for d := max(from, dayAt(r.mint)); int64(d)*millisPerDay <= until; d++ {
		points = append(points, promql.FPoint{T: int64(d) * millisPerDay, F: value(d)})
	}
	return points
}

// names yields the labels of the series that a family has now.
func (q *querier) names(ctx context.Context, f *family, s *selection, yield func(labels.Labels)) error {
	if f.value == nil {
		now := q.now.UnixMilli()
		return f.read(ctx, &request{q, s, f, now - Lookback.Milliseconds(), now, func(one promql.Series) { yield(one.Metric) }})
	}
	for c, err := range q.Reader.Counts(ctx, s.filter) {
		if err != nil {
			return err
		}
		if f.value(&c) < 0 {
			continue
		}
		if l := q.labelsOfRepo(f, c.Repo); s.matches(l) {
			yield(l)
		}
	}
	return nil
}

// LabelValues returns the values of a label, sorted.
func (q *querier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	values := make(map[string]bool)
	err := q.eachLabels(ctx, matchers, func(l labels.Labels) {
		if v := l.Get(name); v != "" {
			values[v] = true
		}
	})
	return sortedKeys(values, hints), nil, err
}

// LabelNames returns the names of labels, sorted.
func (q *querier) LabelNames(ctx context.Context, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	names := make(map[string]bool)
	err := q.eachLabels(ctx, matchers, func(l labels.Labels) {
		l.Range(func(l labels.Label) { names[l.Name] = true })
	})
	return sortedKeys(names, hints), nil, err
}

func (q *querier) eachLabels(ctx context.Context, matchers []*labels.Matcher, yield func(labels.Labels)) error {
	s := q.selected(matchers)
	for _, f := range s.families {
		if err := q.names(ctx, f, &s, yield); err != nil {
			return &storeError{err}
		}
	}
	return nil
}

func sortedKeys(of map[string]bool, hints *storage.LabelHints) []string {
	out := make([]string, 0, len(of))
	for k := range of {
		out = append(out, k)
	}
	slices.Sort(out)
	if hints != nil && hints.Limit > 0 && len(out) > hints.Limit {
		out = out[:hints.Limit]
	}
	return out
}

// dayAt returns the UTC day of a time in milliseconds, within those that records can have.
func dayAt(millis int64) history.Day {
	day := millis / millisPerDay
	if millis%millisPerDay < 0 {
		day--
	}
	return history.Day(min(max(day, int64(history.MinDay)), int64(history.MaxDay)))
}

// millis is the time of a moment in milliseconds.
func millis(a history.AsOf) int64 { return a.Time().UnixMilli() }

// seriesSet is the answer to a selection.
type seriesSet struct {
	series []promql.Series
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

func (s *seriesSet) At() storage.Series              { return promql.NewStorageSeries(s.series[s.at]) }
func (s *seriesSet) Err() error                      { return s.err }
func (*seriesSet) Warnings() annotations.Annotations { return nil }
