package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// What random histories are made of: few of each, at the borders of whatever a
// store may cut days or names by.
var (
	randomNames = []history.Repo{
		repo("model acme/a"), repo("model acme/B"), repo("model acme/c"), repo("model legacy"), repo("model zeta/a.b"),
		repo("dataset acme/a"), repo("dataset acme/d"), repo("dataset legacy"), repo("kernel acme/a"),
	}
	randomDays = append(days("2024-01-01", 9),
		day("1970-01-01"), day("2023-10-05"), day("2023-12-03"), day("2023-12-31"),
		day("2024-02-29"), day("2024-03-01"), day("2024-03-15"), day("9999-12-31"))
	randomSearches = []string{"", "a", "A", "acme/", "B", "LEG", "/a.", "nothing"}
)

// hugeDay is the one day that may have a huge number, so that sums pass the largest
// int64 and differences do not.
var hugeDay = day("2024-01-01")

const hugeDownloads = 1 << 62

func days(from string, n int) []history.Day {
	out := make([]history.Day, n)
	for i := range out {
		out[i] = day(from) + history.Day(i)
	}
	return out
}

func pick[E any](rng *rand.Rand, from []E) E { return from[rng.IntN(len(from))] }

func oneOf(rng *rand.Rand, n int) bool { return rng.IntN(n) == 0 }

// randomInput is a batch that can be read more than once.
type randomInput struct {
	blocks []block
	states []history.RepoMeta
	reads  []history.Reading
	// contradicts says that the batch has two numbers of one version for one
	// repository and day.
	contradicts bool
}

func (b randomInput) batch() history.Batch {
	return history.Batch{Rows: stream(b.blocks...), Meta: b.states, Readings: readings(b.reads...)}
}

// String lists the batch, as messages show it.
func (b randomInput) String() string {
	var lines []string
	for _, bl := range b.blocks {
		for _, r := range bl.records {
			lines = append(lines, recordLine(r)+" "+versionText(bl.version))
		}
	}
	for _, s := range b.states {
		lines = append(lines, fmt.Sprintf("%+v", s))
	}
	for _, r := range b.reads {
		lines = append(lines, readingLine(r))
	}
	return strings.Join(lines, "\n")
}

// randomReading is mostly of days that rows may be of, and mostly grows with time.
func randomReading(rng *rand.Rand) history.Reading {
	day := pick(rng, randomDays)
	if oneOf(rng, 2) {
		day = hourDay + history.Day(rng.IntN(60)) - 50
	}
	day = max(day, history.Day(16000))
	asOf := history.AsOf(day)*24*hourMicros + history.AsOf(rng.IntN(4))*6*hourMicros
	total := int64(day-16000)*10 + rng.Int64N(20)
	switch rng.IntN(8) {
	case 0:
		total = history.Unknown
	case 1:
		total = rng.Int64N(100)
	}
	r := history.NewReading(pick(rng, randomNames), asOf, history.Archive<<rng.IntN(3), total, rng.Int64N(400)-1, rng.Int64N(4)-1)
	r.HubID = pick(rng, []string{"", "a1", "a1", "b2"})
	return r
}

func randomVersion(rng *rand.Rand) history.Version {
	source := history.Published
	if oneOf(rng, 3) {
		source = history.Estimated + history.Source(rng.IntN(2))
	}
	return history.Version{Source: source, AsOf: hour(rng.IntN(5))}
}

func randomTotal(rng *rand.Rand) int64 {
	switch rng.IntN(12) {
	case 0:
		return history.Unknown
	case 1:
		return hugeDownloads
	}
	return rng.Int64N(40)
}

