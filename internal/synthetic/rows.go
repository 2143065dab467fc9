package synthetic

import (
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Rows returns the stream of an export's records in the order of o. They are
// published, as of the midnight that ends the last day. Memory grows with the
// number of repositories and not with the number of days. Bad options are the
// error of the stream.
func Rows(o Options) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		o, err := o.withDefaults()
		if err != nil {
			yield(nil, err)
			return
		}
		e := newEmitter(o, yield)
		if o.Order == history.OrderTime {
			e.byDay(o)
		} else {
			e.byRepo()
		}
		e.flush()
	}
}

// emitter fills blocks and hands them on.
type emitter struct {
	rows    *history.Rows
	series  []series // of the same index as rows.Repos
	yield   func(*history.Rows, error) bool
	stopped bool
}

func newEmitter(o Options, yield func(*history.Rows, error) bool) *emitter {
	repos := newRepos(o.Repos, o.Org, o.Seed)
	order := make([]int, len(repos))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return repos[a].Compare(repos[b]) })

	e := &emitter{
		rows: &history.Rows{
			Repos: make([]history.RepoTotal, len(repos)),
			Version: history.Version{
				Source: history.Published,
				AsOf:   history.AsOfTime((o.Last + 1).Time()),
			},
		},
		series: make([]series, len(repos)),
		yield:  yield,
	}
	for at, i := range order {
		s := newSeries(o.Seed, i, o.first(), o.Last)
		e.series[at] = s
		e.rows.Repos[at] = history.RepoTotal{Repo: repos[i], Total: s.total()}
	}
	return e
}

func (e *emitter) byDay(o Options) {
	for day := o.first(); day <= o.Last && !e.stopped; day++ {
		for i := range e.series {
			s := &e.series[i]
			if day < s.first {
				continue
			}
			if n, ok := s.next(day); ok && !e.add(uint32(i), day, n) {
				return
			}
		}
	}
}

func (e *emitter) byRepo() {
	for i := range e.series {
		s := &e.series[i]
		for day := s.first; day <= s.last; day++ {
			if n, ok := s.next(day); ok && !e.add(uint32(i), day, n) {
				return
			}
		}
	}
}

// add reports whether more rows are wanted.
func (e *emitter) add(repo uint32, day history.Day, n int64) bool {
	e.rows.Append(repo, day, n)
	if e.rows.Len() == history.BlockRows {
		e.flush()
	}
	return !e.stopped
}

func (e *emitter) flush() {
	if e.stopped || e.rows.Len() == 0 {
		return
	}
	e.stopped = !e.yield(e.rows, nil)
	e.rows.Reset()
}
