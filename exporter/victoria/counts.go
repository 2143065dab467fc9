package victoria

import (
	"context"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// Counts implements history.Reader. It reads the days of the last month.
func (s *Store) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return func(yield func(history.Counts, error) bool) {
		v, all, err := s.lookAtGroups(ctx)
		if err != nil {
			yield(history.Counts{}, err)
			return
		}
		states, err := v.states(f)
		if err != nil {
			yield(history.Counts{}, err)
			return
		}
		month, _, _ := history.Period{Kind: history.LastMonth}.Resolve(recorded(all))
		t, err := v.series(f, newRoster(states), month)
		if err != nil {
			yield(history.Counts{}, err)
			return
		}
		for c, err := range t.Counts(ctx, history.Filter{}) {
			if c.LastMonth == history.Unknown && v.recorded[c.Repo] {
				c.LastMonth = 0 // its records are of earlier days
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// Stats sums the groups up.
func (s *Store) Stats(ctx context.Context) (history.Stats, error) {
	_, all, err := s.lookAtGroups(ctx)
	st := history.Stats{Recorded: recorded(all)}
	for _, g := range all {
		st.Repos += int(g.repos)
		for _, d := range g.days.all() {
			st.Records += d.records
		}
	}
	return st, err
}

// Revision names the state of the history that was last seen: the same as long as
// nothing is appended.
func (s *Store) Revision() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revision(&s.journal)
}

// Refresh implements history.Appender.
func (s *Store) Refresh(ctx context.Context) (changed bool, err error) {
	was := s.Revision()
	j, err := s.refresh(ctx)
	return err == nil && s.revision(&j) != was, err
}

// Meta implements history.Appender.
func (s *Store) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return func(yield func(history.RepoMeta, error) bool) {
		states, err := s.meta(ctx, q)
		if err != nil {
			yield(history.RepoMeta{}, err)
			return
		}
		for _, m := range states {
			if !yield(m, nil) {
				return
			}
		}
	}
}

func (s *Store) meta(ctx context.Context, q history.MetaQuery) (states []history.RepoMeta, err error) {
	if q.Org != "" {
		states, err = s.statesOf(ctx, q.Org, q.HubIDs)
	} else {
		v, lookErr := s.look(ctx)
		if lookErr != nil {
			return nil, lookErr
		}
		states, err = v.states(history.Filter{})
	}
	slices.SortFunc(states, byRepo)
	return states, err
}

// statesOf returns what is known besides days of the repositories of an organisation,
// whatever the case of its letters, of those without one, and of those that have one of
// the Hub's ids, in no order.
func (s *Store) statesOf(ctx context.Context, org string, ids map[string]bool) ([]history.RepoMeta, error) {
	j, err := s.refresh(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{s: s, journal: j, ctx: ctx}
	ofOrg := `org=~` + strconv.Quote("(?i:"+regexp.QuoteMeta(org)+")|")
	out, err := v.statesWhere([]string{ofOrg}, func(r history.Repo) bool {
		return r.Org() == "" || strings.EqualFold(r.Org(), org)
	})
	if err != nil {
		return nil, err
	}
	have := make(map[history.Repo]bool, len(out))
	missing := maps.Clone(ids)
	for _, st := range out {
		have[st.Repo] = true
		delete(missing, st.HubID)
	}
	names, err := v.everNamed(slices.Sorted(maps.Keys(missing)))
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(names, maxNamed) {
		more, err := v.states(history.Filter{Repos: part})
		if err != nil {
			return nil, err
		}
		for _, st := range more {
			if !have[st.Repo] {
				have[st.Repo] = true
				out = append(out, st)
			}
		}
	}
	return out, nil
}

// everNamed returns the names of the repositories that ever had one of the Hub's ids.
func (v *view) everNamed(ids []string) ([]string, error) {
	names := make(map[string]bool)
	for part := range slices.Chunk(ids, maxNamed) {
		for i, id := range part {
			part[i] = regexp.QuoteMeta(id)
		}
		selector := v.selector(textSeries, `field="hub_id"`, `value=~`+strconv.Quote(strings.Join(part, "|")))
		err := v.s.export(v.ctx, []string{selector}, 0, int64(max(v.last(), 1)), func(l *line) error {
			names[repoOf(l).Name] = true
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// Snapshot reads the whole history into memory, with the versions of its records.
func (s *Store) Snapshot(ctx context.Context) (*memtable.Table, error) {
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	states, err := v.states(history.Filter{})
	if err != nil {
		return nil, err
	}
	return v.versions(history.Filter{}, newRoster(states), allDays)
}
