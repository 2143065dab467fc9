package storetest

import "github.com/huggingface-exporter/huggingface_exporter/exporter/history"

// quarter is a history of 91 days from 2024-01-01 to 2024-03-31, one download on the
// first day, two on the second and so on, and one repository that ended earlier.
func quarter(p *probe) {
	p.Helper()
	b := block{version: published(1), line: 2}
	for i := range 91 {
		d := day("2024-01-01") + history.Day(i)
		b.records = append(b.records, history.Record{Repo: repo("model acme/a"), Total: 5000, Day: d, Downloads: int64(i + 1)})
	}
	b.records = append(b.records, record("dataset acme/old 700 2024-02-20 100"), record("dataset acme/old 700 2024-03-05 600"))
	p.addBatch(history.Batch{Rows: stream(b)})
}

// mixed is a history of several types and organizations.
func mixed(p *probe) {
	p.Helper()
	p.add(published(1),
		"model acme/a 10 2024-01-01 1",
		"model acme/a 10 2024-01-02 2",
		"model acme/b 20 2024-01-02 4",
		"model zeta/a 40 2024-01-03 8",
		"model gpt2 80 2024-01-01 16",
		"dataset acme/a 160 2024-01-02 32",
		"dataset squad 320 2024-01-04 64",
		"kernel acme/k 640 2024-01-03 128",
		"bucket zeta/b 1280 2024-01-01 256",
	)
	p.tell(told("space acme/demo", history.Unknown, history.Unknown, 5, hour(1)))
}

