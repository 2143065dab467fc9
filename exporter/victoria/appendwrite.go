package victoria

import (
	"iter"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// writeStates writes what changed of what is known besides days; written has the
// repositories that records were written of.
func (a *appending) writeStates(w *writer, x claim, versions []history.Version, merged *memtable.Table, written map[history.Repo]bool) error {
	n, asOf := x.last, history.AsOf(0)
	if i := len(versions) - 1; i >= 0 {
		n, asOf = x.first+seq(i), versions[i].AsOf // mostly the age of the totals as well
	}
	for s := range merged.Meta() {
		var was *history.RepoMeta
		if old, ok := a.known[s.Repo]; ok {
			was = &old
		}
		known := int64(0)
		switch {
		case was == nil && written[s.Repo] && s.Total != history.Unknown:
		case written[s.Repo] && !a.recorded[s.Repo]:
			known = hasRecords
		case was == nil:
			known = isKnown
		}
		if err := writeState(w, n, asOf, was, s, known); err != nil {
			return err
		}
	}
	return nil
}

// writeRecords writes the records of delta, a repository after the other, days
// ascending. It returns the repositories that there were any of.
func (a *appending) writeRecords(w *writer, x claim, versions []history.Version, delta *memtable.Table) (map[history.Repo]bool, error) {
	hadHigh, err := a.highDays()
	if err != nil {
		return nil, err
	}
	q := history.RecordsQuery{Order: history.OrderRepo, Versions: true}
	nextOld, stop := iter.Pull2(byRepository(a.old.Records(a.ctx, q)))
	defer stop()
	old, err, more := nextOld()
	written := make(map[history.Repo]bool)
	var low, high []daySample
	var version history.Version
	var n seq
	for d, derr := range byRepository(delta.Records(a.ctx, q)) {
		if derr != nil {
			return nil, derr
		}
		written[d.repo] = true
		for more && err == nil && old.repo.Compare(d.repo) < 0 {
			old, err, more = nextOld()
		}
		if err != nil {
			return nil, err
		}
		var known []dayFact
		if more && old.repo == d.repo {
			known = old.facts
		}
		l := repoLabels(d.repo)
		changed, is, ok := confirm(known, d.facts, a.confirmed[d.repo], a.run)
		if ok {
			for i, v := range []int64{int64(is.asOf), int64(is.run.From), int64(is.run.To)} {
				if err := w.one(stateSeries, l.with("field", confirmFields[i]), int64(x.last), v); err != nil {
					return nil, err
				}
			}
		}
		low, high = low[:0], high[:0]
		for _, f := range changed {
			if n == 0 || f.version != version {
				at, _ := slices.BinarySearchFunc(versions, f.version, history.Version.Compare)
				version, n = f.version, x.first+seq(at)
			}
			lower, upper := split53(f.downloads)
			low = append(low, daySample{f.day, n, lower})
			if upper != 0 || len(hadHigh) > 0 && hadHigh[repoDay{d.repo, f.day}] {
				high = append(high, daySample{f.day, n, upper})
			}
		}
		if err := w.days(downloadsSeries, l, low); err != nil {
			return nil, err
		}
		if err := w.days(downloadsHigh, l, high); err != nil {
			return nil, err
		}
	}
	return written, nil
}

type repoDay struct {
	repo history.Repo
	day  history.Day
}

// highDays returns the days whose known number has upper bits.
func (a *appending) highDays() (map[repoDay]bool, error) {
	out := make(map[repoDay]bool)
	for rows, err := range a.old.Records(a.ctx, history.RecordsQuery{Versions: true, Order: history.OrderRepo}) {
		if err != nil {
			return nil, err
		}
		for i, v := range rows.Downloads {
			if v > 1<<53-1 {
				out[repoDay{rows.Repos[rows.Repo[i]].Repo, rows.Day[i]}] = true
			}
		}
	}
	return out, nil
}
