package storetest

import (
	"fmt"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// manyRecords returns more records than fit some blocks, with gaps, in OrderRepo.
func manyRecords() []history.Record {
	var out []history.Record
	for n := range 30 {
		r := history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/%02d", n)}
		if n >= 20 {
			r.Type = history.Dataset
		}
		for i := range 700 {
			if (i+n)%7 == 3 || i < 10*n {
				continue
			}
			d := day("2022-01-01") + history.Day(i)
			out = append(out, history.Record{Repo: r, Total: int64(n) * 1000, Day: d, Downloads: int64(i * n % 50)})
		}
	}
	return out
}

func byTime(a, b history.Record) int {
	if a.Day != b.Day {
		return int(a.Day) - int(b.Day)
	}
	return a.Repo.Compare(b.Repo)
}

var recordsCases = []testCase{
	{"both orders", func(p *probe) {
		const (
			modelA1 = "model acme/a 10 2024-01-01 1"
			modelA2 = "model acme/a 10 2024-01-02 2"
			modelB1 = "model acme/B 20 2024-01-01 4"
			dataA1  = "dataset acme/a 160 2024-01-01 32"
			dataA2  = "dataset acme/a 160 2024-01-03 16"
			kernel  = "kernel acme/a 640 2023-12-31 128"
		)
		p.add(published(1), dataA2, modelA2, kernel, modelB1, dataA1, modelA1)
		p.wantRecords(history.RecordsQuery{Order: history.OrderTime},
			kernel, modelB1, modelA1, dataA1, modelA2, dataA2)
		p.wantRecords(history.RecordsQuery{Order: history.OrderRepo},
			modelB1, modelA1, modelA2, dataA1, dataA2, kernel)
	}},

	{"periods of records", func(p *probe) {
		lines := []string{
			"model acme/a 9 2023-11-01 1",
			"model acme/a 9 2023-12-02 2",
			"model acme/a 9 2023-12-31 3",
			"model acme/a 9 2024-01-01 4",
		}
		p.add(published(1), lines...)
		f := func(period history.Period, want ...string) {
			p.Helper()
			for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
				p.wantRecords(history.RecordsQuery{Period: period, Order: order}, want...)
			}
		}
		f(allTime, lines...)
		f(lastMonth, lines[2:]...) // from 2023-12-03 on
		f(between("2023-12-02", "2023-12-31"), lines[1:3]...)
		f(between("2023-12-03", "2023-12-30"))
		f(between("2023-12-31", ""), lines[2:]...)
		f(between("", "2023-12-02"), lines[:2]...)
		f(between("", ""), lines...)
		f(between("1970-01-01", "9999-12-31"), lines...)
		f(between("2024-01-02", "9999-12-31"))
		f(between("2024-01-01", "2023-11-01"))
	}},

	{"versions of records", func(p *probe) {
		p.add(published(2), "model acme/a 9 2024-01-01 1", "model acme/a 9 2024-01-02 2")
		p.add(published(3), "model acme/a 9 2024-01-02 3", "model acme/b 9 2024-01-01 4")
		p.add(observed(4), "model acme/a ? 2024-01-03 5")
		p.add(estimated(4), "model acme/a ? 2024-01-04 6")
		versions := []string{
			"model acme/a ? 2024-01-01 1 " + versionText(published(2)),
			"model acme/b ? 2024-01-01 4 " + versionText(published(3)),
			"model acme/a ? 2024-01-02 3 " + versionText(published(3)),
			"model acme/a ? 2024-01-03 5 " + versionText(observed(4)),
			"model acme/a ? 2024-01-04 6 " + versionText(estimated(4)),
		}
		p.wantRecords(history.RecordsQuery{Stored: true}, versions...)
		p.wantRecords(history.RecordsQuery{Stored: true, Order: history.OrderRepo},
			versions[0], versions[2], versions[3], versions[4], versions[1])
		p.wantRecords(history.RecordsQuery{Stored: true, Filter: history.Filter{Search: "/b"}, Period: lastMonth}, versions[1])
	}},

	{"ages to the microsecond", func(p *probe) {
		older := history.Version{Source: history.Published, AsOf: hour(1) + 1}
		newer := history.Version{Source: history.Published, AsOf: hour(1) + 2}
		p.add(older, "model acme/a 9 2024-01-01 1", "model acme/a 9 2024-01-02 1")
		p.wantChange(p.add(newer, "model acme/a 9 2024-01-02 2"), isChanged)
		p.wantChange(p.add(older, "model acme/a 9 2024-01-02 3"), isOutdated)
		p.wantRecords(history.RecordsQuery{Stored: true},
			"model acme/a ? 2024-01-01 1 "+versionText(older),
			"model acme/a ? 2024-01-02 2 "+versionText(newer))
	}},

	{"many records", func(p *probe) {
		records := manyRecords()
		shuffled := slices.Clone(records)
		for i := range shuffled { // any order will do
			j := i * 7919 % len(shuffled)
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		}
		c := p.addBatch(history.Batch{Rows: history.RowsOf(published(1), shuffled...)})
		p.wantChange(c, history.Change{Records: int64(len(records)), Repos: 30, Days: 699, New: int64(len(records))})

		p.wantRecords(history.RecordsQuery{Order: history.OrderRepo}, recordLines(records)...)
		slices.SortFunc(records, byTime)
		p.wantRecords(history.RecordsQuery{}, recordLines(records)...)

		spring := between("2022-03-01", "2022-05-31")
		records = slices.DeleteFunc(records, func(r history.Record) bool {
			return r.Day < spring.From || r.Day > spring.To || r.Repo.Type != history.Dataset
		})
		p.wantRecords(history.RecordsQuery{Period: spring, Filter: history.Filter{RepoTypes: []history.RepoType{history.Dataset}}},
			recordLines(records)...)
	}},

	{"what comes out goes in again", func(p *probe) {
		p.add(published(1), sixRows...)
		p.add(published(2), "model acme/a 50 2024-01-01 10", "model acme/a 50 2024-01-02 0")
		p.add(observed(3), "model acme/a ? 2024-01-02 9", "model acme/a ? 2024-01-04 9")
		want := p.everything()
		for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
			q := history.RecordsQuery{Order: order, Stored: true}
			other := p.another()
			meta := func(store Store) (out []history.RepoMeta) {
				for m, err := range store.Meta(p.Context(), history.MetaQuery{}) {
					if err != nil {
						p.Fatalf("Meta: %v", err)
					}
					out = append(out, m)
				}
				return out
			}
			copied := func(from Store) history.Batch {
				return history.Batch{Rows: from.Records(p.Context(), q), Meta: meta(from), Readings: from.Readings(p.Context(), history.ReadingsQuery{})}
			}
			c := other.addBatch(copied(p.store))
			p.wantChange(c, history.Change{Records: 9, Repos: 3, Days: 9, New: 9})
			p.sameLines("a copy of the history", other.everything(), want)
			c = other.addBatch(copied(other.store))
			p.wantChange(c, history.Change{Records: 9, Repos: 3, Days: 9, Unchanged: 9})
			p.sameLines("a history appended to itself", other.everything(), want)
		}
	}},
}
