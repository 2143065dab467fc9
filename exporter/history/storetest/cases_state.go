package storetest

import (
	"fmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// told returns what a listing tells of a repository.
func told(name string, total, month, likes int64, asOf history.AsOf) history.RepoMeta {
	s := history.NewRepoMeta(repo(name))
	if s.Total = total; total != history.Unknown {
		s.TotalAsOf = asOf
	}
	s.LastMonth, s.Likes, s.ListedAsOf = month, likes, asOf
	return s
}

var stateCases = []testCase{
	{"the total is the newest", func(p *probe) {
		wantTotal := func(want string) {
			p.Helper()
			p.wantRecords(history.RecordsQuery{}, "model acme/a "+want+" 2024-01-01 5")
			p.wantRepos(history.ReposQuery{}, "model acme/a total="+want+" downloads=5 before=0 recorded=2024-01-01..2024-01-01")
		}
		p.add(observed(1), "model acme/a ? 2024-01-01 5")
		wantTotal("?")
		p.add(published(3), "model acme/a 100 2024-01-01 5")
		wantTotal("100")
		p.tell(told("model acme/a", 130, 7, 1, hour(5)))
		wantTotal("130")
		// An older export tells nothing new, and one without a total none.
		p.add(published(4), "model acme/a 120 2024-01-01 5")
		wantTotal("130")
		p.tell(told("model acme/a", history.Unknown, 7, 1, hour(9)))
		wantTotal("130")
		p.add(published(6), "model acme/a 125 2024-01-01 5")
		wantTotal("125")
	}},

	{"totals of rows and of states in one batch", func(p *probe) {
		c := p.addBatch(history.Batch{
			Rows: stream(rows(published(3), "model acme/a 100 2024-01-01 5", "model acme/b 100 2024-01-01 5")),
			Meta: []history.RepoMeta{told("model acme/a", 90, 1, 1, hour(2)), told("model acme/b", 110, 1, 1, hour(4)), told("model acme/c", 7, 1, 1, hour(4))},
		})
		p.wantChange(c, history.Change{Records: 2, Repos: 3, Days: 1, New: 2})
		p.wantNames(history.ReposQuery{Sort: history.SortTotal}, "model acme/b", "model acme/a", "model acme/c")
		p.wantOverview(history.OverviewQuery{}, "type= org= repos=3 records=2 total=217 downloads=10 before=0")
	}},

	{"the counter never falls", func(p *probe) {
		p.tell(told("model acme/a", 100, 50, 2, hour(0)))
		p.wantCounts("model acme/a downloads=100 removed=0 last_month=50 likes=2")
		p.wantChange(p.tell(told("model acme/a", 80, 50, 2, hour(24))), history.Change{Repos: 1})
		p.wantCounts("model acme/a downloads=100 removed=0 last_month=50 likes=2 all_time=80")
		p.tell(told("model acme/a", 85, 50, 2, hour(48)))
		p.wantCounts("model acme/a downloads=100 removed=0 last_month=50 likes=2 all_time=85")
		p.wantChange(p.tell(told("model acme/a", 90, 50, 2, hour(24+72))), history.Change{Records: 3, Repos: 1, New: 3, Removed: 20})
		p.wantCounts("model acme/a downloads=110 removed=20 last_month=50 likes=2 all_time=90")
	}},

	{"a total that came back did not fall", func(p *probe) {
		p.tell(told("model acme/a", 100, 50, 2, hour(0)))
		p.tell(told("model acme/a", 0, 50, 2, hour(1)))
		p.wantCounts("model acme/a downloads=100 removed=0 last_month=50 likes=2 all_time=0")
		p.wantChange(p.tell(told("model acme/a", 105, 50, 2, hour(24))), history.Change{Records: 1, Repos: 1, New: 1})
		p.wantCounts("model acme/a downloads=105 removed=0 last_month=50 likes=2")
		p.wantRecords(history.RecordsQuery{}, "model acme/a 105 2025-06-01 5")
		p.wantReadings(history.ReadingsQuery{},
			"model acme/a 2025-06-01T01:00:00Z listing total=0 last_month=50 likes=2 first=100@2025-06-01T00:00:00Z high=100,50",
			"model acme/a 2025-06-02T00:00:00Z listing total=105 last_month=50 likes=2")
		// The newest reading is of a day that has no record yet.
		p.wantReadings(history.ReadingsQuery{Period: history.RangeOf(hourDay+1, history.NoDay)},
			"model acme/a 2025-06-02T00:00:00Z listing total=105 last_month=50 likes=2")
	}},

	{"the largest of a day", func(p *probe) {
		p.tell(told("model acme/a", 100, 50, 2, hour(0)))
		p.tell(told("model acme/a", 140, 60, 2, hour(24)))
		p.tell(told("model acme/a", 150, 70, 2, hour(25)))
		p.tell(told("model acme/a", 145, 10, 2, hour(26)))
		// 150 was there and went away, which is a fall to be waited for.
		p.wantCounts("model acme/a downloads=150 removed=0 last_month=10 likes=2 all_time=145")
		p.wantReadings(history.ReadingsQuery{Period: between("2025-06-02", "2025-06-02")},
			"model acme/a 2025-06-02T02:00:00Z listing total=145 last_month=10 likes=2 first=140@2025-06-02T00:00:00Z high=150,70")
		p.tell(told("model acme/a", 151, 70, 2, hour(48)))
		p.wantCounts("model acme/a downloads=151 removed=0 last_month=70 likes=2")
	}},

	{"exports bring days of their own", func(p *probe) {
		p.add(published(0), "model acme/a 100 2025-05-20 40")
		p.add(published(24), "model acme/a 110 2025-05-20 40")
		p.wantCounts("model acme/a downloads=110 removed=0 last_month=40 likes=?")
		p.wantRecords(history.RecordsQuery{}, "model acme/a 110 2025-05-20 40")
	}},

	{"what the 30-day number does not allow is backdated", func(p *probe) {
		p.tell(told("model acme/a", 100, 50, 2, hour(0)))
		p.tell(told("model acme/a", 1100, 60, 2, hour(24)))
		p.wantCounts("model acme/a downloads=160 removed=0 last_month=60 likes=2 all_time=1100")
		p.tell(told("model acme/a", 1110, 60, 2, hour(48)))
		p.wantCounts("model acme/a downloads=170 removed=0 last_month=60 likes=2 backdated=940 all_time=1110")
		p.wantRepos(history.ReposQuery{},
			"model acme/a total=1110 downloads=70 before=0 recorded=2025-06-01..2025-06-02 backdated=940@2025-06-03T00:00:00Z")
	}},

	{"archives change days and not the counter", func(p *probe) {
		archived := func(total, month int64, asOf history.AsOf) history.Reading {
			return history.NewReading(repo("model acme/a"), asOf, history.Archive, total, month, history.Unknown)
		}
		p.tell(told("model acme/a", 1000, 300, 2, hour(0)))
		p.addBatch(history.Batch{Readings: readings(archived(970, 300, hour(-72)), archived(980, 300, hour(-48)), archived(5000, 300, hour(1)))})
		p.wantCounts("model acme/a downloads=1000 removed=0 last_month=300 likes=2")
		p.wantRecords(history.RecordsQuery{},
			"model acme/a 1000 2025-05-29 10", "model acme/a 1000 2025-05-30 10", "model acme/a 1000 2025-05-31 10")
		p.wantRecords(history.RecordsQuery{Stored: true}) // none of them is stored
		p.wantRecords(history.RecordsQuery{Versions: true, Period: between("2025-05-30", "2025-05-31")},
			"model acme/a 1000 2025-05-30 10 "+versionText(history.Version{Source: history.Estimated, AsOf: hour(0)}),
			"model acme/a 1000 2025-05-31 10 "+versionText(history.Version{Source: history.Estimated, AsOf: hour(0)}))
		p.wantReadings(history.ReadingsQuery{Period: between("2025-05-30", "2025-05-31")},
			"model acme/a 2025-05-30T00:00:00Z archive total=980 last_month=300 likes=?")
	}},

	{"counters go on from a start", func(p *probe) {
		start := history.NewRepoMeta(repo("model acme/a"))
		start.StartTotal, start.StartDownloads, start.StartRemoved, start.StartAsOf = 90, 100, 12, hour(0)
		p.tell(told("model acme/a", 95, 50, 2, hour(-24)), start)
		p.wantCounts("model acme/a downloads=100 removed=12 last_month=50 likes=2 backdated=2 all_time=95")
		p.tell(told("model acme/a", 97, 50, 2, hour(24)))
		p.wantCounts("model acme/a downloads=107 removed=12 last_month=50 likes=2 backdated=2 all_time=97")
		p.wantRecords(history.RecordsQuery{}, "model acme/a 97 2025-05-31 1", "model acme/a 97 2025-06-01 1")
	}},

	{"another repository under the same name", func(p *probe) {
		listing := func(total int64, id string, asOf history.AsOf) history.RepoMeta {
			m := told("model acme/a", total, 500, 2, asOf)
			m.HubID = id
			return m
		}
		p.tell(listing(100, "a1", hour(0)))
		p.tell(listing(110, "a1", hour(24)))
		p.tell(listing(400, "b2", hour(48)))
		p.tell(listing(405, "b2", hour(72)))
		p.wantCounts("model acme/a downloads=115 removed=110 last_month=500 likes=2 backdated=400 all_time=405")
		p.wantRecords(history.RecordsQuery{}, "model acme/a 405 2025-06-01 10", "model acme/a 405 2025-06-03 5")
		p.wantReadings(history.ReadingsQuery{Period: between("2025-06-02", "2025-06-03")},
			"model acme/a 2025-06-02T00:00:00Z listing total=110 last_month=500 likes=2 id=a1",
			"model acme/a 2025-06-03T00:00:00Z listing total=400 last_month=500 likes=2 id=b2")
	}},

	{"a listing and an export on one day", func(p *probe) {
		p.add(published(3), "model acme/a 100 2025-05-20 7")
		p.tell(told("model acme/a", history.Unknown, 40, 3, hour(5)))
		p.wantCounts("model acme/a downloads=100 removed=0 last_month=40 likes=3")
		p.wantReadings(history.ReadingsQuery{}, "model acme/a 2025-06-01T03:00:00Z listing and export total=100 last_month=7 likes=?")
		p.tell(told("model acme/a", 101, 41, 4, hour(6)))
		p.wantCounts("model acme/a downloads=101 removed=0 last_month=41 likes=4")
		p.wantReadings(history.ReadingsQuery{},
			"model acme/a 2025-06-01T06:00:00Z listing and export total=101 last_month=41 likes=4 first=100@2025-06-01T03:00:00Z high=101,41")
	}},

	{"published days beat those that follow from readings", func(p *probe) {
		p.tell(told("model acme/a", 100, 50, 2, hour(0)))
		p.tell(told("model acme/a", 112, 50, 2, hour(72)))
		p.wantRecords(history.RecordsQuery{},
			"model acme/a 112 2025-06-01 4", "model acme/a 112 2025-06-02 4", "model acme/a 112 2025-06-03 4")
		p.add(published(80), "model acme/a 112 2025-06-02 2")
		p.wantRecords(history.RecordsQuery{},
			"model acme/a 112 2025-06-01 5", "model acme/a 112 2025-06-02 2", "model acme/a 112 2025-06-03 5")
		p.wantOverview(history.OverviewQuery{}, "type= org= repos=1 records=3 total=112 downloads=12 before=0")
	}},

	{"the order by what was removed", func(p *probe) {
		for i := range 5 {
			n := int64(i)
			p.tell(told("model acme/a", 100, 50, 2, hour(24*i)), told("model acme/b", 90-min(n, 1)*20, 50, 2, hour(24*i)),
				told("model acme/c", 1000-min(n, 1)*50, 50, 2, hour(24*i)))
		}
		all := history.ReposQuery{Sort: history.SortRemoved, Period: between("2025-05-01", "2025-05-02")}
		p.wantRepos(all,
			"model acme/c total=950 downloads=0 before=0 recorded=2025-06-02..2025-06-04 removed=50@2025-06-05T00:00:00Z",
			"model acme/b total=70 downloads=0 before=0 recorded=2025-06-02..2025-06-04 removed=20@2025-06-05T00:00:00Z",
			"model acme/a total=100 downloads=0 before=0 recorded=2025-06-01..2025-06-04")
		p.wantNames(history.ReposQuery{Sort: history.SortRemoved, Ascending: true}, "model acme/a", "model acme/b", "model acme/c")
		p.wantNames(history.ReposQuery{Sort: history.SortRemoved, Limit: 1, Offset: 1}, "model acme/b")
		// Of equals, by what was backdated.
		for i := range 3 {
			p.tell(told("model acme/d", 100+min(int64(i), 1)*500, 50, 2, hour(24*i)))
		}
		p.wantNames(history.ReposQuery{Sort: history.SortRemoved}, "model acme/c", "model acme/b", "model acme/d", "model acme/a")
	}},

	{"an older export changes nothing", func(p *probe) {
		p.add(published(5), "model acme/a 100 2024-01-01 10")
		p.wantChange(p.add(published(4), "model acme/a 70 2024-01-01 3"), isOutdated)
		p.wantRecords(history.RecordsQuery{}, "model acme/a 100 2024-01-01 10")
	}},

	{"many readings", func(p *probe) {
		var want []string
		n := p.sizes.readings
		for i := range n {
			p.tell(told("model acme/a", int64(1000+10*i), 300, 2, hour(24*i)))
			want = append(want, fmt.Sprintf("model acme/a %d %s 10", 990+10*n, hourDay+history.Day(i)))
		}
		p.wantRecords(history.RecordsQuery{}, want[:n-1]...)
		p.wantCounts(fmt.Sprintf("model acme/a downloads=%d removed=0 last_month=300 likes=2", 990+10*n))
		// A late one in between.
		p.addBatch(history.Batch{Readings: readings(history.NewReading(repo("model acme/a"), hour(24*7+1), history.Listing, 1073, 300, 3))})
		p.wantRecords(history.RecordsQuery{}, want[:n-1]...)
		p.wantReadings(history.ReadingsQuery{Period: between("2025-06-08", "2025-06-08")},
			"model acme/a 2025-06-08T01:00:00Z listing total=1073 last_month=300 likes=3 first=1070@2025-06-08T00:00:00Z high=1073,300")
	}},

	{"last month and likes are those of the newest listing", func(p *probe) {
		p.add(published(1), "model acme/a 100 2023-12-02 1", "model acme/a 100 2023-12-03 2", "model acme/a 100 2024-01-01 4")
		// Without a listing it is summed up: 30 days, the last recorded one among them.
		p.wantCounts("model acme/a downloads=100 removed=0 last_month=6 likes=?")
		p.tell(told("model acme/a", 110, 40, 3, hour(4)))
		p.wantCounts("model acme/a downloads=110 removed=0 last_month=40 likes=3")
		p.tell(told("model acme/a", 105, 41, 9, hour(2)))
		p.wantCounts("model acme/a downloads=110 removed=0 last_month=40 likes=3")
		p.tell(told("model acme/a", 110, 0, 0, hour(5)))
		p.wantCounts("model acme/a downloads=110 removed=0 last_month=0 likes=0")
		p.tell(told("model acme/a", 110, history.Unknown, history.Unknown, hour(6)))
		p.wantCounts("model acme/a downloads=110 removed=0 last_month=6 likes=?")
	}},
}
