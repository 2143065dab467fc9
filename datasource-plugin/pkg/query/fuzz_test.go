package query

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// FuzzDecode reads anything as a query: it is refused with an *Error, or it is a
// query that frames can answer without checking it again.
func FuzzDecode(f *testing.F) {
	for _, dir := range []string{"valid", "invalid"} {
		for _, e := range readExamples(f, dir) {
			a := e.asked(f)
			f.Add(string(a.JSON), a.QueryType, int64(a.Interval), a.MaxDataPoints, a.TimeRange.From.Unix(), a.TimeRange.To.Unix())
		}
	}
	f.Add(`{"queryType":"repos","queryType":"repos"}`, "", int64(0), int64(-1), int64(1)<<62, int64(1)<<62)
	f.Fuzz(func(t *testing.T, text, queryType string, interval, points, from, to int64) {
		q, err := Decode(backend.DataQuery{
			QueryType: queryType, JSON: []byte(text), Interval: time.Duration(interval), MaxDataPoints: points,
			TimeRange: backend.TimeRange{From: time.Unix(from, 0), To: time.Unix(to, 0)},
		})
		if err != nil {
			checkIsFault(t, err)
			return
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("decoded what is no JSON")
		}
		checkFilter(t, q.Base().Filter)
		checkDays(t, q.Base())
		checkRanges(t, q)
	})
}

// FuzzDecodeURL reads anything as the parameters of the CSV link.
func FuzzDecodeURL(f *testing.F) {
	for _, s := range []string{
		"", "repo_type=model,dataset&org=openai&org=&repo=openai/whisper&search=Whi&period=last_month&order=repo&sep=%3B&bom=true",
		"var-org=$__all&var-datasource=hub&from=1611273600000&to=1613779200000", "from=2021-01-22&to=2021-01-22",
		"from=2021-01-22T00:00:00.000Z", "to=-9223372036854775808", `repo=a\,b,c\\d`, "org=${org}", "%zz", "=", "a;b", "period=time_range",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, rawQuery string) {
		if _, err := DecodeLookup(rawQuery); err != nil {
			checkIsFault(t, err)
		}
		q, options, err := DecodeURL(rawQuery)
		if err != nil {
			checkIsFault(t, err)
			return
		}
		checkFilter(t, q.Filter)
		checkDays(t, q.Common)
		if q.Type != TypeExport || q.Limit != 0 {
			t.Errorf("expected an export without a limit, got %+v", q)
		}
		if !slices.Contains([]rune{',', ';', '\t'}, options.Separator) {
			t.Errorf("expected a separator, got %q", options.Separator)
		}
	})
}

func checkIsFault(t *testing.T, err error) {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) {
		t.Fatalf("expected an *Error, got %T: %s", err, err)
	}
	if fault.Message == "" || len(fault.Message) > 4*maxText || len(fault.Field) > 80+10 {
		t.Errorf("expected a message of some length, got %d bytes for field %s: %s", len(fault.Message), fault.Field, fault.Message)
	}
}

func checkFilter(t *testing.T, f history.Filter) {
	t.Helper()
	if slices.Contains(f.RepoTypes, "") || slices.Contains(f.Repos, "") {
		t.Errorf("an empty name in %+v", f)
	}
	names := slices.Concat(f.Orgs, f.Repos)
	for _, n := range f.RepoTypes {
		names = append(names, string(n))
	}
	for _, n := range names {
		if len(n) > history.MaxNameBytes || n == all || hint(n) != "" {
			t.Errorf("expected names, got %q", n)
		}
	}
	if len(f.Search) > maxText || len(f.RepoTypes) > maxItems || len(f.Orgs) > maxItems || len(f.Repos) > maxItems {
		t.Errorf("a filter out of its bounds: %+v", f)
	}
}

func checkDays(t *testing.T, q Common) {
	t.Helper()
	days := q.Days()
	if days.Kind != history.Range {
		return
	}
	for _, d := range []history.Day{days.From, days.To} {
		if d != history.NoDay && (d < history.MinDay || d > history.MaxDay) {
			t.Errorf("day %d is none that a record can have", d)
		}
	}
	if days.From != history.NoDay && days.To != history.NoDay && days.To < days.From {
		t.Errorf("expected days in their order, got %s to %s", days.From, days.To)
	}
}

// checkRanges checks what a decoded query of each type promises.
func checkRanges(t *testing.T, q Query) {
	t.Helper()
	within := func(what string, v, least, most int64) {
		t.Helper()
		if v < least || v > most {
			t.Errorf("expected %s from %d to %d, got %+v", what, least, most, q)
		}
	}
	words := func(period Period, intervals bool, interval Interval) {
		t.Helper()
		if !slices.Contains([]Period{TimeRange, AllTime, LastMonth}, period) {
			t.Errorf("expected a period, got %+v", q)
		}
		if intervals != slices.Contains([]Interval{Daily, Week, Month}, interval) {
			t.Errorf("expected an interval in time series alone, got %+v", q)
		}
	}
	switch q := q.(type) {
	case Overview:
		words(q.Period, q.Format == TimeSeries, q.Interval)
	case Repos:
		words(q.Period, q.Format == TimeSeries, q.Interval)
		if q.Format == TimeSeries {
			within("limit", int64(q.Limit), 1, 500)
			break
		}
		within("limit", int64(q.Limit), 1, 10_000)
		within("offset", int64(q.Offset), 0, maxOffset)
		within("trend", int64(q.Trend), 0, 400)
	case Export:
		words(q.Period, false, "")
		within("limit", int64(q.Limit), 1, 1_000_000)
	case Readings:
		words(q.Period, false, "")
		within("limit", int64(q.Limit), 1, 500)
		if !slices.Contains([]Number{TotalDownloads, LastMonthDownloads, Likes}, q.Number) {
			t.Errorf("expected the number of a reading, got %q", q.Number)
		}
	case Milestones:
		words(q.Period, false, "")
		within("limit", int64(q.Limit), 1, 5000)
		if q.Least != 0 {
			within("least", q.Least, 1000, 1e18)
		}
	case Forecast:
		words(q.Period, false, "")
		within("limit", int64(q.Limit), 1, 500)
	case Highlights:
		words(q.Period, false, "")
		within("limit", int64(q.Limit), 1, 5000)
		if q.GroupBy == GroupByRepo || q.Event != RecordDay && q.Event != OutlierDay {
			t.Errorf("expected events of groups, got %+v", q)
		}
	case Corrections:
		words(q.Period, false, "")
		within("limit", int64(q.Limit), 1, 5000)
	case Variable:
		words(q.Period, false, "")
		within("limit", int64(q.Limit), 1, 10_000)
		if !slices.Contains([]Values{RepoTypes, Orgs, Groups, RepoNames, LastDay, Pages}, q.Values) {
			t.Errorf("expected values, got %+v", q)
		}
	default:
		t.Errorf("expected a type, got %+v", q)
	}
}
