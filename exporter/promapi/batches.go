package promapi

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"golang.org/x/sync/errgroup"
)

// batchValues is about how many values a batch of series has: samples, or results if those are
// more. A value takes up to 16 bytes.
const batchValues = 1 << 18

// evaluation is a query and its times.
type evaluation struct {
	*API
	text       string
	opts       promql.QueryOpts
	start, end time.Time
	step       time.Duration // 0 for one instant
}

// interval is the time from one step to the next; an instant is one step.
func (e *evaluation) interval() time.Duration {
	if e.step == 0 {
		return time.Second
	}
	return e.step
}

func (e *evaluation) steps() int { return int(e.end.Sub(e.start)/e.interval()) + 1 }

// prepare returns the query. What it aggregates over one metric is evaluated already, in
// batches of series and on all processors: a sum is the sum of sums over some series each. So
// the memory that this takes does not depend on the number of repositories.
func (e *evaluation) prepare(ctx context.Context) (promql.Query, annotations.Annotations, error) {
	var q promql.Query
	var err error
	if e.step == 0 {
		q, err = e.engine.NewInstantQuery(ctx, e.API, e.opts, e.text, e.start)
	} else {
		q, err = e.engine.NewRangeQuery(ctx, e.API, e.opts, e.text, e.start, e.end, e.step)
	}
	if err != nil {
		return nil, nil, badData("query: %w", err)
	}
	var notes annotations.Annotations
	for i, a := range aggregations(q) {
		some, more, err := e.inBatches(ctx, i)
		if err != nil {
			return nil, nil, err
		}
		notes.Merge(more)
		// The series are given. The engine asks the storage all the same, and no metric is without a name.
		nothing := []*labels.Matcher{{Type: labels.MatchEqual, Name: model.MetricNameLabel}}
		a.node.Expr = &parser.VectorSelector{Series: some, LabelMatchers: nothing, PosRange: a.selector.PosRange}
		if a.node.Op == parser.COUNT {
			a.node.Op = parser.SUM
		}
	}
	return q, notes, nil
}

// aggregation is one of the series of one metric, each by itself.
type aggregation struct {
	node     *parser.AggregateExpr
	selector *parser.VectorSelector
}

// aggregations returns those that may be evaluated in batches, in the order of the text.
func aggregations(q promql.Query) (out []aggregation) {
	var look func(parser.Node)
	look = func(node parser.Node) {
		switch n := node.(type) {
		case *parser.SubqueryExpr:
			return // it has times of its own
		case *parser.AggregateExpr:
			if s := selectorOf(n); s != nil {
				out = append(out, aggregation{n, s})
				return
			}
		}
		for child := range parser.ChildrenIter(node) {
			look(child)
		}
	}
	look(statement(q).Expr)
	return out
}

// statement returns what the engine is going to evaluate: it is the only kind that New...Query
// makes.
func statement(q promql.Query) *parser.EvalStmt {
	s, _ := q.Statement().(*parser.EvalStmt)
	return s
}

// selectorOf returns what an aggregation is over if it can be evaluated in batches, or nil.
func selectorOf(a *parser.AggregateExpr) *parser.VectorSelector {
	switch a.Op {
	case parser.SUM, parser.MIN, parser.MAX, parser.COUNT, parser.GROUP:
	default:
		return nil
	}
	var only *parser.VectorSelector
	parser.Inspect(a, func(node parser.Node, path []parser.Node) error {
		switch s, ok := node.(*parser.VectorSelector); {
		case !ok:
		case only != nil, s.Name == "", slices.ContainsFunc(path[1:], mixes):
			// More than one, or two metrics whose series may get the same labels.
			only = &parser.VectorSelector{}
		default:
			only = s
		}
		return nil
	})
	if only == nil || only.Name == "" {
		return nil
	}
	return only
}

