package victoria

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// Snapshot is what is known of the repositories at one moment, without their days.
type Snapshot struct {
	// Revision names the state of the history, as Revision does.
	Revision string
	// States and Counts are ordered by Repo.Compare. States has all repositories,
	// Counts those that the metrics page shows.
	States []history.RepoMeta
	Counts []history.Counts
	// Repos and Records count what is shown, and Recorded runs from the first to
	// the last recorded day.
	Repos, Records int64
	Recorded       history.Days
}

// Snapshot reads what is known of the repositories, and the days of the last month. From
// the first one on, the Store keeps what is known of all repositories besides days, and
// reads what is new of that alone.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) {
	if err := s.kept.keep(ctx); err != nil {
		return nil, err
	}
	v, all, err := s.lookAtGroups(ctx)
	if err != nil {
		return nil, err
	}
	out := &Snapshot{Revision: s.revision(&v.journal), Recorded: recorded(all)}
	for _, g := range all {
		out.Repos += g.repos
		for _, d := range g.days.all() {
			out.Records += d.records
		}
	}
	if out.States, err = v.states(history.Filter{}); err != nil {
		return nil, err
	}
	month, _, _ := history.Period{Kind: history.LastMonth}.Resolve(out.Recorded)
	t, err := v.series(history.Filter{}, newRoster(out.States), month)
	if err != nil {
		return nil, err
	}
	for c := range t.Counts() {
		if c.LastMonth == history.Unknown && v.recorded[c.Repo] {
			c.LastMonth = 0 // its records are of earlier days
		}
		out.Counts = append(out.Counts, c)
	}
	return out, nil
}

// Revision names the state of the history: the same as long as nothing is appended.
func (s *Store) Revision(ctx context.Context) (string, error) {
	j, err := s.refresh(ctx)
	if err != nil {
		return "", err
	}
	return s.revision(&j), nil
}

// AllStates returns what is known of each repository besides its days, in the order of
// Repo.Compare.
func (s *Store) AllStates(ctx context.Context) ([]history.RepoMeta, error) {
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	states, err := v.states(history.Filter{})
	slices.SortFunc(states, byRepo)
	return states, err
}

// StatesOf returns what is known besides days of the repositories of an organisation,
// whatever the case of its letters, of those without one, and of those that have one of
// the Hub's ids, in no order.
func (s *Store) StatesOf(ctx context.Context, org string, ids map[string]bool) ([]history.RepoMeta, error) {
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

// Table reads the whole history into memory, with the versions of its records.
func (s *Store) Table(ctx context.Context) (*memtable.Table, error) {
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
