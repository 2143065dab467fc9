package storetest

import "github.com/huggingface-exporter/huggingface_exporter/exporter/history"

// gone returns the state of a repository that is no longer under its name.
func gone(name, movedTo string, asOf history.AsOf) history.RepoMeta {
	s := history.NewRepoMeta(repo(name))
	s.GoneAsOf, s.MovedTo = asOf, movedTo
	return s
}

var goneCases = []testCase{
	{"a repository that is gone", func(p *probe) {
		p.add(published(1), "model acme/a 10 2024-01-01 1", "model acme/b 20 2024-01-01 2")
		p.wantChange(p.tell(gone("model acme/a", "", hour(2))), history.Change{Repos: 1})
		// It is not exposed, and its history stays.
		p.wantCounts("model acme/b downloads=20 removed=0 last_month=2 likes=?")
		p.wantOverview(history.OverviewQuery{}, "type= org= repos=2 records=2 total=30 downloads=3 before=0")
		p.wantNames(history.ReposQuery{}, "model acme/b", "model acme/a")
		p.wantRecords(history.RecordsQuery{}, "model acme/a 10 2024-01-01 1", "model acme/b 20 2024-01-01 2")
		// An older answer of the Hub does not bring it back, one as new as that does.
		p.add(published(1), "model acme/a 11 2024-01-02 4")
		p.tell(told("model acme/a", history.Unknown, 9, 9, hour(1)))
		p.wantCounts("model acme/b downloads=20 removed=0 last_month=2 likes=?")
		p.tell(told("model acme/a", history.Unknown, 7, 8, hour(2)))
		p.wantCounts(
			"model acme/a downloads=11 removed=0 last_month=7 likes=8",
			"model acme/b downloads=20 removed=0 last_month=2 likes=?")
		p.tell(gone("model acme/b", "", hour(3)))
		p.wantCounts("model acme/a downloads=11 removed=0 last_month=7 likes=8")
		p.add(published(4), "model acme/b 20 2024-01-02 0")
		p.wantCounts(
			"model acme/a downloads=11 removed=0 last_month=7 likes=8",
			"model acme/b downloads=20 removed=0 last_month=2 likes=?")
	}},

	{"a repository that moved", func(p *probe) {
		p.add(published(1),
			"model acme/old 10 2024-01-01 1", "model acme/old 10 2024-01-02 2",
			"model acme/b 20 2024-01-02 4",
			"model other/old 5 2023-12-31 5")
		p.wantChange(p.addBatch(history.Batch{
			Rows: stream(rows(published(1), "model acme/new 10 2024-01-01 1", "model acme/new 10 2024-01-02 2")),
			Meta: []history.RepoMeta{
				gone("model acme/old", "acme/new", hour(2)),
				gone("model other/old", "elsewhere/new", hour(2)),
			},
		}), history.Change{Records: 2, Repos: 3, Days: 2, New: 2})
		// Its downloads count once, under the new name, and its days with them.
		p.wantOverview(history.OverviewQuery{ByOrg: true, Series: true},
			"type= org=acme repos=2 records=3 total=30 downloads=7 before=0 2024-01-01=1 2024-01-02=6")
		p.wantOverview(history.OverviewQuery{Filter: history.Filter{Search: "old"}})
		p.wantNames(history.ReposQuery{}, "model acme/b", "model acme/new")
		p.wantNames(history.ReposQuery{Filter: history.Filter{Repos: []string{"acme/old"}}})
		p.wantPeriod(allTime, history.Filter{}, "days=2024-01-01..2024-01-02 before=none recorded=2024-01-01..2024-01-02")
		for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
			p.wantRecords(history.RecordsQuery{Order: order, Filter: history.Filter{Search: "/old"}})
		}
		p.wantCounts(
			"model acme/b downloads=20 removed=0 last_month=4 likes=?",
			"model acme/new downloads=10 removed=0 last_month=3 likes=?")
	}},

	{"what is kept of a repository that moved", func(p *probe) {
		p.add(published(1), "model acme/b 20 2024-01-02 4")
		p.add(published(1), "model acme/old 10 2023-12-31 1", "model acme/old 10 2024-01-03 2")
		p.tell(gone("model acme/old", "acme/new", hour(2)))
		first := "model acme/old ? 2023-12-31 1 " + versionText(published(1))
		b := "model acme/b ? 2024-01-02 4 " + versionText(published(1))
		last := "model acme/old ? 2024-01-03 2 " + versionText(published(1))
		// With versions a stream is of all that is kept, days of hidden ones among them.
		p.wantRecords(history.RecordsQuery{Stored: true}, first, b, last)
		p.wantRecords(history.RecordsQuery{Stored: true, Order: history.OrderRepo}, b, first, last)
		p.wantRecords(history.RecordsQuery{}, "model acme/b 20 2024-01-02 4")
		// What older exports have is still known, and what they tell is still merged.
		p.wantChange(p.add(published(1), "model acme/old 10 2024-01-03 2"), isUnchanged)
		p.wantChange(p.add(observed(1), "model acme/old ? 2024-01-04 9"), isNew)
		p.wantPeriod(allTime, history.Filter{}, "days=2024-01-02..2024-01-02 before=none recorded=2024-01-02..2024-01-02")
		p.wantOverview(history.OverviewQuery{}, "type= org= repos=1 records=1 total=20 downloads=4 before=0")
	}},

	{"a repository that came back", func(p *probe) {
		p.add(published(1), "model acme/old 10 2024-01-01 1", "model acme/b 20 2024-01-02 4")
		p.tell(gone("model acme/old", "acme/new", hour(2)))
		p.add(published(3), "model acme/old 3 2024-01-05 3")
		p.wantOverview(history.OverviewQuery{Series: true},
			"type= org= repos=2 records=3 total=23 downloads=8 before=0 2024-01-01=1 2024-01-02=4 2024-01-05=3")
		p.wantRecords(history.RecordsQuery{Order: history.OrderRepo},
			"model acme/b 20 2024-01-02 4", "model acme/old 3 2024-01-01 1", "model acme/old 3 2024-01-05 3")
		p.wantCounts(
			"model acme/b downloads=20 removed=0 last_month=4 likes=?",
			"model acme/old downloads=10 removed=0 last_month=4 likes=? all_time=3")
		// And left again, with all others.
		p.tell(gone("model acme/old", "acme/new", hour(4)), gone("model acme/b", "acme/c", hour(4)))
		p.wantOverview(history.OverviewQuery{ByOrg: true})
		p.wantNames(history.ReposQuery{})
		p.wantRecords(history.RecordsQuery{})
		p.wantCounts()
		p.wantPeriod(lastMonth, history.Filter{}, "days=none before=none recorded=none")
	}},
}
