package storetest

import (
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

var trendCases = []testCase{
	{"trends", func(p *probe) {
		p.add(published(1),
			"model acme/a 9 2024-01-01 1", "model acme/a 9 2024-01-02 2", "model acme/a 9 2024-01-03 4",
			"model acme/a 9 2024-01-06 8", "model acme/a 9 2024-01-10 16",
			"model acme/b 9 2024-01-04 0")
		f := func(period history.Period, points, step int, a, b string) {
			p.Helper()
			q := history.ReposQuery{Period: period, Trend: points, Sort: history.SortName, Ascending: true}
			page := p.reposPage(q)
			if page.TrendStep != step {
				p.Errorf("%d points: expected a step of %d days, got %d", points, step, page.TrendStep)
			}
			for i, want := range []string{a, b} {
				if got := trendText(page.Rows[i].Trend); got != want {
					p.Errorf("%s, %d points over %s: expected the trend %s, got %s",
						page.Rows[i].Repo, points, daysText(page.Days), want, got)
				}
			}
		}
		// Ten days, in all the lengths that they can be cut into.
		f(allTime, 10, 1, "1,2,4,?,?,8,?,?,?,16", "?,?,?,0,?,?,?,?,?,?")
		f(allTime, 1000, 1, "1,2,4,?,?,8,?,?,?,16", "?,?,?,0,?,?,?,?,?,?")
		f(allTime, 9, 2, "3,4,8,?,16", "?,0,?,?,?")
		f(allTime, 5, 2, "3,4,8,?,16", "?,0,?,?,?")
		// The last point covers fewer days.
		f(allTime, 4, 3, "7,8,?,16", "?,0,?,?")
		f(allTime, 3, 4, "7,8,16", "0,?,?")
		f(allTime, 2, 5, "7,24", "0,?")
		f(allTime, 1, 10, "31", "0")
		f(allTime, 0, 0, "", "")
		// Points start with the period and not with the history.
		f(between("2023-12-31", "2024-01-04"), 3, 2, "1,6,?", "?,?,0")
		f(between("2024-01-02", ""), 3, 3, "6,8,16", "0,?,?")
		// They end with the history.
		f(between("2024-01-07", "2024-01-16"), 2, 2, "?,16", "?,?")
		f(between("2024-01-03", "2024-01-03"), 4, 1, "4", "?")
		f(lastMonth, 3, 10, "?,?,31", "?,?,0")
		f(lastMonth, 4, 8, "?,?,7,24", "?,?,0,?")
		f(between("2024-02-01", ""), 4, 0, "", "")
		f(between("2024-01-05", "2024-01-01"), 4, 0, "", "")
	}},

	{"trends on pages", func(p *probe) {
		p.add(published(1),
			"model acme/a 9 2024-01-01 1", "model acme/a 9 2024-01-03 2",
			"model acme/b 9 2024-01-02 7",
			"dataset acme/c 9 2024-01-01 9")
		p.wantRepos(history.ReposQuery{Trend: 3, Limit: 1, Offset: 1},
			"model acme/b total=9 downloads=7 before=0 recorded=2024-01-02..2024-01-02 trend=?,7,?")
		p.wantRepos(history.ReposQuery{Trend: 3, Filter: history.Filter{Search: "A/"}})
		p.wantRepos(history.ReposQuery{Trend: 3, Filter: history.Filter{Search: "/A"}},
			"model acme/a total=9 downloads=3 before=0 recorded=2024-01-01..2024-01-03 trend=1,?,2")
	}},
}
