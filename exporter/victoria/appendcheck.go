package victoria

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// errIncomplete is wrapped by the error of an append some of which the engine lost while
// it was written. Nothing of it is stored, and it is written anew.
var errIncomplete = errors.New("the engine lost some of what it took, and may have started anew meanwhile")

// complete reads back what the repositories of delta have, which is as they are in merged
// unless the engine lost some of what was written.
func (a *appending) complete(x claim, versions []history.Version, merged, delta *memtable.Table) error {
	r := newJournalReader()
	selector := a.s.selector(strconv.FormatInt(time.Now().UnixNano(), 36), versionSeries)
	if err := a.s.export(a.ctx, []string{selector}, int64(x.first), int64(x.last), r.take); err != nil {
		return err
	}
	v := a.after(x, r.versions)
	for i, want := range versions {
		if v.entries[x.first+seq(i)].version != want {
			return incomplete("the ages of its numbers")
		}
	}
	of := make(map[history.Repo]bool)
	var f history.Filter
	for s := range delta.Meta() {
		of[s.Repo] = true
		f.Repos = append(f.Repos, s.Repo.Name)
	}
	if len(f.Repos) > maxNamed {
		f.Repos = nil
	}
	all, where := make(storedStates), conditions(f)
	matches := func(r history.Repo) bool { return of[r] }
	if err := v.readStates(all, matches, 0, v.selector(stateSeries, where...), v.selector(textSeries, where...)); err != nil {
		return err
	}
	roster := newRoster(v.list(all, matches))
	for s := range merged.Meta() {
		if !of[s.Repo] {
			continue
		}
		if at, ok := roster.place(s.Repo); !ok || roster.all[at] != s {
			return incomplete("what is known of " + s.Repo.String())
		}
	}
	got, err := v.series(f, roster, a.run)
	if err != nil {
		return err
	}
	records, sum, err := a.sumOf(got, of)
	if err != nil {
		return err
	}
	wantRecords, wantSum, err := a.sumOf(merged, of)
	if err == nil && (records != wantRecords || sum != wantSum) {
		err = incomplete(fmt.Sprintf("%d records", wantRecords))
	}
	return err
}

func incomplete(want string) error {
	return fmt.Errorf("writing to VictoriaMetrics: %w: expected to read back %s, got other", errIncomplete, want)
}

// sumOf counts and sums up the records of repositories, hidden ones as well.
func (a *appending) sumOf(t *memtable.Table, of map[history.Repo]bool) (records int64, sum wide, err error) {
	for rows, err := range t.Records(a.ctx, history.RecordsQuery{Order: history.OrderRepo, Versions: true}) {
		if err != nil {
			return 0, sum, err
		}
		for i, r := range rows.Repo {
			if of[rows.Repos[r].Repo] && a.run.Contains(rows.Day[i]) {
				records++
				sum.add(rows.Downloads[i], 1)
			}
		}
	}
	return records, sum, nil
}
