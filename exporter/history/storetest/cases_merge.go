package storetest

import (
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// the counts of appends of one record
var (
	isNew       = history.Change{Records: 1, Repos: 1, Days: 1, New: 1}
	isChanged   = history.Change{Records: 1, Repos: 1, Days: 1, Changed: 1}
	isUnchanged = history.Change{Records: 1, Repos: 1, Days: 1, Unchanged: 1}
	isOutdated  = history.Change{Records: 1, Repos: 1, Days: 1, Outdated: 1}
)

var mergeCases = []testCase{
	{"published beats observed beats estimated", func(p *probe) {
		p.wantChange(p.add(estimated(9), "model acme/a ? 2024-01-01 1"), isNew)
		p.wantChange(p.add(observed(5), "model acme/a ? 2024-01-01 2"), isChanged)
		p.wantChange(p.add(published(1), "model acme/a ? 2024-01-01 3"), isChanged)
		p.wantChange(p.add(observed(8), "model acme/a ? 2024-01-01 4"), isOutdated)
		p.wantChange(p.add(estimated(9), "model acme/a ? 2024-01-01 5"), isOutdated)
		p.wantRecords(history.RecordsQuery{Stored: true}, "model acme/a ? 2024-01-01 3 "+versionText(published(1)))
	}},

	{"newer beats older", func(p *probe) {
		p.add(published(1), "model acme/a 50 2024-01-01 10", "model acme/a 50 2024-01-02 10")
		p.wantChange(p.add(published(2), "model acme/a 50 2024-01-01 30"), isChanged)
		p.wantRecords(history.RecordsQuery{},
			"model acme/a 50 2024-01-01 30",
			"model acme/a 50 2024-01-02 10")
	}},

	{"an older number after a newer one is outdated", func(p *probe) {
		p.add(published(5), "model acme/a 50 2024-01-01 10", "model acme/a 50 2024-01-02 11")
		before := p.everything()
		c := p.add(published(4), "model acme/a 50 2024-01-01 30", "model acme/a 50 2024-01-02 11")
		p.wantChange(c, history.Change{Records: 2, Repos: 1, Days: 2, Outdated: 1, Unchanged: 1})
		p.sameLines("the history after an older export", p.everything(), before)
		// What an older export has besides is new.
		p.wantChange(p.add(published(4), "model acme/a 50 2023-12-31 7"), isNew)
	}},

	{"of equal versions the larger number wins", func(p *probe) {
		p.add(published(1), "model acme/a 50 2024-01-01 10", "model acme/b 50 2024-01-01 20")
		p.wantChange(p.add(published(1), "model acme/a 50 2024-01-01 11"), isChanged)
		p.wantChange(p.add(published(1), "model acme/b 50 2024-01-01 19"), isOutdated)
		p.wantRecords(history.RecordsQuery{},
			"model acme/a 50 2024-01-01 11",
			"model acme/b 50 2024-01-01 20")
	}},

	{"a number told again is of its newest age", func(p *probe) {
		p.add(published(1), "model acme/a 50 2024-01-01 10")
		p.wantChange(p.add(published(3), "model acme/a 50 2024-01-01 10"), isUnchanged)
		p.wantRecords(history.RecordsQuery{Stored: true}, "model acme/a ? 2024-01-01 10 "+versionText(published(3)))
		p.wantChange(p.add(published(2), "model acme/a 50 2024-01-01 99"), isOutdated)
		p.wantRecords(history.RecordsQuery{}, "model acme/a 50 2024-01-01 10")
		// Told again at an older age it keeps the newer one.
		p.wantChange(p.add(published(1), "model acme/a 50 2024-01-01 10"), isUnchanged)
		p.wantRecords(history.RecordsQuery{Stored: true}, "model acme/a ? 2024-01-01 10 "+versionText(published(3)))
	}},

	{"several versions in one batch", func(p *probe) {
		c := p.addBatch(history.Batch{Rows: stream(
			rows(observed(7), "model acme/a ? 2024-01-01 1", "model acme/a ? 2024-01-02 2", "model acme/a ? 2024-01-03 3"),
			rows(published(2), "model acme/a ? 2024-01-01 10"),
			rows(published(1), "model acme/a ? 2024-01-01 11", "model acme/a ? 2024-01-04 4"),
			rows(estimated(9), "model acme/a ? 2024-01-02 12"),
		)})
		p.wantChange(c, history.Change{Records: 4, Repos: 1, Days: 4, New: 4})
		p.wantRecords(history.RecordsQuery{Stored: true},
			"model acme/a ? 2024-01-01 10 "+versionText(published(2)),
			"model acme/a ? 2024-01-02 2 "+versionText(observed(7)),
			"model acme/a ? 2024-01-03 3 "+versionText(observed(7)),
			"model acme/a ? 2024-01-04 4 "+versionText(published(1)))
	}},

	{"one append counts all that it did", func(p *probe) {
		p.add(published(5), "model acme/a 50 2024-01-01 10", "model acme/a 50 2024-01-02 10", "dataset acme/a 9 2024-01-02 3")
		p.add(published(9), "model acme/a 50 2024-01-03 10")
		c := p.add(published(6),
			"model acme/a 50 2024-01-01 10", // as it was
			"model acme/a 50 2024-01-02 12", // replaced
			"model acme/a 50 2024-01-03 13", // beaten
			"model acme/a 50 2024-01-04 14", // new
			"model acme/b 50 2024-01-04 15", // new
			"model acme/b 50 2024-01-04 15", // the same again
		)
		p.wantChange(c, history.Change{Records: 5, Repos: 2, Days: 4, New: 2, Changed: 1, Unchanged: 1, Outdated: 1})
	}},

	{"the order of arrival does not matter", func(p *probe) {
		appends := []block{
			rows(published(1), "model acme/a 50 2024-01-01 10", "model acme/a 50 2024-01-02 10", "model acme/b 7 2024-01-02 7"),
			rows(published(2), "model acme/a 45 2024-01-01 5", "dataset acme/a 9 2024-01-03 9"),
			rows(observed(3), "model acme/a ? 2024-01-02 99", "model acme/a ? 2024-01-03 3"),
			rows(estimated(4), "model acme/a ? 2024-01-03 98", "model acme/a ? 2024-01-04 4"),
		}
		want := []string{
			"model acme/a ? 2024-01-01 5 " + versionText(published(2)),
			"model acme/a ? 2024-01-02 10 " + versionText(published(1)),
			"model acme/b ? 2024-01-02 7 " + versionText(published(1)),
			"model acme/a ? 2024-01-03 3 " + versionText(observed(3)),
			"dataset acme/a ? 2024-01-03 9 " + versionText(published(2)),
			"model acme/a ? 2024-01-04 4 " + versionText(estimated(4)),
		}
		permute(len(appends), func(order []int) {
			q := p.another()
			for _, i := range order {
				q.addBatch(history.Batch{Rows: stream(appends[i])})
			}
			q.wantRecords(history.RecordsQuery{Stored: true}, want...)
			q.wantOverview(history.OverviewQuery{}, "type= org= repos=3 records=6 total=61 downloads=38 before=0")
		})
	}},
}

// permute calls f with every order of 0..n-1.
func permute(n int, f func(order []int)) {
	order := make([]int, 0, n)
	var extend func()
	extend = func() {
		if len(order) == n {
			f(order)
			return
		}
		for i := range n {
			if !slices.Contains(order, i) {
				order = append(order, i)
				extend()
				order = order[:len(order)-1]
			}
		}
	}
	extend()
}
