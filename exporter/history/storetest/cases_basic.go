package storetest

import "github.com/huggingface-exporter/huggingface_exporter/exporter/history"

// sixRows is the example of the export's documentation.
var sixRows = []string{
	"model huggingface/CodeBERTa-small-v1 4362460 2021-01-22 4",
	"model huggingface/CodeBERTa-small-v1 4362460 2021-01-23 7",
	"model huggingface/CodeBERTa-small-v1 4362460 2021-01-24 2",
	"dataset huggingface/documentation-images 2167284 2021-11-27 3",
	"dataset huggingface/documentation-images 2167284 2021-11-28 18",
	"dataset huggingface/documentation-images 2167284 2021-11-29 7",
}

var basicCases = []testCase{
	{"empty store", func(p *probe) {
		p.wantEmpty()
		for _, period := range []history.Period{allTime, lastMonth, between("", ""), between("2021-01-01", ""), between("", "2021-01-01")} {
			p.wantPeriod(period, history.Filter{}, "days=none before=none recorded=none")
			p.wantOverview(history.OverviewQuery{Period: period, ByRepoType: true, ByOrg: true, Series: true})
			p.wantNames(history.ReposQuery{Period: period, Trend: 10})
			p.wantRecords(history.RecordsQuery{Period: period, Order: history.OrderRepo, Stored: true})
		}
		p.wantPeriod(between("2021-01-01", "2021-01-07"), history.Filter{}, "days=none before=none recorded=none")
	}},

	{"empty batches", func(p *probe) {
		p.wantChange(p.addBatch(history.Batch{}), history.Change{})
		p.wantChange(p.addBatch(history.Batch{Rows: stream()}), history.Change{})
		p.wantChange(p.add(published(1)), history.Change{})
		p.wantEmpty()
	}},

	{"six rows", func(p *probe) {
		p.wantChange(p.add(published(1), sixRows...), history.Change{Records: 6, Repos: 2, Days: 6, New: 6})
		p.wantRecords(history.RecordsQuery{}, sixRows...)
		p.wantRecords(history.RecordsQuery{Order: history.OrderRepo}, sixRows...)
		p.wantPeriod(allTime, history.Filter{}, "days=2021-01-22..2021-11-29 before=none recorded=2021-01-22..2021-11-29")
		p.wantOverview(history.OverviewQuery{},
			"type= org= repos=2 records=6 total=6529744 downloads=41 before=0")
		p.wantOverview(history.OverviewQuery{ByRepoType: true, Period: lastMonth},
			"type=model org= repos=1 records=3 total=4362460 downloads=0 before=0",
			"type=dataset org= repos=1 records=3 total=2167284 downloads=28 before=0")
		p.wantRepos(history.ReposQuery{},
			"dataset huggingface/documentation-images total=2167284 downloads=28 before=0 recorded=2021-11-27..2021-11-29",
			"model huggingface/CodeBERTa-small-v1 total=4362460 downloads=13 before=0 recorded=2021-01-22..2021-01-24")
		p.wantCounts(
			"model huggingface/CodeBERTa-small-v1 downloads=4362460 removed=0 last_month=0 likes=?",
			"dataset huggingface/documentation-images downloads=2167284 removed=0 last_month=28 likes=?")
	}},

	{"rows may come in any order", func(p *probe) {
		p.add(published(1), sixRows[4], sixRows[2], sixRows[5], sixRows[0], sixRows[3], sixRows[1])
		p.wantRecords(history.RecordsQuery{}, sixRows...)
		p.wantRecords(history.RecordsQuery{Order: history.OrderRepo}, sixRows...)
	}},

	{"a replay changes nothing", func(p *probe) {
		p.add(published(1), sixRows...)
		before := p.everything()
		p.wantChange(p.add(published(1), sixRows...), history.Change{Records: 6, Repos: 2, Days: 6, Unchanged: 6})
		p.sameLines("the history after a replay", p.everything(), before)
		p.wantChange(p.add(published(2), sixRows...), history.Change{Records: 6, Repos: 2, Days: 6, Unchanged: 6})
		p.wantRecords(history.RecordsQuery{}, sixRows...)
	}},

	{"absent is not zero", func(p *probe) {
		lines := []string{
			"model acme/a 9 2024-01-01 5",
			"model acme/a 9 2024-01-03 0",
			"model acme/a 9 2024-01-06 4",
		}
		p.add(published(1), lines...)
		p.wantRecords(history.RecordsQuery{}, lines...)
		p.wantRecords(history.RecordsQuery{Period: between("2024-01-02", "2024-01-05")}, lines[1])
		p.wantOverview(history.OverviewQuery{Series: true},
			"type= org= repos=1 records=3 total=9 downloads=9 before=0 2024-01-01=5 2024-01-03=0 2024-01-06=4")
		p.wantRepos(history.ReposQuery{Trend: 6},
			"model acme/a total=9 downloads=9 before=0 recorded=2024-01-01..2024-01-06 trend=5,?,0,?,?,4")
		// A zero is a record like others: it is new, and it ends the history.
		p.wantChange(p.add(published(1), "model acme/a 9 2024-01-09 0"), history.Change{Records: 1, Repos: 1, Days: 1, New: 1})
		p.wantPeriod(allTime, history.Filter{}, "days=2024-01-01..2024-01-09 before=none recorded=2024-01-01..2024-01-09")
	}},

	{"a repository without a record", func(p *probe) {
		told := history.NewRepoMeta(repo("dataset acme/idle"))
		told.Total, told.TotalAsOf = 0, hour(1)
		listed := history.NewRepoMeta(repo("space acme/demo"))
		listed.Likes, listed.ListedAsOf = 12, hour(1)
		p.wantChange(p.tell(told, listed), history.Change{Repos: 2})
		p.wantRecords(history.RecordsQuery{})
		p.wantPeriod(lastMonth, history.Filter{}, "days=none before=none recorded=none")
		p.wantOverview(history.OverviewQuery{ByRepoType: true, Series: true},
			"type=dataset org= repos=1 records=0 total=0 downloads=0 before=0",
			"type=space org= repos=1 records=0 total=0 downloads=0 before=0")
		p.wantRepos(history.ReposQuery{Trend: 5},
			"dataset acme/idle total=0 downloads=0 before=0 recorded=none",
			"space acme/demo total=? downloads=0 before=0 recorded=none")
		p.wantCounts(
			"dataset acme/idle downloads=0 removed=0 last_month=? likes=?",
			"space acme/demo downloads=? removed=0 last_month=? likes=12")
		// Beside one with records it has a trend of nothing.
		p.add(published(1), "model acme/a 3 2024-01-01 1", "model acme/a 3 2024-01-02 2")
		p.wantRepos(history.ReposQuery{Trend: 5},
			"model acme/a total=3 downloads=3 before=0 recorded=2024-01-01..2024-01-02 trend=1,2",
			"dataset acme/idle total=0 downloads=0 before=0 recorded=none trend=?,?",
			"space acme/demo total=? downloads=0 before=0 recorded=none trend=?,?")
	}},

	{"a dictionary entry without rows tells nothing", func(p *probe) {
		rows := &history.Rows{
			Repos: []history.RepoTotal{
				{Repo: repo("model acme/a"), Total: 10},
				{Repo: repo("model acme/b"), Total: 20},
			},
			Version: published(1),
		}
		rows.Append(0, day("2024-01-01"), 3)
		c := p.addBatch(history.Batch{Rows: func(yield func(*history.Rows, error) bool) { yield(rows, nil) }})
		p.wantChange(c, history.Change{Records: 1, Repos: 1, Days: 1, New: 1})
		p.wantNames(history.ReposQuery{}, "model acme/a")
	}},
}
