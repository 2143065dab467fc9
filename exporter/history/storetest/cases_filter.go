package storetest

import (
	"fmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// wantSelected checks that a filter selects the same repositories in every kind of
// query: those of records, in the order of Repo.Compare.
func (p *probe) wantSelected(f history.Filter, records ...string) {
	p.Helper()
	p.wantRecords(history.RecordsQuery{Filter: f, Order: history.OrderRepo}, records...)
	want := make(map[history.Repo]int64)
	var downloads, total int64
	for _, line := range records {
		r := record(line)
		if _, ok := want[r.Repo]; !ok {
			total += r.Total
		}
		want[r.Repo] += r.Downloads
		downloads += r.Downloads
	}
	page := p.reposPage(history.ReposQuery{Filter: f})
	if page.Matched != len(want) || len(page.Rows) != len(want) {
		p.Errorf("%+v: expected %d repositories, got %d and %d matched", f, len(want), len(page.Rows), page.Matched)
	}
	for _, r := range page.Rows {
		if n, ok := want[r.Repo]; !ok || n != r.Downloads {
			p.Errorf("%+v: unexpected row %+v", f, r)
		}
	}
	var groups []string
	if len(want) > 0 {
		groups = append(groups, fmt.Sprintf("type= org= repos=%d records=%d total=%d downloads=%d before=0",
			len(want), len(records), total, downloads))
	}
	p.wantOverview(history.OverviewQuery{Filter: f}, groups...)
}

var filterCases = []testCase{
	{"filters", func(p *probe) {
		const (
			bert      = "model acme/Bert-Large.v1 10 2024-01-01 1"
			news      = "model acme/news 20 2024-01-01 2"
			gpt2      = "model gpt2 40 2024-01-02 4"
			bertOther = "model other/my_bert 80 2024-01-01 8"
			newsData  = "dataset acme/news 160 2024-01-03 16"
			squad     = "dataset squad 320 2024-01-01 32"
			flash     = "kernel acme/flash 640 2024-01-02 64"
		)
		p.add(published(1), squad, flash, gpt2, news, bert, newsData, bertOther)
		f := p.wantSelected
		f(history.Filter{}, bert, news, gpt2, bertOther, newsData, squad, flash)

		f(history.Filter{RepoTypes: []history.RepoType{"dataset"}}, newsData, squad)
		f(history.Filter{RepoTypes: []history.RepoType{"kernel", "model"}}, bert, news, gpt2, bertOther, flash)
		f(history.Filter{RepoTypes: []history.RepoType{"space"}})
		f(history.Filter{RepoTypes: []history.RepoType{"model", "model"}}, bert, news, gpt2, bertOther)

		f(history.Filter{Orgs: []string{"acme"}}, bert, news, newsData, flash)
		f(history.Filter{Orgs: []string{"ACME"}})
		f(history.Filter{Orgs: []string{"acm"}})
		// Legacy names are those without an organization.
		f(history.Filter{Orgs: []string{""}}, gpt2, squad)
		f(history.Filter{Orgs: []string{"", "other"}}, gpt2, bertOther, squad)
		f(history.Filter{Orgs: []string{"gpt2"}})

		// A model and a dataset may share a name.
		f(history.Filter{Repos: []string{"acme/news"}}, news, newsData)
		f(history.Filter{Repos: []string{"squad", "acme/news", "no/such"}}, news, newsData, squad)
		f(history.Filter{Repos: []string{"news"}})
		f(history.Filter{Repos: []string{"acme/News"}})
		f(history.Filter{RepoTypes: []history.RepoType{"dataset"}, Repos: []string{"acme/news"}}, newsData)

		// The search ignores case, looks at the full name, and takes every letter as it is.
		f(history.Filter{Search: "bert"}, bert, bertOther)
		f(history.Filter{Search: "BERT-l"}, bert)
		f(history.Filter{Search: "cme/N"}, news, newsData)
		f(history.Filter{Search: "OTHER"}, bertOther)
		f(history.Filter{Search: "large.V"}, bert)
		f(history.Filter{Search: "y_b"}, bertOther)
		for _, pattern := range []string{"b.rt", "b%t", "n_ws", "bert*", "^acme", "(", "[a", "\\", "model", "'", "{"} {
			f(history.Filter{Search: pattern})
		}

		f(history.Filter{RepoTypes: []history.RepoType{"model"}, Orgs: []string{"acme"}, Search: "news"}, news)
		f(history.Filter{Orgs: []string{"other", "acme"}, Search: "bert"}, bert, bertOther)
		f(history.Filter{Orgs: []string{"other"}, Repos: []string{"acme/news"}})
		f(history.Filter{Repos: []string{"acme/news", "squad"}, Search: "s"}, news, newsData, squad)

		f(history.Filter{Groups: []string{"bert"}}, bert, bertOther)
		f(history.Filter{Groups: []string{"acme"}}, bert, news, newsData, squad, flash)
		f(history.Filter{Groups: []string{"acme", "bert", "acme"}}, bert, news, bertOther, newsData, squad, flash)
		f(history.Filter{Groups: []string{"none"}})
		f(history.Filter{Groups: []string{"acme"}, RepoTypes: []history.RepoType{"dataset"}}, newsData, squad)
		f(history.Filter{Groups: []string{"bert"}, Orgs: []string{"other"}, Search: "MY"}, bertOther)
		f(history.Filter{Groups: []string{"datasets", "bert"}, Repos: []string{"acme/news", "other/my_bert"}}, bertOther, newsData)

		p.wantOverview(history.OverviewQuery{ByGroup: true},
			"group=acme type= org= repos=5 records=5 total=1150 downloads=115 before=0",
			"group=bert type= org= repos=2 records=2 total=90 downloads=9 before=0",
			"group=datasets type= org= repos=2 records=2 total=480 downloads=48 before=0",
			"all repos=7 downloads=127")
		p.wantOverview(history.OverviewQuery{ByGroup: true, ByOrg: true, Filter: history.Filter{Groups: []string{"datasets", "bert"}}},
			"group=bert type= org=acme repos=1 records=1 total=10 downloads=1 before=0",
			"group=bert type= org=other repos=1 records=1 total=80 downloads=8 before=0",
			"group=datasets type= org= repos=1 records=1 total=320 downloads=32 before=0",
			"group=datasets type= org=acme repos=1 records=1 total=160 downloads=16 before=0",
			"all repos=4 downloads=57")
	}},

	{"a filter and a period", func(p *probe) {
		quarter(p)
		f := history.Filter{Search: "OLD"}
		p.wantRecords(history.RecordsQuery{Filter: f, Period: between("2024-03-01", "")}, "dataset acme/old 700 2024-03-05 600")
		p.wantRepos(history.ReposQuery{Filter: f, Period: between("2024-03-01", "2024-03-31")},
			"dataset acme/old total=700 downloads=600 before=100 recorded=2024-02-20..2024-03-05")
		// A repository without a record in the period is selected nevertheless.
		p.wantRepos(history.ReposQuery{Filter: f, Period: between("2024-01-01", "2024-01-31")},
			"dataset acme/old total=700 downloads=0 before=0 recorded=2024-02-20..2024-03-05")
	}},
}
