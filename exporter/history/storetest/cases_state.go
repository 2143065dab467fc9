package storetest

import "github.com/huggingface-exporter/huggingface_exporter/exporter/history"

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
		corrected := ""
		wantTotal := func(want string) {
			p.Helper()
			p.wantRecords(history.RecordsQuery{}, "model acme/a "+want+" 2024-01-01 5")
			p.wantRepos(history.ReposQuery{}, "model acme/a total="+want+" downloads=5 before=0 recorded=2024-01-01..2024-01-01"+corrected)
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
		corrected = " corrected=5@2025-06-01T06:00:00Z"
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
		p.add(published(1), "model acme/a 100 2024-01-01 5")
		p.wantCounts("model acme/a downloads=100 corrected=0 last_month=5 likes=?")
		p.wantChange(p.add(published(2), "model acme/a 80 2024-01-01 5"),
			history.Change{Records: 1, Repos: 1, Days: 1, Unchanged: 1, Corrected: 20})
		p.wantCounts("model acme/a downloads=100 corrected=20 last_month=5 likes=?")
		p.wantChange(p.add(published(3), "model acme/a 90 2024-01-01 5"), isUnchanged)
		p.wantCounts("model acme/a downloads=100 corrected=20 last_month=5 likes=?")
		p.wantChange(p.tell(told("model acme/a", 70, 4, 2, hour(4))), history.Change{Repos: 1, Corrected: 20})
		p.wantCounts("model acme/a downloads=100 corrected=40 last_month=4 likes=2")
		p.wantChange(p.tell(told("model acme/a", 130, 4, 2, hour(5))), history.Change{Repos: 1})
		p.wantCounts("model acme/a downloads=130 corrected=40 last_month=4 likes=2")
	}},

	{"a total that was higher once counts, however late it comes", func(p *probe) {
		p.add(published(5), "model acme/a 80 2024-01-01 5")
		p.wantChange(p.add(published(1), "model acme/a 100 2024-01-01 5"), isUnchanged)
		p.wantCounts("model acme/a downloads=100 corrected=0 last_month=5 likes=?")
	}},

	{"corrections of days", func(p *probe) {
		p.add(published(1), "model acme/a 100 2024-01-01 10", "model acme/a 100 2024-01-02 20")
		// A day fell by 4, another rose by 1.
		c := p.add(published(2), "model acme/a 100 2024-01-01 6", "model acme/a 100 2024-01-02 21")
		p.wantChange(c, history.Change{Records: 2, Repos: 1, Days: 2, Changed: 2, Corrected: 3})
		p.wantCounts("model acme/a downloads=100 corrected=3 last_month=27 likes=?")
		// Replayed, it is known.
		c = p.add(published(2), "model acme/a 100 2024-01-01 6", "model acme/a 100 2024-01-02 21")
		p.wantChange(c, history.Change{Records: 2, Repos: 1, Days: 2, Unchanged: 2})
		// What rose is no correction, nor does it make up for an earlier one.
		c = p.add(published(3), "model acme/a 100 2024-01-01 9")
		p.wantChange(c, isChanged)
		p.wantCounts("model acme/a downloads=100 corrected=3 last_month=30 likes=?")
		// A new day is no rise of another.
		c = p.add(published(4), "model acme/a 100 2024-01-02 20", "model acme/a 100 2024-01-03 50")
		p.wantChange(c, history.Change{Records: 2, Repos: 1, Days: 2, New: 1, Changed: 1, Corrected: 1})
	}},

	{"a fall of the total and of the days is counted once", func(p *probe) {
		p.add(published(1), "model acme/a 100 2024-01-01 10", "model acme/b 100 2024-01-01 10")
		c := p.add(published(2), "model acme/a 97 2024-01-01 3", "model acme/b 92 2024-01-01 9")
		p.wantChange(c, history.Change{Records: 2, Repos: 2, Days: 1, Changed: 2, Corrected: 7 + 8})
		p.wantCounts(
			"model acme/a downloads=100 corrected=7 last_month=3 likes=?",
			"model acme/b downloads=100 corrected=8 last_month=9 likes=?")
	}},

	{"when a repository was corrected", func(p *probe) {
		all := history.ReposQuery{Sort: history.SortCorrected}
		first := func(want string) {
			p.Helper()
			p.wantRepos(history.ReposQuery{Filter: history.Filter{Repos: []string{"acme/a"}}, Period: between("2024-01-09", "")},
				"model acme/a total="+want)
		}
		p.add(published(1), "model acme/a 100 2024-01-01 10", "model acme/b 50 2024-01-01 10", "model acme/c 50 2024-01-01 10")
		first("100 downloads=0 before=0 recorded=2024-01-01..2024-01-01")
		p.wantNames(all, "model acme/a", "model acme/b", "model acme/c")
		// A total that fell, then a day, then both at different ages.
		p.tell(told("model acme/a", 98, 4, 2, hour(2)))
		first("98 downloads=0 before=0 recorded=2024-01-01..2024-01-01 corrected=2@2025-06-01T02:00:00Z")
		p.add(published(3), "model acme/a 98 2024-01-01 7", "model acme/a 98 2024-01-02 7", "model acme/c 45 2024-01-01 10")
		first("98 downloads=0 before=0 recorded=2024-01-01..2024-01-02 corrected=5@2025-06-01T03:00:00Z")
		p.addBatch(history.Batch{
			Rows: stream(rows(published(4), "model acme/a ? 2024-01-01 1", "model acme/a ? 2024-01-02 9")),
			Meta: []history.RepoMeta{told("model acme/a", 97, 4, 2, hour(5))},
		})
		first("97 downloads=0 before=0 recorded=2024-01-01..2024-01-02 corrected=9@2025-06-01T05:00:00Z")
		// What rises, what is older and what is told again is no correction.
		p.add(published(6), "model acme/a 120 2024-01-01 5")
		p.add(published(2), "model acme/a 60 2024-01-01 0")
		p.add(published(7), "model acme/a 120 2024-01-01 5")
		// Days that fell and rose by as much are none either.
		p.add(published(8), "model acme/a 120 2024-01-01 4", "model acme/a 120 2024-01-02 10")
		first("120 downloads=0 before=0 recorded=2024-01-01..2024-01-02 corrected=9@2025-06-01T05:00:00Z")
		// Who observes totals may tell of corrections that a store cannot see.
		s := told("model acme/b", 60, 4, 2, hour(9))
		s.Corrected, s.CorrectedAsOf = 20, hour(8)
		p.tell(s)
		p.wantRepos(all,
			"model acme/b total=60 downloads=10 before=0 recorded=2024-01-01..2024-01-01 corrected=20@2025-06-01T08:00:00Z",
			"model acme/a total=120 downloads=14 before=0 recorded=2024-01-01..2024-01-02 corrected=9@2025-06-01T05:00:00Z",
			"model acme/c total=45 downloads=10 before=0 recorded=2024-01-01..2024-01-01 corrected=5@2025-06-01T03:00:00Z")
		p.wantNames(history.ReposQuery{Sort: history.SortCorrected, Ascending: true}, "model acme/c", "model acme/a", "model acme/b")
		p.wantNames(history.ReposQuery{Sort: history.SortCorrected, Limit: 1, Offset: 1}, "model acme/a")
	}},

	{"what was observed is no correction when it is published", func(p *probe) {
		p.add(observed(1), "model acme/a ? 2024-01-01 10")
		p.add(estimated(1), "model acme/a ? 2024-01-02 10")
		c := p.add(published(2), "model acme/a 5 2024-01-01 3", "model acme/a 5 2024-01-02 2")
		p.wantChange(c, history.Change{Records: 2, Repos: 1, Days: 2, Changed: 2})
	}},

	{"an older export corrects nothing", func(p *probe) {
		p.add(published(5), "model acme/a 100 2024-01-01 10")
		p.wantChange(p.add(published(4), "model acme/a 70 2024-01-01 3"), isOutdated)
		p.wantCounts("model acme/a downloads=100 corrected=0 last_month=10 likes=?")
	}},

	{"last month and likes are those of the newest listing", func(p *probe) {
		p.add(published(1), "model acme/a 100 2023-12-02 1", "model acme/a 100 2023-12-03 2", "model acme/a 100 2024-01-01 4")
		// Without a listing it is summed up: 30 days, the last recorded one among them.
		p.wantCounts("model acme/a downloads=100 corrected=0 last_month=6 likes=?")
		p.tell(told("model acme/a", 110, 40, 3, hour(4)))
		p.wantCounts("model acme/a downloads=110 corrected=0 last_month=40 likes=3")
		p.tell(told("model acme/a", 105, 41, 9, hour(2)))
		p.wantCounts("model acme/a downloads=110 corrected=0 last_month=40 likes=3")
		p.tell(told("model acme/a", 110, 0, 0, hour(5)))
		p.wantCounts("model acme/a downloads=110 corrected=0 last_month=0 likes=0")
		p.tell(told("model acme/a", 110, history.Unknown, history.Unknown, hour(6)))
		p.wantCounts("model acme/a downloads=110 corrected=0 last_month=6 likes=?")
	}},
}
