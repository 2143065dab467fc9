package victoria

import (
	"context"
	"maps"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/columns"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Records implements history.Store. The history is read piece by piece, some days or
// some repositories at a time.
func (s *Store) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		if err := s.stream(ctx, q, yield); err != nil && err != errStopped {
			yield(nil, err)
		}
	}
}

func (s *Store) stream(ctx context.Context, q history.RecordsQuery, yield func(*history.Rows, error) bool) error {
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	all, err := v.groups(history.Filter{}, allDays)
	if err != nil {
		return err
	}
	run, _, _ := q.Period.Resolve(recorded(all))
	if q.Versions && q.Period.Kind == history.AllTime {
		// What is hidden may reach further than what is recorded.
		run = allDays
	}
	if run.Len() == 0 {
		return nil
	}
	states, err := v.states(q.Filter)
	if err != nil {
		return err
	}
	slices.SortFunc(states, byRepo)
	st := &streamer{view: v, query: q, yield: yield, index: make(map[history.Repo]uint32)}
	if q.Order == history.OrderRepo {
		return st.byRepo(states, run, numRecords(all, run))
	}
	for _, days := range cutDays(all, run, s.piece) {
		if err := st.piece(q.Filter, states, days); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// numRecords returns the number of records of a run of days.
func numRecords(all map[groupKey]*group, run history.Days) int64 {
	n := int64(0)
	for _, g := range all {
		for d, x := range g.days {
			if run.Contains(d) {
				n += x.records
			}
		}
	}
	return n
}

// cutDays cuts a run into pieces of about most records.
func cutDays(all map[groupKey]*group, run history.Days, most int64) []history.Days {
	records := make(map[history.Day]int64)
	for _, g := range all {
		for d, x := range g.days {
			if run.Contains(d) {
				records[d] += x.records
			}
		}
	}
	var out []history.Days
	from, n := run.From, int64(0)
	for _, d := range slices.Sorted(maps.Keys(records)) {
		if n > 0 && n+records[d] > most {
			out = append(out, history.Days{From: from, To: d - 1})
			from, n = d, 0
		}
		n += records[d]
	}
	return append(out, history.Days{From: from, To: run.To})
}

// streamer hands on the rows of pieces under one dictionary.
type streamer struct {
	*view
	query history.RecordsQuery
	yield func(*history.Rows, error) bool
	index map[history.Repo]uint32
	out   history.Rows
}

// byRepo streams some repositories at a time; records is about how many there are.
func (st *streamer) byRepo(states []history.State, run history.Days, records int64) error {
	pieces := int(records/st.s.piece) + 1
	each := max(1, (len(states)+pieces-1)/pieces)
	for part := range slices.Chunk(states, each) {
		f := st.query.Filter
		if pieces > 1 {
			f = history.Filter{}
			seen := make(map[history.RepoType]bool)
			for _, s := range part {
				f.Repos = append(f.Repos, s.Repo.Name)
				if !seen[s.Repo.Type] {
					seen[s.Repo.Type] = true
					f.RepoTypes = append(f.RepoTypes, s.Repo.Type)
				}
			}
		}
		if err := st.piece(f, part, run); err != nil {
			return err
		}
	}
	return st.ctx.Err()
}

// piece streams the records of some days of the repositories of states.
func (st *streamer) piece(f history.Filter, states []history.State, run history.Days) error {
	named := make(map[history.Repo]bool, len(states))
	totals := make(map[history.Repo]int64, len(states))
	for _, s := range states {
		named[s.Repo], totals[s.Repo] = true, s.Total
	}
	t, err := columns.Build(st.ctx, only(st.rows(f, run, st.query.Versions), named), states)
	if err != nil {
		return err
	}
	q := st.query
	q.Filter, q.Period = history.Filter{}, fixed(run)
	var remap []uint32
	for rows, err := range t.Records(st.ctx, q) {
		if err != nil {
			return err
		}
		for _, r := range rows.Repos[len(remap):] {
			i, ok := st.index[r.Repo]
			if !ok {
				i = uint32(len(st.out.Repos))
				st.index[r.Repo] = i
				st.out.Repos = append(st.out.Repos, history.RepoTotal{Repo: r.Repo, Total: totals[r.Repo]})
			}
			remap = append(remap, i)
		}
		st.out.Reset()
		st.out.Version = rows.Version
		for i, r := range rows.Repo {
			st.out.Append(remap[r], rows.Day[i], rows.Downloads[i])
		}
		if !st.yield(&st.out, nil) {
			return errStopped
		}
	}
	return nil
}