var overviewCases = []testCase{
	{"periods", func(p *probe) {
		quarter(p)
		all := "recorded=2024-01-01..2024-03-31"
		f := func(period history.Period, want, group string) {
			p.Helper()
			p.wantPeriod(period, history.Filter{}, want+" "+all)
			p.wantOverview(history.OverviewQuery{Period: period}, "type= org= repos=2 records=93 total=5700 "+group)
		}
		// 91 days are 1+...+91 = 4186 downloads, and 700 of the other repository.
		f(allTime, "days=2024-01-01..2024-03-31 before=none", "downloads=4886 before=0")
		// 30 days, the last one among them: 62+...+91, and 600; before them 32+...+61, and 100.
		f(lastMonth, "days=2024-03-02..2024-03-31 before=2024-02-01..2024-03-01", "downloads=2895 before=1495")
		f(between("2024-02-20", "2024-02-20"), "days=2024-02-20..2024-02-20 before=2024-02-19..2024-02-19", "downloads=151 before=50")
		f(between("2024-01-08", "2024-01-14"), "days=2024-01-08..2024-01-14 before=2024-01-01..2024-01-07", "downloads=77 before=28")
		// Where the history was not recorded over all of the days before, nothing compares.
		f(between("2024-01-03", "2024-01-06"), "days=2024-01-03..2024-01-06 before=none", "downloads=18 before=0")
		f(between("2023-06-01", "2024-01-02"), "days=2023-06-01..2024-01-02 before=none", "downloads=3 before=0")
		// A period ends with the last recorded day, and the one before it is as long.
		f(between("2024-03-30", "2024-04-09"), "days=2024-03-30..2024-03-31 before=2024-03-28..2024-03-29", "downloads=181 before=177")
		f(between("2025-01-01", "2025-01-02"), "days=none before=none", "downloads=0 before=0")
		// Open ends are those of the history.
		f(between("2024-03-30", ""), "days=2024-03-30..2024-03-31 before=2024-03-28..2024-03-29", "downloads=181 before=177")
		f(between("", "2024-01-02"), "days=2024-01-01..2024-01-02 before=none", "downloads=3 before=0")
		f(between("", ""), "days=2024-01-01..2024-03-31 before=none", "downloads=4886 before=0")
		// Ranges without a day.
		f(between("2024-04-01", ""), "days=none before=none", "downloads=0 before=0")
		f(between("", "2023-12-31"), "days=none before=none", "downloads=0 before=0")
		f(between("2024-01-02", "2024-01-01"), "days=none before=none", "downloads=0 before=0")
	}},

	{"last month ends with the last day of the whole history", func(p *probe) {
		quarter(p)
		old := history.Filter{Repos: []string{"acme/old"}}
		month := "days=2024-03-02..2024-03-31 before=2024-02-01..2024-03-01 recorded=2024-01-01..2024-03-31"
		p.wantPeriod(lastMonth, old, month)
		p.wantOverview(history.OverviewQuery{Period: lastMonth, Filter: old},
			"type= org= repos=1 records=2 total=700 downloads=600 before=100")
		p.wantRecords(history.RecordsQuery{Period: lastMonth, Filter: old}, "dataset acme/old 700 2024-03-05 600")
		p.wantPeriod(lastMonth, history.Filter{Search: "nothing like it"}, month)
		// One more day, of whatever repository, moves it.
		p.add(published(1), "model other/b 1 2024-04-01 0")
		p.wantPeriod(lastMonth, old, "days=2024-03-03..2024-04-01 before=2024-02-02..2024-03-02 recorded=2024-01-01..2024-04-01")
		p.add(published(1), "model other/b 1 2024-04-05 0")
		p.wantOverview(history.OverviewQuery{Period: lastMonth, Filter: old},
			"type= org= repos=1 records=2 total=700 downloads=0 before=700")
	}},

	{"last month at its ends", func(p *probe) {
		p.add(published(1),
			"model acme/a 9 2024-01-31 1000", // the day before those before
			"model acme/a 9 2024-02-01 1",
			"model acme/a 9 2024-03-01 10",
			"model acme/a 9 2024-03-02 100",
			"model acme/a 9 2024-03-31 0")
		p.wantOverview(history.OverviewQuery{Period: lastMonth},
			"type= org= repos=1 records=5 total=9 downloads=100 before=11")
		p.wantRepos(history.ReposQuery{Period: lastMonth},
			"model acme/a total=9 downloads=100 before=11 recorded=2024-01-31..2024-03-31")
		p.wantRecords(history.RecordsQuery{Period: lastMonth},
			"model acme/a 9 2024-03-02 100", "model acme/a 9 2024-03-31 0")
		p.wantCounts("model acme/a downloads=9 removed=0 last_month=100 likes=?")
	}},

	{"groups", func(p *probe) {
		mixed(p)
		p.wantOverview(history.OverviewQuery{},
			"type= org= repos=9 records=9 total=2550 downloads=511 before=0")
		// Types in the Hub's order, others after them by name.
		p.wantOverview(history.OverviewQuery{ByRepoType: true},
			"type=model org= repos=4 records=5 total=150 downloads=31 before=0",
			"type=dataset org= repos=2 records=2 total=480 downloads=96 before=0",
			"type=space org= repos=1 records=0 total=0 downloads=0 before=0",
			"type=bucket org= repos=1 records=1 total=1280 downloads=256 before=0",
			"type=kernel org= repos=1 records=1 total=640 downloads=128 before=0")
		// Legacy names have no organization, and come first.
		p.wantOverview(history.OverviewQuery{ByOrg: true},
			"type= org= repos=2 records=2 total=400 downloads=80 before=0",
			"type= org=acme repos=5 records=5 total=830 downloads=167 before=0",
			"type= org=zeta repos=2 records=2 total=1320 downloads=264 before=0")
		p.wantOverview(history.OverviewQuery{ByRepoType: true, ByOrg: true, Filter: history.Filter{RepoTypes: []history.RepoType{history.Model, history.Dataset}}},
			"type=model org= repos=1 records=1 total=80 downloads=16 before=0",
			"type=model org=acme repos=2 records=3 total=30 downloads=7 before=0",
			"type=model org=zeta repos=1 records=1 total=40 downloads=8 before=0",
			"type=dataset org= repos=1 records=1 total=320 downloads=64 before=0",
			"type=dataset org=acme repos=1 records=1 total=160 downloads=32 before=0")
	}},

	{"series", func(p *probe) {
		mixed(p)
		p.wantOverview(history.OverviewQuery{Series: true},
			"type= org= repos=9 records=9 total=2550 downloads=511 before=0 2024-01-01=273 2024-01-02=38 2024-01-03=136 2024-01-04=64")
		p.wantOverview(history.OverviewQuery{Series: true, ByRepoType: true, Period: between("2024-01-02", "2024-01-03")},
			"type=model org= repos=4 records=5 total=150 downloads=14 before=0 2024-01-02=6 2024-01-03=8",
			"type=dataset org= repos=2 records=2 total=480 downloads=32 before=0 2024-01-02=32",
			"type=space org= repos=1 records=0 total=0 downloads=0 before=0",
			"type=bucket org= repos=1 records=1 total=1280 downloads=0 before=0",
			"type=kernel org= repos=1 records=1 total=640 downloads=128 before=0 2024-01-03=128")
		p.wantOverview(history.OverviewQuery{Series: true, Filter: history.Filter{Search: "ACME/A"}},
			"type= org= repos=2 records=3 total=170 downloads=35 before=0 2024-01-01=1 2024-01-02=34")
	}},

	{"groups grow", func(p *probe) {
		f := func(want string) {
			p.Helper()
			p.wantOverview(history.OverviewQuery{ByRepoType: true, ByOrg: true, Series: true}, "type=model org=acme "+want)
		}
		p.add(published(1), "model acme/b 10 2024-01-01 1")
		f("repos=1 records=1 total=10 downloads=1 before=0 2024-01-01=1")
		// By a repository alone, before and after those that are there.
		p.add(published(1), "model acme/c 20 2024-01-01 2", "model acme/c 20 2024-05-01 4")
		f("repos=2 records=3 total=30 downloads=7 before=0 2024-01-01=3 2024-05-01=4")
		p.add(published(1), "model acme/a 40 2023-12-31 8")
		f("repos=3 records=4 total=70 downloads=15 before=0 2023-12-31=8 2024-01-01=3 2024-05-01=4")
		// By a total, and by a day, and by a repository beside one that is known.
		p.tell(told("model acme/d", 80, 0, 0, hour(1)))
		f("repos=4 records=4 total=150 downloads=15 before=0 2023-12-31=8 2024-01-01=3 2024-05-01=4")
		p.add(published(1), "model acme/d 80 2024-05-01 16")
		f("repos=4 records=5 total=150 downloads=31 before=0 2023-12-31=8 2024-01-01=3 2024-05-01=20")
		p.add(published(2), "model acme/a 41 2024-01-01 32", "model acme/e 160 2024-01-01 64")
		f("repos=5 records=7 total=311 downloads=127 before=0 2023-12-31=8 2024-01-01=99 2024-05-01=20")
	}},

	{"sums follow corrections", func(p *probe) {
		mixed(p)
		p.add(published(2), "model acme/a 7 2024-01-02 0", "model gpt2 90 2024-01-05 1")
		p.wantOverview(history.OverviewQuery{ByRepoType: true, Series: true, Filter: history.Filter{RepoTypes: []history.RepoType{history.Model}}},
			"type=model org= repos=4 records=6 total=157 downloads=30 before=0 2024-01-01=17 2024-01-02=4 2024-01-03=8 2024-01-05=1")
		p.wantPeriod(allTime, history.Filter{}, "days=2024-01-01..2024-01-05 before=none recorded=2024-01-01..2024-01-05")
	}},
}