// mixes reports whether a node may need several series for one of its results.
func mixes(node parser.Node) bool {
	switch n := node.(type) {
	case *parser.MatrixSelector, *parser.SubqueryExpr, *parser.ParenExpr, *parser.UnaryExpr, *parser.StepInvariantExpr:
		return false
	case *parser.BinaryExpr:
		return n.VectorMatching != nil
	case *parser.Call:
		switch n.Func.Name {
		case "abs", "ceil", "clamp", "clamp_max", "clamp_min", "floor", "round":
			return false
		case "absent_over_time":
			return true
		}
		return !slices.Contains(n.Func.ArgTypes, parser.ValueTypeMatrix)
	}
	return true
}

// part returns the i-th aggregation as a query that has no storage.
func (e *evaluation) part(ctx context.Context, i int) (promql.Query, aggregation, error) {
	none := storage.QueryableFunc(func(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil })
	q, err := e.engine.NewRangeQuery(ctx, none, e.opts, e.text, e.start, e.end, e.interval())
	if err != nil {
		return nil, aggregation{}, err
	}
	a := aggregations(q)[i]
	statement(q).Expr = a.node
	return q, a, nil
}

// batch is some series, and how many batches there were before it.
type batch struct {
	series []storage.Series
	at     int
}

// inBatches evaluates the i-th aggregation over some series at a time.
func (e *evaluation) inBatches(ctx context.Context, i int) ([]storage.Series, annotations.Annotations, error) {
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan batch)
	group.Go(func() error {
		defer close(batches)
		return e.eachBatch(ctx, i, func(b batch) {
			select {
			case batches <- b:
			case <-ctx.Done():
			}
		})
	})
	var mu sync.Mutex
	samples := 0 // of all results
	results, notes := make(map[int][]storage.Series), annotations.New()
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for b := range batches {
				q, a, err := e.part(ctx, i)
				if err != nil {
					return err
				}
				a.selector.Series = b.series
				result := q.Exec(ctx)
				m, err := result.Matrix()
				if err != nil {
					return err
				}
				mu.Lock()
				samples += len(m) * e.steps()
				tooMany := samples > e.maxSamples
				mu.Unlock()
				if tooMany {
					q.Close()
					return e.tooManySamples()
				}
				some := make([]storage.Series, len(m))
				for n, s := range m {
					some[n] = e.atSteps(s)
				}
				q.Close()
				mu.Lock()
				results[b.at] = some
				notes.Merge(result.Warnings)
				mu.Unlock()
			}
			return nil
		})
	}
	err := group.Wait()
	// In the same order each time, as the last digits of a sum depend on it.
	all := []storage.Series{}
	for n := range len(results) {
		all = append(all, results[n]...)
	}
	slices.SortStableFunc(all, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return all, *notes, err
}

// eachBatch yields the series of the i-th aggregation.
func (e *evaluation) eachBatch(ctx context.Context, i int, yield func(batch)) error {
	query, a, err := e.part(ctx, i)
	if err != nil {
		return err
	}
	mint, maxt := promql.FindMinMaxTime(statement(query))
	steps := e.steps()
	var next batch
	values := 0
	err = e.querier(mint, maxt).each(ctx, mint, maxt, a.selector.LabelMatchers, func(s promql.Series) {
		next.series = append(next.series, promql.NewStorageSeries(s))
		if values += max(len(s.Floats), steps); values >= e.batchValues {
			yield(next)
			next, values = batch{at: next.at + 1}, 0
		}
	})
	if err == nil && len(next.series) > 0 {
		yield(next)
	}
	return err
}

// atSteps returns a result as a series with a sample at each step: a stale one where it has no
// value, for none of another time to be in its place.
func (e *evaluation) atSteps(s promql.Series) storage.Series {
	step := e.interval().Milliseconds()
	var floats []promql.FPoint
	n := 0
	for t := e.start.UnixMilli(); t <= e.end.UnixMilli(); t += step {
		if n < len(s.Floats) && s.Floats[n].T == t {
			floats = append(floats, s.Floats[n])
			n++
		} else {
			floats = append(floats, promql.FPoint{T: t, F: math.Float64frombits(value.StaleNaN)})
		}
	}
	return promql.NewStorageSeries(promql.Series{Metric: s.Metric, Floats: floats})
}
