package storetest

import "github.com/huggingface-exporter/huggingface_exporter/exporter/history"

// huge is the largest count, 2^63-1.
const huge = "9223372036854775807"

var numberCases = []testCase{
	{"huge numbers", func(p *probe) {
		lines := []string{
			"model acme/a " + huge + " 2024-01-01 " + huge,
			"model acme/b 9223372036854775806 2024-01-01 9223372036854775806",
			"model acme/b 9223372036854775806 2024-01-02 1",
			"model acme/a " + huge + " 2024-01-31 1",
			"model acme/a " + huge + " 2024-02-01 " + huge,
			"model acme/a " + huge + " 2024-03-01 2",
		}
		p.add(published(1), lines...)
		p.wantRecords(history.RecordsQuery{}, lines...)
		// Sums stay at the largest number.
		p.wantOverview(history.OverviewQuery{Series: true},
			"type= org= repos=2 records=6 total="+huge+" downloads="+huge+" before=0"+
				" 2024-01-01="+huge+" 2024-01-02=1 2024-01-31=1 2024-02-01="+huge+" 2024-03-01=2")
		p.wantOverview(history.OverviewQuery{Period: between("2024-01-02", "2024-01-02"), Filter: history.Filter{Search: "acme/"}},
			"type= org= repos=2 records=6 total="+huge+" downloads=1 before="+huge)
		p.wantRepos(history.ReposQuery{Trend: 2},
			"model acme/a total="+huge+" downloads="+huge+" before=0 recorded=2024-01-01..2024-03-01 trend="+huge+","+huge,
			"model acme/b total=9223372036854775806 downloads="+huge+" before=0 recorded=2024-01-01..2024-01-02 trend="+huge+",?")
		// The change lies between the ends of its range.
		p.wantNames(history.ReposQuery{Period: between("2024-01-02", "2024-01-02"), Sort: history.SortChange},
			"model acme/b", "model acme/a")
		p.wantCounts(
			"model acme/a downloads="+huge+" removed=0 last_month="+huge+" likes=?",
			"model acme/b downloads=9223372036854775806 removed=0 last_month=0 likes=?")
	}},

	{"sums come back from the largest number", func(p *probe) {
		p.add(published(1),
			"model acme/a "+huge+" 2024-01-01 "+huge,
			"model acme/b "+huge+" 2024-01-01 "+huge,
			"model acme/c "+huge+" 2024-01-01 7")
		c := p.add(published(2), "model acme/a 3 2024-01-01 1", "model acme/b 4 2024-01-01 2", "model acme/c 5 2024-01-01 7")
		p.wantOverview(history.OverviewQuery{Series: true},
			"type= org= repos=3 records=3 total=12 downloads=10 before=0 2024-01-01=10")
		p.wantChange(c, history.Change{Records: 3, Repos: 3, Days: 1, Changed: 2, Unchanged: 1})
		// What is removed stays there as well.
		c = p.add(published(80), "model acme/a 3 2024-01-01 1", "model acme/b 4 2024-01-01 2", "model acme/c 5 2024-01-01 7")
		p.wantChange(c, history.Change{Records: 3, Repos: 3, Days: 1, Unchanged: 3, Removed: 1<<63 - 1})
		p.wantCounts(
			"model acme/a downloads="+huge+" removed=9223372036854775804 last_month=1 likes=? all_time=3",
			"model acme/b downloads="+huge+" removed=9223372036854775803 last_month=2 likes=? all_time=4",
			"model acme/c downloads="+huge+" removed=9223372036854775802 last_month=7 likes=? all_time=5")
	}},

	{"days far apart", func(p *probe) {
		lines := []string{
			"model acme/a 9 1970-01-01 1",
			"dataset acme/a 8 1970-01-02 2",
			"model acme/a 9 2024-02-29 4",
			"model acme/a 9 9999-12-31 8",
		}
		p.wantChange(p.add(published(1), lines...), history.Change{Records: 4, Repos: 2, Days: 4, New: 4})
		p.wantRecords(history.RecordsQuery{}, lines...)
		p.wantRecords(history.RecordsQuery{Order: history.OrderRepo}, lines[0], lines[2], lines[3], lines[1])
		p.wantPeriod(allTime, history.Filter{}, "days=1970-01-01..9999-12-31 before=none recorded=1970-01-01..9999-12-31")
		p.wantPeriod(lastMonth, history.Filter{}, "days=9999-12-02..9999-12-31 before=9999-11-02..9999-12-01 recorded=1970-01-01..9999-12-31")
		p.wantOverview(history.OverviewQuery{Series: true},
			"type= org= repos=2 records=4 total=17 downloads=15 before=0 1970-01-01=1 1970-01-02=2 2024-02-29=4 9999-12-31=8")
		p.wantOverview(history.OverviewQuery{Period: lastMonth}, "type= org= repos=2 records=4 total=17 downloads=8 before=0")
		p.wantOverview(history.OverviewQuery{Period: between("1970-01-02", "9999-12-30")},
			"type= org= repos=2 records=4 total=17 downloads=6 before=0")
		// 2932897 days in at most four points.
		p.wantRepos(history.ReposQuery{Trend: 4},
			"model acme/a total=9 downloads=13 before=0 recorded=1970-01-01..9999-12-31 trend=5,?,?,8",
			"dataset acme/a total=8 downloads=2 before=0 recorded=1970-01-02..1970-01-02 trend=2,?,?,?")
	}},

	{"the first days there are", func(p *probe) {
		p.add(published(1), "model acme/a 9 1970-01-01 1", "model acme/a 9 1970-01-05 2")
		// There is nothing before them, nor before a period that begins with them.
		p.wantPeriod(lastMonth, history.Filter{}, "days=1970-01-01..1970-01-05 before=none recorded=1970-01-01..1970-01-05")
		p.wantPeriod(between("1970-01-04", "1970-01-09"), history.Filter{}, "days=1970-01-04..1970-01-05 before=1970-01-02..1970-01-03 recorded=1970-01-01..1970-01-05")
		p.wantOverview(history.OverviewQuery{Period: between("1970-01-04", "1970-01-09")},
			"type= org= repos=1 records=2 total=9 downloads=2 before=0")
	}},

	{"ages beyond today", func(p *probe) {
		ancient := history.Version{Source: history.Published, AsOf: 0}
		future := history.Version{Source: history.Published, AsOf: history.AsOfTime(history.MaxDay.Time())}
		p.add(ancient, "model acme/a 9 2024-01-01 1", "model acme/b 9 2024-01-01 1")
		p.wantChange(p.add(future, "model acme/a 8 2024-01-01 2"), isChanged)
		p.wantChange(p.add(published(1), "model acme/a 10 2024-01-01 3"), isOutdated)
		p.wantRecords(history.RecordsQuery{Stored: true},
			"model acme/a ? 2024-01-01 2 "+versionText(future),
			"model acme/b ? 2024-01-01 1 "+versionText(ancient))
	}},
}
