package api

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// defaultLimit and maxLimit are of the rows of a page.
	defaultLimit = 50
	maxLimit     = 100_000
	// maxPoints bounds limit times trend: the points of all trends of a page.
	maxPoints = 1_000_000
	maxOffset = 1<<31 - 1
)

// Each query is read by a function readX and written, for the client, by writeX.
// What is written is read as the same query.

func readFilter(p *params) history.Filter {
	var f history.Filter
	for _, t := range p.list("repo_type") {
		if t == "" {
			p.bad("repo_type", `expected a repo type like model, got ""`)
		}
		f.RepoTypes = append(f.RepoTypes, history.RepoType(t))
	}
	f.Orgs = p.list("org") // "" is that of legacy names
	f.Repos = p.list("repo")
	for _, r := range f.Repos {
		if r == "" {
			p.bad("repo", `expected a full name like org/name, got ""`)
		}
	}
	f.Search, _ = p.single("search")
	return f
}

func writeFilter(v url.Values, f history.Filter) {
	for _, t := range f.RepoTypes {
		v.Add("repo_type", escapeItem(string(t)))
	}
	for _, o := range f.Orgs {
		v.Add("org", escapeItem(o))
	}
	for _, r := range f.Repos {
		v.Add("repo", escapeItem(r))
	}
	if f.Search != "" {
		v.Set("search", f.Search)
	}
}

// noPeriod is the value of period that stands for noDays.
const noPeriod = "none"

// noDays is a period of no day: what is left is what does not depend on days.
var noDays = history.RangeOf(history.MinDay+1, history.MinDay)

// inverted reports whether a range ends before it begins.
func inverted(p history.Period) bool {
	return p.Kind == history.Range && p.From != history.NoDay && p.To != history.NoDay && p.To < p.From
}

func readPeriod(p *params) history.Period {
	days := history.RangeOf(p.day("from"), p.day("to"))
	open := history.RangeOf(history.NoDay, history.NoDay)
	period := history.Period{}
	if days != open {
		period = days
	}
	period = parsed(p, "period", period, func(s string) (history.Period, error) {
		if s == noPeriod {
			return noDays, nil
		}
		kind, err := history.ParsePeriodKind(s)
		if err != nil {
			return noDays, fmt.Errorf("expected all_time, last_month, range or none, got %q", s)
		}
		if kind == history.Range {
			return days, nil
		}
		return history.Period{Kind: kind}, nil
	})
	if days != open && period != days {
		given, _ := p.single("period")
		p.bad("period", "expected range, or no period, beside from and to, got %q", given)
	}
	if inverted(days) {
		p.bad("from", "expected a day not after to, which is %s, got %q", days.To, days.From)
	}
	return period
}

func writePeriod(v url.Values, p history.Period) {
	switch {
	case p.Kind == history.AllTime:
		return
	case inverted(p):
		// The API takes it for a mistake; to a Store it is a range of no day.
		v.Set("period", noPeriod)
		return
	}
	v.Set("period", p.Kind.String())
	if p.Kind != history.Range {
		return
	}
	if p.From != history.NoDay {
		v.Set("from", p.From.String())
	}
	if p.To != history.NoDay {
		v.Set("to", p.To.String())
	}
}

func readOverview(p *params) history.OverviewQuery {
	q := history.OverviewQuery{Filter: readFilter(p), Period: readPeriod(p), Series: p.flag("series")}
	for _, by := range p.list("group_by") {
		switch by {
		case "repo_type":
			q.ByRepoType = true
		case "org":
			q.ByOrg = true
		default:
			p.bad("group_by", "expected repo_type, org or both, got %s", quote(by))
		}
	}
	return q
}

func writeOverview(q history.OverviewQuery) url.Values {
	v := make(url.Values)
	writeFilter(v, q.Filter)
	writePeriod(v, q.Period)
	if q.Series {
		v.Set("series", "true")
	}
	if q.ByRepoType {
		v.Add("group_by", "repo_type")
	}
	if q.ByOrg {
		v.Add("group_by", "org")
	}
	return v
}

func readRepos(p *params) history.ReposQuery {
	q := history.ReposQuery{
		Filter: readFilter(p),
		Period: readPeriod(p),
		Sort:   parsed(p, "sort", history.SortDownloads, history.ParseSort),
		Limit:  p.number("limit", defaultLimit, 1, maxLimit),
		Offset: p.number("offset", 0, 0, maxOffset),
		Trend:  p.number("trend", 0, 0, maxPoints),
	}
	q.Ascending = parsed(p, "order", q.Sort == history.SortName, parseDirection)
	if q.Trend > maxPoints/q.Limit {
		p.bad("trend", "expected at most %d, for limit times trend may be %d, got %d with a limit of %d",
			maxPoints/q.Limit, maxPoints, q.Trend, q.Limit)
	}
	return q
}

func writeRepos(q history.ReposQuery) url.Values {
	v := make(url.Values)
	writeFilter(v, q.Filter)
	writePeriod(v, q.Period)
	v.Set("sort", q.Sort.String())
	v.Set("order", "desc")
	if q.Ascending {
		v.Set("order", "asc")
	}
	v.Set("limit", strconv.Itoa(q.Limit))
	v.Set("offset", strconv.Itoa(q.Offset))
	if q.Trend != 0 {
		v.Set("trend", strconv.Itoa(q.Trend))
	}
	return v
}

// parseDirection reads asc or desc and reports whether it is asc.
func parseDirection(s string) (ascending bool, err error) {
	switch s {
	case "asc":
		return true, nil
	case "desc":
		return false, nil
	}
	return false, fmt.Errorf("expected asc or desc, got %q", s)
}

func readRecords(p *params) history.RecordsQuery {
	return history.RecordsQuery{
		Filter: readFilter(p),
		Period: readPeriod(p),
		Order:  parsed(p, "order", history.OrderTime, history.ParseOrder),

		Versions: p.flag("versions"),
	}
}

func writeRecords(q history.RecordsQuery) url.Values {
	v := make(url.Values)
	writeFilter(v, q.Filter)
	writePeriod(v, q.Period)
	v.Set("order", q.Order.String())
	if q.Versions {
		v.Set("versions", "true")
	}
	return v
}
