package victoria

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/columns"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// maxPattern bounds the patterns of a selector, in bytes: what a longer one would
// select is selected here.
const maxPattern = 16 << 10

// conditions returns the parts of f that the engine can select by. What they let
// through is still to be matched.
func conditions(f history.Filter) []string {
	var out []string
	types := make([]string, len(f.RepoTypes))
	for i, t := range f.RepoTypes {
		types[i] = string(t)
	}
	for _, c := range []struct {
		label  string
		values []string
	}{{"repo_type", types}, {"org", f.Orgs}, {"repo", f.Repos}} {
		if len(c.values) == 0 {
			continue
		}
		quoted := make([]string, len(c.values))
		for i, v := range c.values {
			quoted[i] = regexp.QuoteMeta(v)
		}
		if pattern := strings.Join(quoted, "|"); len(pattern) <= maxPattern {
			out = append(out, c.label+`=~`+strconv.Quote("("+pattern+")"))
		}
	}
	return out
}

// What a selector may name for the engine to look it up, instead of trying a pattern on
// all there is; and how many selectors a question may have.
const (
	maxLookups   = 100
	maxSelectors = 200
)

// selectors returns the matches of a series name that select at least what f does, under
// further conditions.
func (v *view) selectors(name string, f history.Filter, more ...string) []string {
	if n := len(f.Repos); n <= maxLookups || n > maxLookups*maxSelectors {
		return []string{v.selector(name, append(conditions(f), more...)...)}
	}
	var out []string
	for part := range slices.Chunk(f.Repos, maxLookups) {
		f.Repos = part
		out = append(out, v.selector(name, append(conditions(f), more...)...))
	}
	return out
}

func repoOf(l *line) history.Repo {
	return history.Repo{Type: history.RepoType(l.labels["repo_type"]), Name: l.labels["repo"]}
}

// view is the history as of one journal.
type view struct {
	s *Store
	journal
	ctx context.Context
	// recorded has the repositories that states found to have a record.
	recorded map[history.Repo]bool
	// confirmed has what confirms the days of those that states found.
	confirmed map[history.Repo]confirmed
}

// table reads the days of a run, and all that is known besides, of the repositories
// that f selects. versions says whether those of the records are wanted; without
// it they are of one.
func (v *view) table(f history.Filter, run history.Days, versions bool) (*columns.Table, error) {
	states, err := v.states(f)
	if err != nil {
		return nil, err
	}
	return v.tableOf(f, states, run, versions)
}

func (v *view) tableOf(f history.Filter, states []history.State, run history.Days, versions bool) (*columns.Table, error) {
	return columns.Build(v.ctx, v.rows(f, run, versions), states)
}

// part is one of the two series that a number is kept in.
type part struct {
	n     seq
	value int64
}

func (p *part) take(n seq, value int64) {
	if n >= p.n {
		p.n, p.value = n, value
	}
}

// fact is a day's number that is kept in more than one series.
type fact struct{ low, high part }

// spread reads the numbers that are kept in more than one series, or in eras: there
// are few of them, and mostly none.
func (v *view) spread(f history.Filter, run history.Days) (map[history.Repo]map[history.Day]*fact, error) {
	matches := f.Matcher()
	out := make(map[history.Repo]map[history.Day]*fact)
	selectors := append(v.selectors(downloadsHigh, f), v.selectors(downloadsSeries, f, `era!=""`)...)
	err := v.s.export(v.ctx, selectors, 0, endOfTime, func(l *line) error {
		r := repoOf(l)
		if !matches(r) {
			return nil
		}
		era, _ := strconv.Atoi(l.labels["era"]) // 0 if there is none
		high := l.labels["__name__"] == downloadsHigh
		for i, ms := range l.times {
			day, n := placed(ms, era)
			if !v.counts(n) || !run.Contains(day) {
				continue
			}
			if out[r] == nil {
				out[r] = make(map[history.Day]*fact)
			}
			x := out[r][day]
			if x == nil {
				x = new(fact)
				out[r][day] = x
			}
			if high {
				x.high.take(n, l.values[i])
			} else {
				x.low.take(n, l.values[i])
			}
		}
		return nil
	})
	return out, err
}

// rows streams the days of a run, in no order. The versions of the records are wanted
// if versions is set; states has then been called for the repositories.
func (v *view) rows(f history.Filter, run history.Days, versions bool) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		spread, err := v.spread(f, run)
		if err != nil {
			yield(nil, err)
			return
		}
		e := &rowEmitter{v: v, versions: versions, yield: yield}
		if !versions {
			e.rows.Version = history.Version{Source: history.Published}
		}
		if run.Len() > 0 {
			err = v.days(f, run, spread, e)
		}
		for r, days := range spread {
			e.repo(r)
			for d, x := range days {
				if err == nil {
					err = e.add(d, max(x.low.n, x.high.n), join53(x.low.value, x.high.value))
				}
			}
		}
		if err == nil {
			err = e.flush()
		}
		if err != nil && err != errStopped {
			yield(nil, err)
		}
	}
}

// days emits the numbers that lie in one series each, and adds what belongs to the
// others to spread.
func (v *view) days(f history.Filter, run history.Days, spread map[history.Repo]map[history.Day]*fact, e *rowEmitter) error {
	matches := f.Matcher()
	selectors := v.selectors(downloadsSeries, f, `era=""`)
	start := int64(max(run.From, history.MinDay)) * msPerDay
	end := min((int64(run.To)+1)*msPerDay-1, endOfTime)
	if end < start {
		return nil
	}
	return v.s.export(v.ctx, selectors, start, end, func(l *line) error {
		r := repoOf(l)
		if !matches(r) {
			return nil
		}
		others := spread[r]
		e.repo(r)
		for i := 0; i < len(l.times); {
			day, _ := placed(l.times[i], 0)
			var x part
			for ; i < len(l.times); i++ {
				d, n := placed(l.times[i], 0)
				if d != day {
					break
				}
				if v.counts(n) {
					x.take(n, l.values[i])
				}
			}
			if x.n == 0 {
				continue
			}
			if o := others[day]; o != nil {
				o.low.take(x.n, x.value)
				continue
			}
			if err := e.add(day, x.n, x.value); err != nil {
				return err
			}
		}
		return nil
	})
}
