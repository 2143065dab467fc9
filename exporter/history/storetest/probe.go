package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// probe feeds a store and checks its answers.
type probe struct {
	T
	sizes sizes
	store Store
	open  func() Store
}

func newProbe(t T, s sizes, open func() Store) *probe {
	return &probe{T: t, sizes: s, store: withGroups(open()), open: open}
}

// another returns a probe of another store, empty as well.
func (p *probe) another() *probe { return newProbe(p.T, p.sizes, p.open) }

// add appends record lines, all of one version.
func (p *probe) add(v history.Version, lines ...string) history.Change {
	p.Helper()
	return p.addBatch(history.Batch{Rows: stream(rows(v, lines...))})
}

// tell appends states.
func (p *probe) tell(states ...history.RepoMeta) history.Change {
	p.Helper()
	return p.addBatch(history.Batch{Meta: states})
}

func (p *probe) addBatch(b history.Batch) history.Change {
	p.Helper()
	c, err := p.store.Append(p.Context(), b)
	if err != nil {
		p.Fatalf("Append: %v", err)
	}
	return c
}

func (p *probe) wantChange(got, want history.Change) {
	p.Helper()
	if got != want {
		p.Errorf("change of an append:\nexpected %s\ngot      %s", changeText(want), changeText(got))
	}
}

func (p *probe) overview(q history.OverviewQuery) history.Overview {
	p.Helper()
	o, err := p.store.Overview(p.Context(), q)
	if err != nil {
		p.Fatalf("Overview(%+v): %v", q, err)
	}
	return o
}

// wantOverview compares the groups of an answer.
func (p *probe) wantOverview(q history.OverviewQuery, groups ...string) {
	p.Helper()
	p.sameLines(fmt.Sprintf("Overview(%+v)", q), overviewLines(p.overview(q))[1:], groups)
}

func (p *probe) reposPage(q history.ReposQuery) history.ReposPage {
	p.Helper()
	page, err := p.store.Repos(p.Context(), q)
	if err != nil {
		p.Fatalf("Repos(%+v): %v", q, err)
	}
	return page
}

// wantRepos compares the rows of a page.
func (p *probe) wantRepos(q history.ReposQuery, rows ...string) {
	p.Helper()
	p.sameLines(fmt.Sprintf("Repos(%+v)", q), reposLines(p.reposPage(q))[1:], rows)
}

// wantNames compares the names of the rows of a page, and Matched with their
// number unless the query pages.
func (p *probe) wantNames(q history.ReposQuery, names ...string) {
	p.Helper()
	page := p.reposPage(q)
	var got []string
	for _, r := range page.Rows {
		got = append(got, r.Repo.String())
	}
	p.sameLines(fmt.Sprintf("Repos(%+v)", q), got, names)
	if q.Limit == 0 && q.Offset == 0 && page.Matched != len(names) {
		p.Errorf("Repos(%+v): expected %d matched, got %d", q, len(names), page.Matched)
	}
}

// wantPeriod compares the days of the answers to a period, in both kinds of query.
func (p *probe) wantPeriod(period history.Period, f history.Filter, want string) {
	p.Helper()
	o := p.overview(history.OverviewQuery{Period: period, Filter: f})
	if got := periodText(o.Days, o.Before, o.HasBefore, o.Recorded); got != want {
		p.Errorf("Overview over %+v:\nexpected %s\ngot      %s", period, want, got)
	}
	r := p.reposPage(history.ReposQuery{Period: period, Filter: f})
	if got := periodText(r.Days, r.Before, r.HasBefore, r.Recorded); got != want {
		p.Errorf("Repos over %+v:\nexpected %s\ngot      %s", period, want, got)
	}
}

// records returns the answer to q and the versions of its records.
func (p *probe) records(q history.RecordsQuery) ([]history.Record, []history.Version) {
	p.Helper()
	r := streamReader{versions: q.Stored || q.Versions}
	for rows, err := range p.store.Records(p.Context(), q) {
		r.block(p.T, rows, err)
	}
	if r.err != nil {
		p.Fatalf("Records(%+v): %v", q, r.err)
	}
	return r.records, r.of
}

func (p *probe) wantRecords(q history.RecordsQuery, lines ...string) {
	p.Helper()
	got, versions := p.records(q)
	p.sameLines(fmt.Sprintf("Records(%+v)", q), versionedLines(got, versions), lines)
}

// versionedLines are record lines, each with its version if versions were told.
func versionedLines(records []history.Record, versions []history.Version) []string {
	lines := recordLines(records)
	for i, v := range versions {
		lines[i] += " " + versionText(v)
	}
	return lines
}

// counts returns what the metrics page shows of the repositories that f selects.
func (p *probe) counts(f history.Filter) []string {
	p.Helper()
	var lines []string
	for n, err := range p.store.Counts(p.Context(), f) {
		if err != nil {
			p.Fatalf("Counts(%+v): %v", f, err)
		}
		lines = append(lines, countsLine(n))
	}
	return lines
}

func (p *probe) wantCounts(lines ...string) {
	p.Helper()
	p.sameLines("Counts", p.counts(history.Filter{}), lines)
}

// wantEmpty checks that nothing is known.
func (p *probe) wantEmpty() {
	p.Helper()
	p.wantOverview(history.OverviewQuery{})
	p.wantNames(history.ReposQuery{})
	p.wantRecords(history.RecordsQuery{})
	p.wantCounts()
}

// readings returns the readings that q asks for.
func (p *probe) readings(q history.ReadingsQuery) []string {
	p.Helper()
	var lines []string
	for r, err := range p.store.Readings(p.Context(), q) {
		if err != nil {
			p.Fatalf("Readings(%+v): %v", q, err)
		}
		lines = append(lines, readingLine(r))
	}
	return lines
}

func (p *probe) wantReadings(q history.ReadingsQuery, lines ...string) {
	p.Helper()
	p.sameLines(fmt.Sprintf("Readings(%+v)", q), p.readings(q), lines)
}

// everything returns all answers about the whole history, to compare it with
// itself or with another.
func (p *probe) everything() []string {
	p.Helper()
	lines := overviewLines(p.overview(history.OverviewQuery{ByRepoType: true, ByOrg: true, Series: true}))
	repos := p.reposPage(history.ReposQuery{Sort: history.SortName, Trend: 20})
	lines = append(lines, reposLines(repos)...)
	for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
		lines = append(lines, versionedLines(p.records(history.RecordsQuery{Order: order, Stored: true}))...)
	}
	return append(append(lines, p.counts(history.Filter{})...), p.readings(history.ReadingsQuery{})...)
}

// sameLines compares an answer, line by line, and reports whether it is as expected.
func (p *probe) sameLines(what string, got, want []string) bool {
	p.Helper()
	if slices.Equal(got, want) {
		return true
	}
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	p.Errorf("%s: differs at line %d\nexpected %s\ngot      %s", what, i+1, excerpt(want, i), excerpt(got, i))
	return false
}

// excerpt quotes lines from i on, not too many.
func excerpt(lines []string, i int) string {
	const most = 8
	if i == len(lines) {
		return fmt.Sprintf("(end, %d lines in all)", len(lines))
	}
	s := strings.Join(lines[i:min(i+most, len(lines))], "\n         ")
	if more := len(lines) - i - most; more > 0 {
		s += fmt.Sprintf("\n         and %d more", more)
	}
	return s
}
