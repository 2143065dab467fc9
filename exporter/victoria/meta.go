package victoria

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// The fields of metaSeries that are not fields of history.RepoMeta.
const (
	// knownField says that a repository is known, and whether it has a record: isKnown at
	// first, hasRecords from its first record on, isForgotten once it is not known any more. It is not written of one that comes with
	// a record and a total, as those of an export do.
	knownField        = "known"
	isKnown     int64 = 1
	hasRecords  int64 = 2
	isForgotten int64 = 3
	// Those of a confirmed.
	confirmedAsOf = "confirmed_as_of"
	confirmedFrom = "confirmed_from"
	confirmedTo   = "confirmed_to"
)

// fieldIndex has the places of the fields of metaSeries in stored.values, those of
// history.MetaFields first.
var fieldIndex = func() map[string]int {
	out := make(map[string]int)
	for i := range history.MetaFields {
		out[history.MetaFields[i].Name] = i
	}
	for _, name := range []string{knownField, confirmedAsOf, confirmedFrom, confirmedTo} {
		out[name] = len(out)
	}
	return out
}()

// asOfTotal stands for a listing that is as old as the total.
const asOfTotal history.AsOf = -1

// omitImplied takes out what reading works out by itself: a counter that is the total, and the
// time of a listing that is also that of the total.
func omitImplied(m *history.RepoMeta) {
	if m.Downloads == m.Total {
		m.Downloads = history.Unknown
	}
	if m.ListedAsOf == m.TotalAsOf && m.ListedAsOf != 0 {
		m.ListedAsOf = asOfTotal
	}
}

// writeMeta writes under number n, which is of a version that is as of asOf, what differs
// from what was stored before. known is 0 if that field stays as it is. Every series costs
// the engine an entry in its index, so what follows from others is not written.
func (w *writer) writeMeta(n seq, asOf history.AsOf, old, now history.RepoMeta, known int64) {
	l := repoLabels(now.Repo)
	omitImplied(&old)
	omitImplied(&now)
	if known > 0 {
		w.field(metaSeries, l, knownField, n, known)
	}
	for i := range history.MetaFields {
		f := &history.MetaFields[i]
		if f.Text != nil {
			if *f.Text(&now) != *f.Text(&old) {
				w.writeText(textSeries, l.with("field", f.Name), n, *f.Text(&now))
			}
			continue
		}
		v := *f.Number(&now)
		changed := v != *f.Number(&old)
		if f.Number(&now) == (*int64)(&now.TotalAsOf) && now.Total != old.Total {
			changed = now.TotalAsOf != asOf // a total is as old as its number
		}
		if changed {
			w.field(metaSeries, l, f.Name, n, v)
		}
	}
}

// storedRepo is the metadata of a repository as its series come in.
type storedRepo struct {
	values []value // by fieldIndex
	// days are the numbers of days that are written as texts.
	days map[daySeries]*dayTexts
}

// value is a number or a text, and the number that it was written under.
type value struct {
	n      seq
	number int64
	text   string
}

type storedRepos map[history.Repo]*storedRepo

// add takes a series: of those of no day the last sample.
func (x *storedRepo) add(l *vmapi.Line, log *orgLog) (err error) {
	text, field := l.Label("value"), l.Label("field")
	if day := l.Label("day"); day != "" {
		return x.addDay(l, log, daySeries{l.Label("series"), field, l.Label("hub_id")}, day, text)
	}
	last := log.latest(l)
	i, ok := fieldIndex[field]
	if !ok || last.n == 0 || last.n < x.values[i].n {
		return nil
	}
	x.values[i] = value{last.n, last.value, text}
	if l.Label("__name__") == textSeries && (i >= len(history.MetaFields) || history.MetaFields[i].Text == nil) {
		x.values[i].number, err = strconv.ParseInt(text, 10, 64)
	}
	return err
}

