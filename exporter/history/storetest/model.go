package storetest

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Model is the reference that stores are compared with: a Store of plain
// maps, which works out every answer from scratch. It is slow, and for tests.
type Model struct {
	mu    sync.Mutex
	repos map[history.Repo]*modelRepo
}

// modelRepo is all that is known of a repository.
type modelRepo struct {
	state    history.RepoMeta
	stored   map[history.Day]modelFact
	readings map[history.Day]history.Reading
	export   *history.Reading // of the total that rows came with
	// days are the stored ones with those that follow from the readings.
	days map[history.Day]modelFact
}

// derive works out the days and the counters.
func (r *modelRepo) derive() {
	r.days = maps.Clone(r.stored)
	var listed, collected []history.Reading
	for _, d := range slices.Sorted(maps.Keys(r.readings)) {
		x := r.readings[d]
		if x.Origin != history.Export {
			listed = append(listed, x)
		}
		if start := r.state.StartAsOf; x.Origin != history.Archive && (r.state.StartTotal == history.Unknown || x.AsOf > start) {
			if r.state.StartTotal != history.Unknown && x.FirstAsOf <= start {
				// Of the answers of the day, the last one is after the start for certain.
				x.FirstAsOf, x.First, x.High, x.HighMonth = x.AsOf, x.Total, x.Total, x.LastMonth
			}
			collected = append(collected, x)
		}
	}
	published := func(d history.Day) (int64, bool) {
		f, ok := r.stored[d]
		return f.downloads, ok && f.version.Source == history.Published
	}
	var days, counters history.Derivation
	days.Read(listed, published, func(d history.Day, n int64, s history.Source) {
		f := modelFact{history.Version{Source: s}, n}
		if old, ok := r.days[d]; !ok || f.beats(old) {
			r.days[d] = f
		}
	}, nil)
	if total := r.state.StartTotal; total != history.Unknown {
		n, removed := r.state.StartDownloads, r.state.StartRemoved
		counters.StartAt(r.state.StartAsOf, total, history.Counters{Downloads: n, Removed: removed, Backdated: total - n + removed})
	}
	counters.Read(collected, nil, func(history.Day, int64, history.Source) {}, nil)
	r.state.Counters = counters.Counters()
}

// read adds a reading.
func (r *modelRepo) read(x history.Reading) {
	if was, ok := r.readings[x.Day()]; ok {
		x = was.Merge(x)
	}
	r.readings[x.Day()] = x
}

// modelFact is the downloads of a day.
type modelFact struct {
	version   history.Version
	downloads int64
}

func (f modelFact) beats(g modelFact) bool {
	return history.Beats(f.version, f.downloads, g.version, g.downloads)
}

var _ Store = (*Model)(nil)

// NewModel returns an empty Model.
func NewModel() *Model { return &Model{repos: make(map[history.Repo]*modelRepo)} }

// known returns what is known of r, to be changed.
func known(repos map[history.Repo]*modelRepo, r history.Repo) *modelRepo {
	if repos[r] == nil {
		repos[r] = &modelRepo{state: history.NewRepoMeta(r), stored: make(map[history.Day]modelFact), readings: make(map[history.Day]history.Reading)}
	}
	return repos[r]
}

// kept returns all repositories, ordered by Repo.Compare. m.mu is held.
func (m *Model) kept() []*modelRepo {
	var out []*modelRepo
	for _, r := range slices.SortedFunc(maps.Keys(m.repos), history.Repo.Compare) {
		out = append(out, m.repos[r])
	}
	return out
}

// matching returns the repositories that f selects, ordered by Repo.Compare, but
// none that moved to another name. m.mu is held.
func (m *Model) matching(f history.Filter) []*modelRepo {
	matches := f.Matcher()
	return slices.DeleteFunc(m.kept(), func(r *modelRepo) bool {
		return r.state.Moved() || !matches(r.state.Repo)
	})
}

// recordedDays returns the run from the first to the last recorded day of repos.
func recordedDays(repos ...*modelRepo) history.Days {
	run := history.NoDays
	for _, r := range repos {
		for d := range r.days {
			if run.Len() == 0 {
				run = history.Days{From: d, To: d}
			}
			run = history.Days{From: min(run.From, d), To: max(run.To, d)}
		}
	}
	return run
}

// recorded returns the recorded days of the whole history. m.mu is held.
func (m *Model) recorded() history.Days { return recordedDays(m.matching(history.Filter{})...) }

// sum returns the downloads of r over a run of days.
func (r *modelRepo) sum(run history.Days) int64 {
	n := int64(0)
	for d, f := range r.days {
		if run.Contains(d) {
			n = addUp(n, f.downloads)
		}
	}
	return n
}

// Counts implements history.Reader.
func (m *Model) Counts(_ context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	m.mu.Lock()
	defer m.mu.Unlock()
	month, _, _ := lastMonth.Resolve(m.recorded())
	var all []history.Counts
	for _, r := range m.matching(f) {
		if r.state.Gone() {
			continue
		}
		c := history.Counts{
			Repo:      r.state.Repo,
			Counters:  r.state.Counters,
			AllTime:   r.state.Total,
			LastMonth: r.state.LastMonth,
			Likes:     r.state.Likes,
		}
		if c.LastMonth == history.Unknown && len(r.days) > 0 {
			c.LastMonth = r.sum(month)
		}
		all = append(all, c)
	}
	return func(yield func(history.Counts, error) bool) {
		for _, c := range all {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// Meta implements history.Appender.
func (m *Model) Meta(_ context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return func(yield func(history.RepoMeta, error) bool) {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, r := range m.kept() {
			if q.Matches(r.state) && !yield(r.state, nil) {
				return
			}
		}
	}
}

// Readings implements history.Reader.
func (m *Model) Readings(_ context.Context, q history.ReadingsQuery) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		m.mu.Lock()
		defer m.mu.Unlock()
		run := q.Days(m.recorded())
		matches := q.Filter.Matcher()
		for _, r := range m.kept() {
			if !matches(r.state.Repo) {
				continue
			}
			for _, d := range slices.Sorted(maps.Keys(r.readings)) {
				if run.Contains(d) && !yield(r.readings[d], nil) {
					return
				}
			}
		}
	}
}

// Refresh implements history.Appender.
func (m *Model) Refresh(context.Context) (bool, error) { return false, nil }

// Records implements history.Reader.
func (m *Model) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		rows := new(history.Rows)
		index := make(map[history.Repo]uint32)
		emit := func() bool {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return false
			}
			return rows.Len() == 0 || yield(rows, nil)
		}
		for _, r := range m.records(q) {
			if rows.Len() == history.BlockRows || (q.Stored || q.Versions) && rows.Version != r.version {
				if !emit() {
					return
				}
				rows.Reset()
			}
			if q.Stored || q.Versions {
				rows.Version = r.version
			}
			i, ok := index[r.Repo]
			if !ok {
				i = uint32(len(rows.Repos))
				index[r.Repo] = i
				rows.Repos = append(rows.Repos, history.RepoTotal{Repo: r.Repo, Total: r.Total})
			}
			rows.Append(i, r.Day, r.Downloads)
		}
		emit()
	}
}