// randomBatch returns a batch of rows, of states or of both.
func randomBatch(rng *rand.Rand) randomInput {
	var b randomInput
	totals := make(map[history.Repo]int64)
	for _, r := range randomNames {
		totals[r] = randomTotal(rng)
	}
	type key struct {
		repo    history.Repo
		day     history.Day
		version history.Version
	}
	numbers := make(map[key]int64)
	careless := oneOf(rng, 10)
	blocks := rng.IntN(3)
	for range blocks {
		v := randomVersion(rng)
		if careless && len(b.blocks) > 0 {
			v = b.blocks[0].version
		}
		bl := block{version: v, line: int64(2 + 100*len(b.blocks))}
		names := randomNames
		if oneOf(rng, 3) {
			names = names[rng.IntN(len(names)):][:1]
		}
		for range rng.IntN(20) {
			r := history.Record{Repo: pick(rng, names), Day: pick(rng, randomDays), Downloads: rng.Int64N(4)}
			r.Total = totals[r.Repo]
			if oneOf(rng, 8) {
				r.Downloads = rng.Int64N(1 << 40)
			}
			if r.Day == hugeDay && oneOf(rng, 6) {
				r.Downloads = hugeDownloads
			}
			k := key{r.Repo, r.Day, v}
			if n, ok := numbers[k]; ok && n != r.Downloads {
				if careless {
					b.contradicts = true
				} else {
					r.Downloads = n
				}
			}
			numbers[k] = r.Downloads
			bl.records = append(bl.records, r)
		}
		b.blocks = append(b.blocks, bl)
	}
	for range rng.IntN(12) {
		b.reads = append(b.reads, randomReading(rng))
	}
	for range rng.IntN(3) {
		s := history.NewRepoMeta(pick(rng, randomNames))
		if !oneOf(rng, 3) {
			s.Total, s.TotalAsOf = rng.Int64N(40), hour(rng.IntN(5))
		}
		if !oneOf(rng, 3) {
			s.LastMonth, s.Likes, s.HubID = rng.Int64N(3)-1, rng.Int64N(3)-1, pick(rng, []string{"", "a1", "b2"})
			s.ListedAsOf = hour(rng.IntN(5))
		}
		if oneOf(rng, 4) {
			s.GoneAsOf, s.MovedTo = hour(rng.IntN(5)), pick(rng, []string{"", "acme/c", "new/name"})
		}
		if oneOf(rng, 8) {
			s.StartTotal, s.StartAsOf = rng.Int64N(40), hour(rng.IntN(5))
			s.StartDownloads, s.StartRemoved = s.StartTotal+rng.Int64N(9), 9
		}
		b.states = append(b.states, s)
	}
	return b
}

func randomPeriod(rng *rand.Rand) history.Period {
	switch rng.IntN(4) {
	case 0:
		return allTime
	case 1:
		return lastMonth
	}
	end := func() history.Day {
		if oneOf(rng, 4) {
			return history.NoDay
		}
		return min(max(pick(rng, randomDays)+history.Day(rng.IntN(3)-1), history.MinDay), history.MaxDay)
	}
	from, to := end(), end()
	if from != history.NoDay && to != history.NoDay && from > to && !oneOf(rng, 5) {
		from, to = to, from
	}
	return history.RangeOf(from, to)
}

func randomFilter(rng *rand.Rand) history.Filter {
	var f history.Filter
	if oneOf(rng, 3) {
		f.RepoTypes = append(f.RepoTypes, pick(rng, randomNames).Type)
	}
	if oneOf(rng, 3) {
		f.Orgs = append(f.Orgs, pick(rng, randomNames).Org(), pick(rng, randomNames).Org())
	}
	if oneOf(rng, 4) {
		f.Repos = append(f.Repos, pick(rng, randomNames).Name, pick(rng, randomNames).Name)
	}
	if oneOf(rng, 3) {
		f.Search = pick(rng, randomSearches)
	}
	for oneOf(rng, 4) {
		f.Groups = append(f.Groups, pick(rng, testGroups).Name)
	}
	return f
}

func randomOverview(rng *rand.Rand) history.OverviewQuery {
	return history.OverviewQuery{
		Filter: randomFilter(rng), Period: randomPeriod(rng),
		ByRepoType: oneOf(rng, 2), ByOrg: oneOf(rng, 2), ByGroup: oneOf(rng, 4), Series: oneOf(rng, 2),
	}
}

func randomRepos(rng *rand.Rand) history.ReposQuery {
	q := history.ReposQuery{
		Filter: randomFilter(rng), Period: randomPeriod(rng),
		Sort: history.Sort(rng.IntN(5)), Ascending: oneOf(rng, 2),
	}
	if oneOf(rng, 2) {
		q.Limit, q.Offset = rng.IntN(5), rng.IntN(9)
	}
	if oneOf(rng, 2) {
		q.Trend = rng.IntN(12)
	}
	return q
}

func randomRecords(rng *rand.Rand) history.RecordsQuery {
	return history.RecordsQuery{
		Filter: randomFilter(rng), Period: randomPeriod(rng),
		Order: history.Order(rng.IntN(2)), Stored: oneOf(rng, 3), Versions: oneOf(rng, 3),
	}
}
