package victoria

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// errStopped says that who reads a stream wants no more of it.
var errStopped = errors.New("stopped")

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
	v, all, err := s.latestGroups(ctx)
	if err != nil {
		return err
	}
	run := q.Days(all.Recorded())
	if run.Len() == 0 {
		return nil
	}
	var more []string
	if !q.Stored {
		more = []string{totalsOnly}
	}
	repos, err := v.repos(q.Filter, more...)
	if err != nil {
		return err
	}
	st := streamer{snapshot: v, query: q, yield: yield, repos: repos}
	for _, m := range repos.meta {
		t := history.RepoTotal{Repo: m.Repo, Total: m.Total}
		if q.Stored {
			t.Total = history.Unknown
		}
		st.out.Repos = append(st.out.Repos, t)
	}
	records := make(map[history.Day]int64)
	var total, wantRecords int64
	for x := range all.GroupSums().All() {
		if run.Contains(x.Day) {
			records[x.Day] += x.Count
			total += x.Count
			if q.Filter.MatchesGroup(x.RepoType, x.Org) {
				wantRecords += x.Count
			}
		}
	}
	pieces := st.byDays(records, run)
	if q.Order == history.OrderRepo {
		n := int(total/s.piece) + 1
		pieces = byRepo(q.Filter, repos, run, max(1, (len(repos.meta)+n-1)/n))
	}
	for read, err := range readAhead(v, pieces, st.read) {
		if err == nil {
			err = st.emit(read)
		}
		if err != nil {
			return err
		}
	}
	if err := v.stands(); err != nil {
		return err
	}
	if !q.Filter.WholeOrgs() {
		return ctx.Err()
	}
	// An engine that crashed may lack what it took last, and an answer without that is none.
	var want int64
	for _, g := range all.Overview(history.OverviewQuery{Filter: q.Filter, Period: q.Period}).Groups {
		want = g.Downloads
	}
	if st.records != wantRecords || st.downloads != want {
		return fmt.Errorf("reading from VictoriaMetrics: %w: expected %d records with %d downloads by the sums of the history %q, got %d with %d",
			ErrLost, wantRecords, want, s.history, st.records, st.downloads)
	}
	return nil
}

// piece is the records of some days of some repositories. filter lets the engine select
// at least those.
type piece struct {
	filter history.Filter
	repos  *repoList
	days   history.Days
}

// streamer hands on the rows of pieces under one dictionary: that of all repositories.
type streamer struct {
	*snapshot
	query history.RecordsQuery
	yield func(*history.Rows, error) bool
	repos *repoList
	out   history.Rows
	// records and downloads are of what was read and is shown.
	records, downloads int64
}

// byDays makes pieces of some days each, which have records.
func (st *streamer) byDays(records map[history.Day]int64, run history.Days) (out []piece) {
	from, n := run.From, int64(0)
	for _, d := range slices.Sorted(maps.Keys(records)) {
		if n > 0 && n+records[d] > st.s.piece {
			out = append(out, piece{st.query.Filter, st.repos, history.Days{From: from, To: d - 1}})
			from, n = d, 0
		}
		n += records[d]
	}
	return append(out, piece{st.query.Filter, st.repos, history.Days{From: from, To: run.To}})
}

// byRepo makes pieces of size repositories each.
func byRepo(f history.Filter, repos *repoList, run history.Days, size int) (out []piece) {
	n := len(repos.meta)
	if n <= size {
		return []piece{{f, repos, run}}
	}
	for from := 0; from < n; from += size {
		p := piece{repos: repos.only(from, min(from+size, n), everyRepo), days: run}
		types := make(map[history.RepoType]bool)
		for _, m := range p.repos.meta {
			p.filter.Repos = append(p.filter.Repos, m.Repo.Name)
			if !types[m.Repo.Type] {
				types[m.Repo.Type] = true
				p.filter.RepoTypes = append(p.filter.RepoTypes, m.Repo.Type)
			}
		}
		out = append(out, p)
	}
	return out
}

// readAhead reads pieces, in their order, two at a time while one is handed on: the engine
// searches for one while it sends the other.
func readAhead[T any](v *snapshot, pieces []piece, read func(*snapshot, piece) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(v.ctx)
		v := &snapshot{v.state, v.s, ctx}
		type result struct {
			of  T
			err error
		}
		var reads sync.WaitGroup
		defer reads.Wait()
		defer cancel()
		started := func(yield func(chan result) bool) {
			for _, p := range pieces {
				c := make(chan result, 1)
				reads.Go(func() {
					var r result
					r.err = vmapi.RetryBroken(ctx, func() (err error) {
						r.of, err = read(v, p)
						return err
					})
					c <- r
				})
				if !yield(c) {
					return
				}
			}
		}
		for c := range parallel.Ahead(started, 1) {
			if r := <-c; !yield(r.of, r.err) || r.err != nil {
				return
			}
		}
	}
}

// pieceRead is what was read of a piece, and what is shown of it: downloads stay at the
// largest number.
type pieceRead struct {
	table              *memtable.Table
	records, downloads int64
}

func (st *streamer) read(v *snapshot, p piece) (out pieceRead, err error) {
	k := shown
	if st.query.Stored {
		k = stored
	}
	out.table, err = v.table(p, k, st.query.Stored || st.query.Versions, func(x *repoDays) {
		if p.repos.meta[x.at].Moved() {
			return
		}
		out.records += int64(len(x.days))
		for _, n := range x.downloads {
			out.downloads = addCounts(out.downloads, n)
		}
	})
	return out, err
}

// addCounts adds two counts, and stays at the largest number if the sum is larger.
func addCounts(a, b int64) int64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxInt64
}

// emit hands on all that a piece has.
func (st *streamer) emit(read pieceRead) error {
	st.records += read.records
	st.downloads = addCounts(st.downloads, read.downloads)
	var remap []uint32
	q := history.RecordsQuery{Order: st.query.Order, Stored: st.query.Stored, Versions: st.query.Versions}
	for rows, err := range read.table.Records(st.ctx, q) {
		if err != nil {
			return err
		}
		for _, r := range rows.Repos[len(remap):] {
			remap = append(remap, uint32(st.repos.index[r.Repo]))
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
