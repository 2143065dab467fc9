package victoria

import (
	"context"
	"errors"
	"fmt"
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
	v, all, err := s.lookAtGroups(ctx)
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
		err = st.byRepo(states, run, numRecords(all, run))
	} else {
		err = st.byDays(states, cutDays(all, run, s.piece))
	}
	if err != nil || !q.Filter.ByGroup() {
		return err
	}
	return st.complete(all, run)
}

// complete compares what was streamed with the sums that the appends wrote. An engine
// that crashed may lack what it took last, and an answer without that is none.
func (st *streamer) complete(all map[groupKey]*group, run history.Days) error {
	var records int64
	var downloads wide
	for k, g := range all {
		if !st.query.Filter.MatchesGroup(k.repoType, k.org) {
			continue
		}
		for d, x := range g.days {
			if run.Contains(d) {
				records += x.records
				downloads.addWide(x.downloads)
			}
		}
	}
	if records == st.records && downloads.count() == st.downloads.count() {
		return nil
	}
	return fmt.Errorf("reading from VictoriaMetrics: %w: expected %d records with %d downloads by the sums of the history %q, got %d with %d",
		ErrLost, records, downloads.count(), st.s.history, st.records, st.downloads.count())
}

// ErrLost says that samples of a history are not there that were.
var ErrLost = errors.New("the engine does not show all that was stored: ask again, and if it stays so, " +
	"it lost samples and the history is to be stored anew, under another name")

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
	// records and downloads are what was streamed of what is shown.
	records   int64
	downloads wide
}

// byDays streams some days at a time.
func (st *streamer) byDays(states []history.State, pieces []history.Days) error {
	for _, days := range pieces {
		if err := st.piece(st.query.Filter, states, days); err != nil {
			return err
		}
	}
	return st.ctx.Err()
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
	hidden := make(map[history.Repo]bool)
	for _, s := range states {
		named[s.Repo], totals[s.Repo] = true, s.Total
		if s.Moved() {
			hidden[s.Repo] = true
		}
	}
	var t *columns.Table
	err := st.s.again(st.ctx, func() (err error) {
		t, err = columns.Build(st.ctx, only(st.rows(f, run, st.query.Versions), named), states)
		return err
	})
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
			if len(hidden) == 0 || !hidden[rows.Repos[r].Repo] {
				st.records++
				st.downloads.add(rows.Downloads[i], 1)
			}
		}
		if !st.yield(&st.out, nil) {
			return errStopped
		}
	}
	return nil
}
