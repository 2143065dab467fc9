package victoria

import (
	"context"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/columns"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Snapshot is what is known of the repositories at one moment, without their days.
type Snapshot struct {
	// Revision names the state of the history, as Revision does.
	Revision string
	// States and Counts are ordered by Repo.Compare. States has all repositories,
	// Counts those that the metrics page shows.
	States []history.State
	Counts []history.Counts
	// Repos and Records count what is shown, and Recorded runs from the first to
	// the last recorded day.
	Repos, Records int64
	Recorded       history.Days
}

// Snapshot reads what is known of the repositories, and the days of the last month.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) {
	v, all, err := s.lookAtGroups(ctx)
	if err != nil {
		return nil, err
	}
	out := &Snapshot{Revision: s.revision(&v.journal), Recorded: recorded(all)}
	for _, g := range all {
		out.Repos += g.repos
		for _, d := range g.days {
			out.Records += d.records
		}
	}
	if out.States, err = v.states(history.Filter{}); err != nil {
		return nil, err
	}
	slices.SortFunc(out.States, byRepo)
	month, _, _ := history.Period{Kind: history.LastMonth}.Resolve(out.Recorded)
	t, err := v.tableOf(history.Filter{}, out.States, month, false)
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
	v, err := s.look(ctx)
	if err != nil {
		return "", err
	}
	return s.revision(&v.journal), nil
}

// AllStates returns what is known of each repository besides its days, in the order of
// Repo.Compare.
func (s *Store) AllStates(ctx context.Context) ([]history.State, error) {
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	states, err := v.states(history.Filter{})
	slices.SortFunc(states, byRepo)
	return states, err
}

// Table reads the whole history into memory, with the versions of its records.
func (s *Store) Table(ctx context.Context) (*columns.Table, error) {
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	return v.table(history.Filter{}, allDays, true)
}
