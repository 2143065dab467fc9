package wire

import (
	"fmt"
	"net/url"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	defaultLimit = 50
	// MaxLimit is the most rows of a page.
	MaxLimit = 100_000
	// MaxPoints bounds limit times trend: the points of all trends of a page.
	MaxPoints = 1_000_000
	maxOffset = 1<<31 - 1
)

// RecordsQuery asks for records in a format.
type RecordsQuery struct {
	history.RecordsQuery
	// Format is 0 where it is left to the header Accept.
	Format format.Format
}

// The parameters of the routes. A new parameter is a line here.
var (
	// NoParams is of routes without parameters.
	NoParams = Query[struct{}]{}

	// Overview is of OverviewRoute.
	Overview = append(selection(func(q *history.OverviewQuery) *history.Filter { return &q.Filter }),
		period(func(q *history.OverviewQuery) *history.Period { return &q.Period }),
		flag("series", func(q *history.OverviewQuery) *bool { return &q.Series }),
		field[history.OverviewQuery]{readGroupBy, writeGroupBy},
	)

	// Repos is of ReposRoute.
	Repos = append(selection(func(q *history.ReposQuery) *history.Filter { return &q.Filter }),
		period(func(q *history.ReposQuery) *history.Period { return &q.Period }),
		word("sort", history.SortDownloads, history.ParseSort, func(q *history.ReposQuery) *history.Sort { return &q.Sort }),
		field[history.ReposQuery]{readDirection, writeDirection},
		number("limit", defaultLimit, 1, MaxLimit, func(q *history.ReposQuery) *int { return &q.Limit }),
		number("offset", 0, 0, maxOffset, func(q *history.ReposQuery) *int { return &q.Offset }),
		number("trend", 0, 0, MaxPoints, func(q *history.ReposQuery) *int { return &q.Trend }),
		check(func(p *params, q *history.ReposQuery) {
			if most := MaxPoints / q.Limit; q.Trend > most {
				p.bad("trend", "expected at most %d, because limit times trend must not exceed %d, got %d with a limit of %d", most, MaxPoints, q.Trend, q.Limit)
			}
		}),
	)

	// Counts is of CountsRoute.
	Counts = selection(func(f *history.Filter) *history.Filter { return f })

	// Readings is of ReadingsRoute.
	Readings = append(selection(func(q *history.ReadingsQuery) *history.Filter { return &q.Filter }),
		period(func(q *history.ReadingsQuery) *history.Period { return &q.Period }),
	)

	// Records is of RecordsRoute.
	Records = append(selection(func(q *RecordsQuery) *history.Filter { return &q.Filter }),
		period(func(q *RecordsQuery) *history.Period { return &q.Period }),
		word("order", history.OrderTime, history.ParseOrder, func(q *RecordsQuery) *history.Order { return &q.Order }),
		flag("versions", func(q *RecordsQuery) *bool { return &q.Versions }),
		flag("stored", func(q *RecordsQuery) *bool { return &q.Stored }),
		word("format", format.Format(0), parseFormat, func(q *RecordsQuery) *format.Format { return &q.Format }),
	)
)

// parseFormat reads a format of files, or that of the client.
func parseFormat(s string) (format.Format, error) {
	if s == format.Rows.String() {
		return format.Rows, nil
	}
	return format.Parse(s)
}

func readGroupBy(p *params, q *history.OverviewQuery) {
	for _, by := range p.list("group_by") {
		switch by {
		case "repo_type":
			q.ByRepoType = true
		case "org":
			q.ByOrg = true
		case "group":
			q.ByGroup = true
		default:
			p.bad("group_by", "expected repo_type, org, group or several of them, got %s", textenc.Quote(by))
		}
	}
}

func writeGroupBy(v url.Values, q *history.OverviewQuery) {
	if q.ByRepoType {
		v.Add("group_by", "repo_type")
	}
	if q.ByOrg {
		v.Add("group_by", "org")
	}
	if q.ByGroup {
		v.Add("group_by", "group")
	}
}

// readDirection reads order, whose default depends on sort.
func readDirection(p *params, q *history.ReposQuery) {
	q.Ascending = parsed(p, "order", q.Sort == history.SortName, func(s string) (ascending bool, err error) {
		if s != "asc" && s != "desc" {
			err = fmt.Errorf("expected asc or desc, got %q", s)
		}
		return s == "asc", err
	})
}

func writeDirection(v url.Values, q *history.ReposQuery) {
	switch {
	case q.Ascending == (q.Sort == history.SortName):
	case q.Ascending:
		v.Set("order", "asc")
	default:
		v.Set("order", "desc")
	}
}