// merged returns x with what y has that was written later. Both stay as they are.
func (x *storedRepo) merged(y *storedRepo) *storedRepo {
	out := &storedRepo{values: slices.Clone(x.values)}
	for i, v := range y.values {
		if v.n > out.values[i].n {
			out.values[i] = v
		}
	}
	for _, from := range []*storedRepo{x, y} {
		for of, texts := range from.days {
			for k := range kinds {
				for d, p := range texts[k] {
					out.updateDay(of, k, d, p)
				}
			}
		}
	}
	return out
}

func (x *storedRepo) field(name string) value { return x.values[fieldIndex[name]] }

// hasRecords reports whether the repository has a record.
func (x *storedRepo) hasRecords() bool { return x.field(knownField).number != isKnown }

func (x *storedRepo) confirmed() confirmed {
	v := x.field(confirmedAsOf)
	run := history.Days{From: history.Day(x.field(confirmedFrom).number), To: history.Day(x.field(confirmedTo).number)}
	return confirmed{v.n, history.AsOf(v.number), run}
}

// meta puts the metadata of a repository together.
func (x *storedRepo) meta(r history.Repo, log *orgLog) history.RepoMeta {
	m := history.NewRepoMeta(r)
	for i := range history.MetaFields {
		f := &history.MetaFields[i]
		switch v := x.values[i]; {
		case v.n == 0:
		case f.Text != nil:
			*f.Text(&m) = v.text
		default:
			*f.Number(&m) = v.number
		}
	}
	if n := x.field("total").n; n > x.field("total_as_of").n {
		m.TotalAsOf = log.version(n).AsOf
	}
	if m.Downloads == history.Unknown {
		m.Downloads = m.Total
	}
	if m.ListedAsOf == asOfTotal {
		m.ListedAsOf = m.TotalAsOf
	}
	return m
}

// repoList is the repositories that an answer is of, in the order of Repo.Compare.
type repoList struct {
	meta   []history.RepoMeta
	stored []*storedRepo
	index  map[history.Repo]int
	// forgotten are those that were known once.
	forgotten map[history.Repo]bool
}

func (l *repoList) add(m history.RepoMeta, x *storedRepo) {
	l.index[m.Repo] = len(l.meta)
	l.meta, l.stored = append(l.meta, m), append(l.stored, x)
}

// only returns the repositories from one place to before another that matches accepts.
func (l *repoList) only(from, to int, matches func(history.Repo) bool) *repoList {
	out := &repoList{index: make(map[history.Repo]int), forgotten: l.forgotten}
	for i := from; i < to; i++ {
		if matches(l.meta[i].Repo) {
			out.add(l.meta[i], l.stored[i])
		}
	}
	return out
}

func everyRepo(history.Repo) bool { return true }

// list returns those of all that matches accepts.
func (v *snapshot) list(all storedRepos, matches func(history.Repo) bool) *repoList {
	out := &repoList{index: make(map[history.Repo]int), forgotten: make(map[history.Repo]bool)}
	for _, r := range slices.SortedFunc(maps.Keys(all), history.Repo.Compare) {
		switch {
		case !matches(r):
		case all[r].field(knownField).number == isForgotten:
			out.forgotten[r] = true
		default:
			out.add(all[r].meta(r, v.log(r.Org())), all[r])
		}
	}
	return out
}

// totalsOnly is a condition that leaves out the fields that a stream of records does not
// need: what is left are the totals, and which repositories moved to another name.
const totalsOnly = `field!~"hub_id|last_month|likes|downloads|(start|removed|backdated|confirmed).*"`

// repos reads the metadata of the repositories that f selects, under further conditions.
func (v *snapshot) repos(f history.Filter, more ...string) (*repoList, error) {
	if v.s.cache != nil {
		if out, err := v.s.cache.list(v, f.Matcher()); out != nil || err != nil {
			return out, err
		}
	}
	all, err := v.readMeta(1, f.Matcher(), append(conditions(f), more...)...)
	return v.list(all, f.Matcher()), err
}

