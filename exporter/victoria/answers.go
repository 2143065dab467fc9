package victoria

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// snapshot is the history as of one state.
type snapshot struct {
	*state
	s   *Store
	ctx context.Context
}

// latest returns the history as it is now, or was maxAge ago.
func (s *Store) latest(ctx context.Context, maxAge time.Duration) (*snapshot, error) {
	st, err := s.refresh(ctx, maxAge)
	return &snapshot{st, s, ctx}, err
}

// latestGroups returns the history as it may be answered from, and the sums of all groups
// as a table.
func (s *Store) latestGroups(ctx context.Context) (*snapshot, *memtable.Table, error) {
	v, err := s.latest(ctx, s.maxAge)
	if err != nil {
		return nil, nil, err
	}
	all, err := v.groups(history.Filter{})
	return v, all.Table(), err
}

// selector returns the match of a series name under further conditions.
func (v *snapshot) selector(name string, conditions ...string) string {
	return v.s.selector(v.revision, name, conditions...)
}

// read reads what answers have of the repositories that f selects, over a run of days.
func (v *snapshot) read(f history.Filter, run history.Days) (*memtable.Table, *repoList, error) {
	repos, err := v.repos(f)
	if err != nil {
		return nil, nil, err
	}
	t, err := v.table(piece{f, repos, run}, shown, false, nil)
	return t, repos, err
}

// Revision names the state of the history that was read last: the same as long as nothing
// is appended.
func (s *Store) Revision() string { return s.state.Load().revision }

// Refresh implements history.Appender. What the engine lost is written back if this Store
// has it.
func (s *Store) Refresh(ctx context.Context) (changed bool, err error) {
	was := s.state.Load()
	if _, err = s.refresh(ctx, 0); err == nil {
		err = s.writeBack(ctx)
	}
	return s.state.Load() != was, err
}

// Overview implements history.Reader. Without a filter by name it reads the sums of
// the groups, and no repository. Those of a set of repositories are read once.
func (s *Store) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	v, all, err := s.latestGroups(ctx)
	if err != nil {
		return history.Overview{}, err
	}
	f := q.Filter
	if f.Sets = nil; f.WholeOrgs() {
		t := all
		if len(q.Filter.Sets) > 0 {
			t, err = v.sumsOf(q.Filter.Sets)
			q.Filter = f
		}
		if err != nil {
			return history.Overview{}, err
		}
		return t.OverviewIn(all.Recorded(), q), nil
	}
	t, _, err := v.read(q.Filter, allDays)
	if err != nil {
		return history.Overview{}, err
	}
	return t.OverviewIn(all.Recorded(), q), nil
}

// Repos implements history.Reader.
func (s *Store) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	v, all, err := s.latestGroups(ctx)
	if err != nil {
		return history.ReposPage{}, err
	}
	days, before, _ := q.Period.Resolve(all.Recorded())
	t, repos, err := v.read(q.Filter, days.Span(before))
	if err != nil {
		return history.ReposPage{}, err
	}
	page := t.ReposIn(all.Recorded(), q)
	return page, v.addRecorded(q.Filter, repos, page.Rows)
}

// addRecorded says of the rows of a page which days their repositories have a record
// of: of all days, and not of those of the period alone.
func (v *snapshot) addRecorded(f history.Filter, repos *repoList, rows []history.RepoRow) error {
	if len(rows) == 0 {
		return nil
	}
	at := make(map[history.Repo]*history.RepoRow, len(rows))
	names := make([]string, 0, len(rows))
	for i := range rows {
		rows[i].Recorded = history.NoDays
		at[rows[i].Repo] = &rows[i]
		names = append(names, rows[i].Repo.Name)
	}
	if slices.Sort(names); len(strings.Join(names, "|")) < maxPattern {
		f.Repos = slices.Compact(names)
	}
	return v.days(f, repos, allDays, shown, func(all *[kinds]repoDays) error {
		x := &all[shown]
		if row := at[repos.meta[x.at].Repo]; row != nil && len(x.days) > 0 {
			row.Recorded = history.Days{From: x.days[0], To: x.days[len(x.days)-1]}
		}
		return nil
	})
}

// Counts implements history.Reader. It reads the days of the last month.
func (s *Store) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return func(yield func(history.Counts, error) bool) {
		t, repos, err := s.lastMonth(ctx, f)
		if err != nil {
			yield(history.Counts{}, err)
			return
		}
		for c, err := range t.Counts(ctx, history.Filter{}) {
			if err == nil && c.LastMonth == history.Unknown && repos.stored[repos.index[c.Repo]].hasRecords() {
				c.LastMonth = 0 // its records are of earlier days
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

func (s *Store) lastMonth(ctx context.Context, f history.Filter) (*memtable.Table, *repoList, error) {
	v, all, err := s.latestGroups(ctx)
	if err != nil {
		return nil, nil, err
	}
	month, _, _ := history.Period{Kind: history.LastMonth}.Resolve(all.Recorded())
	return v.read(f, month)
}

// Meta implements history.Appender.
func (s *Store) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return func(yield func(history.RepoMeta, error) bool) {
		v, err := s.latest(ctx, 0)
		repos := new(repoList)
		if err == nil {
			repos, err = v.metaOf(q)
		}
		if err != nil {
			yield(history.RepoMeta{}, err)
			return
		}
		for _, m := range repos.meta {
			if q.Matches(m) && !yield(m, nil) {
				return
			}
		}
	}
}

// Stats sums the groups up.
func (s *Store) Stats(ctx context.Context) (history.Stats, error) {
	_, all, err := s.latestGroups(ctx)
	if err != nil {
		return history.Stats{}, err
	}
	st := history.Stats{Recorded: all.Recorded(), Records: all.NumRecords()}
	for _, g := range all.Overview(history.OverviewQuery{}).Groups {
		st.Repos += g.Repos
	}
	return st, nil
}

// Snapshot reads the whole history into memory.
func (s *Store) Snapshot(ctx context.Context) (*memtable.Table, error) {
	v, err := s.latest(ctx, s.maxAge)
	if err != nil {
		return nil, err
	}
	repos, err := v.repos(history.Filter{})
	if err != nil {
		return nil, err
	}
	return v.contents(history.Filter{}, repos)
}
