package victoria

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// Records implements history.Reader. The history is read piece by piece, some days or
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
	known := v.totals
	if q.Versions {
		known = v.states
	}
	states, err := known(q.Filter)
	if err != nil {
		return err
	}
	st := newStreamer(v, q, newRoster(states), yield)
	pieces := st.byDays(cutDays(all, run, s.piece))
	if q.Order == history.OrderRepo {
		pieces = st.byRepo(run, numRecords(all, run))
	}
	for t, err := range st.ahead(pieces) {
		if err == nil {
			err = st.emit(t)
		}
		if err != nil {
			return err
		}
	}
	if !q.Filter.ByGroup() {
		return ctx.Err()
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
		for d, x := range g.days.all() {
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
		for d, x := range g.days.all() {
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
		for d, x := range g.days.all() {
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

// piece is the records of some days of some repositories. filter lets the engine select
// at least those.
type piece struct {
	filter history.Filter
	of     *roster
	days   history.Days
}

// streamer hands on the rows of pieces under one dictionary: the roster of all.
type streamer struct {
	*view
	query history.RecordsQuery
	yield func(*history.Rows, error) bool
	of    *roster
	out   history.Rows
	// records and downloads are of what was streamed and is shown.
	records   int64
	downloads wide
}

func newStreamer(v *view, q history.RecordsQuery, of *roster, yield func(*history.Rows, error) bool) *streamer {
	st := &streamer{view: v, query: q, yield: yield, of: of}
	for _, s := range of.all {
		st.out.Repos = append(st.out.Repos, history.RepoTotal{Repo: s.Repo, Total: s.Total})
	}
	return st
}

// byDays makes pieces of some days each.
func (st *streamer) byDays(runs []history.Days) []piece {
	out := make([]piece, len(runs))
	for i, days := range runs {
		out[i] = piece{st.query.Filter, st.of, days}
	}
	return out
}

// byRepo makes pieces of some repositories each; records is about how many there are.
func (st *streamer) byRepo(run history.Days, records int64) []piece {
	pieces := int(records/st.s.piece) + 1
	if pieces == 1 {
		return []piece{{st.query.Filter, st.of, run}}
	}
	var out []piece
	for first, n := 0, len(st.of.all); first < n; {
		end := min(first+max(1, (n+pieces-1)/pieces), n)
		p := piece{of: st.of.part(first, end), days: run}
		seen := make(map[history.RepoType]bool)
		for _, s := range p.of.states() {
			p.filter.Repos = append(p.filter.Repos, s.Repo.Name)
			if !seen[s.Repo.Type] {
				seen[s.Repo.Type] = true
				p.filter.RepoTypes = append(p.filter.RepoTypes, s.Repo.Type)
			}
		}
		out = append(out, p)
		first = end
	}
	return out
}

// readsAtOnce is how many pieces are read at a time: the engine searches for one while it
// sends another.
const readsAtOnce = 2

// ahead reads pieces, in their order, those that come next while one is handed on.
func (st *streamer) ahead(pieces []piece) iter.Seq2[*memtable.Table, error] {
	return func(yield func(*memtable.Table, error) bool) {
		ctx, cancel := context.WithCancel(st.ctx)
		v := *st.view
		v.ctx = ctx
		type table struct {
			*memtable.Table
			err error
		}
		var reads sync.WaitGroup
		defer reads.Wait()
		defer cancel()
		next := make(chan chan table, readsAtOnce)
		turns := make(chan struct{}, readsAtOnce)
		reads.Go(func() {
			defer close(next)
			for i := range pieces {
				read := make(chan table, 1)
				select {
				case next <- read:
				case <-ctx.Done():
					return
				}
				turns <- struct{}{}
				reads.Go(func() {
					defer func() { <-turns }()
					t, err := pieces[i].read(&v, st.query.Versions)
					read <- table{t, err}
				})
			}
		})
		for read := range next {
			if t := <-read; !yield(t.Table, t.err) {
				return
			}
		}
	}
}

// read reads a piece into memory.
func (p *piece) read(v *view, versions bool) (t *memtable.Table, err error) {
	load := v.series
	if versions {
		load = v.versions
	}
	err = v.s.again(v.ctx, func() error {
		t, err = load(p.filter, p.of, p.days)
		return err
	})
	return t, err
}

// emit hands on all that a piece has.
func (st *streamer) emit(t *memtable.Table) error {
	for _, g := range t.Overview(history.OverviewQuery{}).Groups {
		st.records += g.Records
		st.downloads.add(g.Downloads, 1)
	}
	var remap []uint32
	q := history.RecordsQuery{Order: st.query.Order, Versions: st.query.Versions}
	for rows, err := range t.Records(st.ctx, q) {
		if err != nil {
			return err
		}
		for _, r := range rows.Repos[len(remap):] {
			remap = append(remap, uint32(st.of.index[r.Repo]))
		}
		st.out.Repo = st.out.Repo[:0]
		for _, r := range rows.Repo {
			st.out.Repo = append(st.out.Repo, remap[r])
		}
		st.out.Day, st.out.Downloads, st.out.Version = rows.Day, rows.Downloads, rows.Version
		if !st.yield(&st.out, nil) {
			return errStopped
		}
	}
	return nil
}
