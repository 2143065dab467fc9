package storetest

import (
	"fmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// ranked is a history in which every order of repositories has ties. In January of
// 2024 and in the 31 days before, the downloads are
//
//	            total   before   January   change
//	model b        50       10        10        0
//	model d        70        0         5        5
//	model z         ?        9         3       -6
//	dataset a      50        1        10        9
//	dataset b       5       10         5       -5
//	dataset c      70        5        10        5
func ranked(p *probe) {
	p.Helper()
	p.add(published(1),
		"model acme/b 50 2023-12-05 10", "model acme/b 50 2024-01-05 4", "model acme/b 50 2024-01-06 6",
		"model acme/d 70 2024-01-31 5",
		"dataset acme/a 50 2023-12-01 1", "dataset acme/a 50 2024-01-01 10",
		"dataset acme/b 5 2023-12-31 10", "dataset acme/b 5 2024-01-05 5",
		"dataset acme/c 70 2023-12-31 5", "dataset acme/c 70 2024-01-31 10")
	p.add(observed(1), "model acme/z ? 2023-12-24 9", "model acme/z ? 2024-01-24 3")
}

var reposCases = []testCase{
	{"orders of repositories", func(p *probe) {
		ranked(p)
		january := between("2024-01-01", "2024-01-31")
		f := func(sort history.Sort, ascending bool, names ...string) {
			p.Helper()
			p.wantNames(history.ReposQuery{Period: january, Sort: sort, Ascending: ascending}, names...)
		}
		// Ties are in the order of Repo.Compare, in both directions.
		f(history.SortDownloads, false,
			"model acme/b", "dataset acme/a", "dataset acme/c", "model acme/d", "dataset acme/b", "model acme/z")
		f(history.SortDownloads, true,
			"model acme/z", "model acme/d", "dataset acme/b", "model acme/b", "dataset acme/a", "dataset acme/c")
		// An unknown total is less than any other.
		f(history.SortTotal, false,
			"model acme/d", "dataset acme/c", "model acme/b", "dataset acme/a", "dataset acme/b", "model acme/z")
		f(history.SortTotal, true,
			"model acme/z", "dataset acme/b", "model acme/b", "dataset acme/a", "model acme/d", "dataset acme/c")
		f(history.SortChange, false,
			"dataset acme/a", "model acme/d", "dataset acme/c", "model acme/b", "dataset acme/b", "model acme/z")
		f(history.SortChange, true,
			"model acme/z", "dataset acme/b", "model acme/b", "model acme/d", "dataset acme/c", "dataset acme/a")
		f(history.SortName, false,
			"model acme/z", "model acme/d", "dataset acme/c", "model acme/b", "dataset acme/b", "dataset acme/a")
		f(history.SortName, true,
			"dataset acme/a", "model acme/b", "dataset acme/b", "dataset acme/c", "model acme/d", "model acme/z")
	}},

	{"the change without a period before", func(p *probe) {
		ranked(p)
		// All time: ordered by the downloads alone.
		want := []string{"model acme/b", "dataset acme/b", "dataset acme/c", "model acme/z", "dataset acme/a", "model acme/d"}
		for _, period := range []history.Period{allTime, between("", "2024-01-31")} {
			p.wantNames(history.ReposQuery{Period: period, Sort: history.SortChange}, want...)
			p.wantNames(history.ReposQuery{Period: period, Sort: history.SortDownloads}, want...)
		}
	}},

	{"rows of repositories", func(p *probe) {
		ranked(p)
		p.wantRepos(history.ReposQuery{Period: between("2024-01-01", "2024-01-31"), Sort: history.SortName},
			"model acme/z total=? downloads=3 before=9 recorded=2023-12-24..2024-01-24",
			"model acme/d total=70 downloads=5 before=0 recorded=2024-01-31..2024-01-31",
			"dataset acme/c total=70 downloads=10 before=5 recorded=2023-12-31..2024-01-31",
			"model acme/b total=50 downloads=10 before=10 recorded=2023-12-05..2024-01-06",
			"dataset acme/b total=5 downloads=5 before=10 recorded=2023-12-31..2024-01-05",
			"dataset acme/a total=50 downloads=10 before=1 recorded=2023-12-01..2024-01-01")
	}},

	{"names are ordered by their bytes", func(p *probe) {
		p.add(published(1),
			"model acme/b 1 2024-01-01 1", "model acme/B 1 2024-01-01 1", "model acme-x/a 1 2024-01-01 1",
			"model acme 1 2024-01-01 1", "model acme/b-1 1 2024-01-01 1", "model acme/b_1 1 2024-01-01 1")
		p.wantNames(history.ReposQuery{Sort: history.SortName, Ascending: true},
			"model acme", "model acme-x/a", "model acme/B", "model acme/b", "model acme/b-1", "model acme/b_1")
	}},

	{"pages", func(p *probe) {
		ranked(p)
		f := func(offset, limit int, names ...string) {
			p.Helper()
			q := history.ReposQuery{Sort: history.SortTotal, Offset: offset, Limit: limit}
			p.wantNames(q, names...)
			if page := p.reposPage(q); page.Matched != 6 {
				p.Errorf("offset %d, limit %d: expected 6 matched on all pages, got %d", offset, limit, page.Matched)
			}
		}
		f(0, 2, "model acme/d", "dataset acme/c")
		f(2, 2, "model acme/b", "dataset acme/a")
		f(4, 2, "dataset acme/b", "model acme/z")
		f(5, 2, "model acme/z")
		f(6, 2)
		f(600, 2)
		f(600, 0)
		f(0, 600, "model acme/d", "dataset acme/c", "model acme/b", "dataset acme/a", "dataset acme/b", "model acme/z")
		f(4, 0, "dataset acme/b", "model acme/z")
		f(1, 1, "dataset acme/c")
		page := p.reposPage(history.ReposQuery{Filter: history.Filter{Search: "/b"}, Limit: 1})
		if page.Matched != 2 || len(page.Rows) != 1 {
			p.Errorf("expected one row of 2 matched, got %d of %d", len(page.Rows), page.Matched)
		}
	}},

	{"pages of many repositories", func(p *probe) {
		// 300 repositories of few different numbers: most of the order is ties.
		b := block{version: published(1)}
		for i := range 300 {
			r := history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/%03d", i*7%300)}
			b.records = append(b.records, history.Record{Repo: r, Total: int64(i % 11), Day: day("2024-01-01"), Downloads: int64(i % 5)})
		}
		p.addBatch(history.Batch{Rows: stream(b)})
		// 60 times 0+1+2+3+4, and 27 times 0+...+10 and 0+1+2.
		p.wantOverview(history.OverviewQuery{ByOrg: true}, "type= org=acme repos=300 records=300 total=1488 downloads=600 before=0")
		for sort := history.SortDownloads; sort <= history.SortRemoved; sort++ {
			for _, ascending := range []bool{false, true} {
				q := history.ReposQuery{Sort: sort, Ascending: ascending}
				all := reposLines(p.reposPage(q))[1:]
				var paged []string
				for q.Limit = 17; q.Offset < 300; q.Offset += q.Limit {
					paged = append(paged, reposLines(p.reposPage(q))[1:]...)
				}
				p.sameLines(fmt.Sprintf("pages by %s, ascending %v", sort, ascending), paged, all)
			}
		}
		p.wantNames(history.ReposQuery{Limit: 3}, "model acme/003", "model acme/008", "model acme/013")
		p.wantNames(history.ReposQuery{Limit: 3, Sort: history.SortName, Ascending: true, Offset: 297},
			"model acme/297", "model acme/298", "model acme/299")
	}},
}