// readMeta reads what was written from a number on of the repositories that the engine
// selects by conditions and matches accepts.
func (v *snapshot) readMeta(from seq, matches func(history.Repo) bool, where ...string) (storedRepos, error) {
	all := make(storedRepos)
	var mu sync.Mutex
	add := func(l *vmapi.Line) error {
		r := repoOf(l)
		if !matches(r) {
			return nil
		}
		log := v.log(r.Org())
		if log.latest(l).n == 0 {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if all[r] == nil {
			all[r] = &storedRepo{values: make([]value, len(fieldIndex))}
		}
		return all[r].add(l, log)
	}
	// The engine searches for the series of a question with one processor.
	asked, ctx := errgroup.WithContext(v.ctx)
	for _, name := range []string{metaSeries, textSeries} {
		asked.Go(func() error {
			return v.s.engine.Export(ctx, []string{v.selector(name, where...)}, from.ms(), maxSeq.ms(), add)
		})
	}
	return all, asked.Wait()
}

// metaOf reads the metadata of at least the repositories that q selects.
func (v *snapshot) metaOf(q history.MetaQuery) (*repoList, error) {
	if q.Org == "" || v.s.cache != nil {
		return v.repos(history.Filter{})
	}
	ofOrg := func(r history.Repo) bool { return r.Org() == "" || strings.EqualFold(r.Org(), q.Org) }
	all, err := v.readMeta(1, ofOrg, `org=~`+strconv.Quote("(?i:"+oneOf([]string{q.Org})+")|"))
	if err != nil {
		return nil, err
	}
	// Those that have one of the ids may be found under the name of another organization.
	missing := maps.Clone(q.HubIDs)
	for _, x := range all {
		delete(missing, x.field("hub_id").text)
	}
	var names []string
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(missing)), maxNamed) {
		selector := v.selector(textSeries, `field="hub_id"`, `value=~`+strconv.Quote(oneOf(ids)))
		err := v.s.engine.Export(v.ctx, []string{selector}, seq(1).ms(), maxSeq.ms(), func(l *vmapi.Line) error {
			names = append(names, repoOf(l).Name)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for part := range slices.Chunk(names, maxNamed) {
		f := history.Filter{Repos: part}
		more, err := v.readMeta(1, f.Matcher(), conditions(f)...)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, more)
	}
	return v.list(all, everyRepo), nil
}

// metaCache is the metadata of all repositories as of a state: of a history that was
// collected for years there are thousands of samples of each, and only those that are new
// are read then.
type metaCache struct {
	mu  sync.Mutex
	as  *state
	all storedRepos // nil: nothing was read yet
}

// list is snapshot.list of what the cache has, nil if that is already of a later state.
func (k *metaCache) list(v *snapshot, matches func(history.Repo) bool) (*repoList, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v.serial < k.as.serial {
		return nil, nil
	}
	if k.all == nil || v.serial > k.as.serial {
		if err := k.catchUp(v); err != nil {
			return nil, err
		}
	}
	return v.list(k.all, matches), v.ctx.Err()
}

// catchUp reads what came to count since, or all where more than that changed.
func (k *metaCache) catchUp(v *snapshot) error {
	from, whole := maxSeq, k.all == nil || len(v.logs) < len(k.as.logs)
	var changed []string
	for org, l := range v.logs {
		if old := k.as.log(org); old != l {
			changed = append(changed, org)
			from = min(from, old.last()+1)
			whole = whole || !l.extends(old)
		}
	}
	where := conditions(history.Filter{Orgs: changed})
	if whole {
		from, where = 1, nil
	}
	fresh, err := v.readMeta(from, everyRepo, where...)
	if err != nil {
		return err
	}
	if whole {
		k.all = make(storedRepos, len(fresh))
	}
	for r, x := range fresh {
		if was := k.all[r]; was != nil {
			x = was.merged(x) // an answer may have the one that was
		}
		k.all[r] = x
	}
	k.as = v.state
	return nil
}
