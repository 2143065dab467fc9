package query

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

func TestDecodeURL(t *testing.T) {
	comma := hubcsv.WriterOptions{Separator: ','}
	f := func(rawQuery string, filter history.Filter, period history.Period, order history.Order, options hubcsv.WriterOptions) {
		t.Helper()
		q, got, err := DecodeURL(rawQuery)
		if err != nil {
			t.Errorf("%s: %s", rawQuery, err)
			return
		}
		if !reflect.DeepEqual(q.Filter, filter) || q.Days() != period || q.Order != order || got != options {
			t.Errorf("%s:\nexpected %+v %+v %s %+v\ngot      %+v %+v %s %+v", rawQuery, filter, period, order, options, q.Filter, q.Days(), q.Order, got)
		}
		if q.Type != TypeExport || q.Limit != 0 {
			t.Errorf("%s: expected an export without a limit, got %+v", rawQuery, q)
		}
	}
	period := func(rawQuery string, want history.Period) {
		t.Helper()
		f(rawQuery, history.Filter{}, want, history.OrderTime, comma)
	}
	filter := func(rawQuery string, want history.Filter) {
		t.Helper()
		f(rawQuery, want, history.Period{}, history.OrderTime, comma)
	}
	between := func(from, to string) history.Period {
		var p history.Period
		p.Kind = history.Range
		if p.From.UnmarshalText([]byte(from)) != nil || p.To.UnmarshalText([]byte(to)) != nil {
			t.Fatal(from, to)
		}
		return p
	}

	f("", history.Filter{}, history.Period{}, history.OrderTime, comma)
	f("repo_type=model,dataset&org=openai&org=&repo=openai/whisper&search=Whi&period=last_month&order=repo&sep=semicolon&bom=true",
		history.Filter{
			RepoTypes: []history.RepoType{"model", "dataset"}, Orgs: []string{"openai", ""},
			Repos: []string{"openai/whisper"}, Search: "Whi",
		},
		history.Period{Kind: history.LastMonth}, history.OrderRepo, hubcsv.WriterOptions{Separator: ';', Spreadsheet: true})

	// Lists.
	filter(`repo=a\,b,c\\d,e\f`, history.Filter{Repos: []string{"a,b", `c\d`, `e\f`}})
	filter("org=", history.Filter{Orgs: []string{""}})
	filter("org=openai,$__all&repo=$__all&repo_type=$__all", history.Filter{})
	filter("search=", history.Filter{})

	// Dashboard variables: those of the link, and the others of the dashboard.
	filter("var-org=openai&var-org=mistralai&var-datasource=hub&var-=&var-limit=7&var-from=", history.Filter{Orgs: []string{"openai", "mistralai"}})
	filter("var-org=$__all&var-repo_type=$__all&var-search=", history.Filter{})
	filter("var-org=&var-repo=&var-repo_type=&var-period=&var-order=&var-sep=&var-bom=", history.Filter{})
	filter("var-org=&var-org=openai", history.Filter{Orgs: []string{"", "openai"}})
	filter("repo=openai/whisper&var-repo=x/y&var-repo_type=model", history.Filter{RepoTypes: []history.RepoType{"model"}, Repos: []string{"openai/whisper"}})
	filter("org=&var-org=openai", history.Filter{Orgs: []string{""}})
	f("var-period=last_month&var-order=repo&var-sep=tab&var-bom=true&var-search=gpt", history.Filter{Search: "gpt"},
		history.Period{Kind: history.LastMonth}, history.OrderRepo, hubcsv.WriterOptions{Separator: '\t', Spreadsheet: true})

	// Days are meant whole, both of them.
	period("from=2021-01-22&to=2021-02-20", between("2021-01-22", "2021-02-20"))
	period("from=2021-01-22&to=2021-01-22", between("2021-01-22", "2021-01-22"))
	period("from=1970-01-01&to=9999-12-31", between("1970-01-01", "9999-12-31"))
	// Times have the noons between them.
	period("from=1611316800000&to=1613822400000", between("2021-01-22", "2021-02-20"))
	period("from=1611316800001&to=1613822399999", between("2021-01-23", "2021-02-19"))
	period("from=2021-01-22T00:00:00.000Z&to=2021-02-20T12:00:00Z", between("2021-01-22", "2021-02-20"))
	period("from=2021-01-22T00:00:00%2B02:00&to=2021-01-24T00:00:00%2B02:00", between("2021-01-22", "2021-01-23"))
	period("from=2021-01-22T10:00:00Z&to=2021-01-22T11:00:00Z", between("2021-01-22", "2021-01-22"))
	period("from=2021-01-22T10:00:00Z&to=2021-01-22", between("2021-01-22", "2021-01-22"))
	period("from=0&to=0", between("1970-01-01", "1970-01-01"))
	// An end may be open.
	period("from=2021-01-22", between("2021-01-22", ""))
	period("to=1611316800000&from=", between("", "2021-01-22"))
	period("from=2021-01-22&period=time_range", between("2021-01-22", ""))
	// They count with time_range alone.
	period("from=&to=", history.Period{})
	period("from=2021-01-22&to=2021-02-20&period=all_time", history.Period{})
	period("from=2021-02-20&to=2021-01-22&period=last_month", history.Period{Kind: history.LastMonth})
	period("period=all_time", history.Period{})

	// Separators.
	for name, want := range map[string]rune{"comma": ',', ",": ',', "semicolon": ';', "%3B": ';', "tab": '\t', "%09": '\t'} {
		f("bom=false&sep="+name, history.Filter{}, history.Period{}, history.OrderTime, hubcsv.WriterOptions{Separator: want})
	}
}

func TestDecodeURLRefuses(t *testing.T) {
	f := func(rawQuery, field, message string) {
		t.Helper()
		q, options, err := DecodeURL(rawQuery)
		checkFault(t, rawQuery, err, field, message)
		if !reflect.DeepEqual(q, Export{}) || options != (hubcsv.WriterOptions{}) {
			t.Errorf("%s: expected nothing beside the error, got %+v %+v", rawQuery, q, options)
		}
	}
	f("%zz=1", "", `expected a URL-encoded query, got "%zz=1": invalid URL escape "%zz"`)
	f("sep=;", "", `expected a URL-encoded query, got "sep=;": invalid semicolon separator in query`)
	f("limit=10", "limit", `expected one of the parameters bom, from, group, order, org, period, repo, repo_type, search, sep, to, got "limit"`)
	f("zz=1&aa=2", "aa", `got "aa"`)
	f("=1", "", `expected one of the parameters bom, from, group, order, org, period, repo, repo_type, search, sep, to, got ""`)
	f("Org=a", "Org", `got "Org"`)
	// Once.
	f("period=all_time&period=all_time", "period", `expected one value, got 2: "all_time", "all_time"`)
	f("var-search=a&var-search=b", "var-search", `expected one value, got 2: "a", "b"`)
	// Names.
	f("repo_type=", "repo_type", `expected a repository type like model, got ""`)
	f("var-repo_type=model&var-repo_type=", "var-repo_type", `expected a repository type like model, got ""`)
	f("repo=a,", "repo", `expected a full name like org/name, got ""`)
	f("org=a,$org", "org", `expected a name, got "$org": nothing has put a value in the place of this variable`)
	f("org=%5B%5Borg%5D%5D", "org", `expected a name, got "[[org]]"`)
	f("search=${search}", "search", `expected a part of a name, got "${search}"`)
	f("repo="+strings.Repeat("a,", maxItems)+"a", "repo", `expected at most 10000 items, got 10001`)
	long := strings.Repeat("x", maxText+1)
	quoted := ` bytes, got "` + long[:80] + `"... (1025 bytes)`
	f("org=a,"+long, "org", "expected at most 256"+quoted)
	f("var-org="+long, "var-org", "expected at most 256"+quoted)
	f("search="+long, "search", "expected at most 1024"+quoted)
	f("period="+long, "period", "expected at most 1024"+quoted)
	// Words.
	f("period=range", "period", `expected time_range, all_time or last_month, got "range"`)
	f("period=", "period", `expected time_range, all_time or last_month, got ""`)
	f("var-period=week", "var-period", `expected time_range, all_time or last_month, got "week"`)
	f("period=time_range", "period", `expected from, to or both beside "time_range", got neither`)
	f("order=asc", "order", `expected time or repo, got "asc"`)
	f("order=$order", "order", `alert rules have no dashboard variables`)
	f("sep=|", "sep", `expected comma, semicolon or tab, got "|"`)
	f("bom=1", "bom", `expected true or false, got "1"`)
	// Times.
	const want = `expected milliseconds since 1970 (what Grafana puts for ${__from} and ${__to}), a day like 2021-01-22 or a time like 2021-01-22T15:04:05Z, got `
	f("from=now-30d&to=now", "from", want+`"now-30d"`)
	f("to=now", "to", want+`"now"`)
	f("to=2021-02-30", "to", want+`"2021-02-30"`)
	f("from=2021-01-22T00:00:00+02:00", "from", want+`"2021-01-22T00:00:00 02:00"`)
	f("var-from=yesterday", "var-from", want+`"yesterday"`)
	f("period=all_time&from=yesterday", "from", want+`"yesterday"`)
	f("from=-1", "from", `expected a time from 1970-01-01 to 9999-12-31, got "-1"`)
	f("from=253402300800000", "from", `expected a time from 1970-01-01 to 9999-12-31, got "253402300800000"`)
	f("to=9223372036854775807", "to", `expected a time from 1970-01-01 to 9999-12-31, got "9223372036854775807"`)
	f("to=-9223372036854775808", "to", `expected a time from 1970-01-01 to 9999-12-31, got "-9223372036854775808"`)
	f("from=1969-12-31", "from", `expected a time from 1970-01-01 to 9999-12-31, got "1969-12-31"`)
	f("from=2021-01-23&to=2021-01-22", "to", `expected a time that is not before from, which is 2021-01-23T00:00:00Z, got 2021-01-22T23:59:59Z`)
}

func TestDecodeLookup(t *testing.T) {
	f := func(rawQuery string, want Lookup) {
		t.Helper()
		got, err := DecodeLookup(rawQuery)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: expected %+v, got %+v, %v", rawQuery, want, got, err)
		}
	}
	f("", Lookup{Limit: 50})
	f("limit=50&offset=2147483647", Lookup{Limit: 50, Offset: 1<<31 - 1})
	f("search=gpt&repo_type=model,dataset&org=&limit=1&offset=100", Lookup{
		Filter: history.Filter{RepoTypes: []history.RepoType{"model", "dataset"}, Orgs: []string{""}, Search: "gpt"},
		Limit:  1, Offset: 100,
	})
	f(url.Values{"org": {"$__all"}, "repo_type": {"$__all"}}.Encode(), Lookup{Limit: 50})

	bad := func(rawQuery, field, message string) {
		t.Helper()
		got, err := DecodeLookup(rawQuery)
		checkFault(t, rawQuery, err, field, message)
		if !reflect.DeepEqual(got, Lookup{}) {
			t.Errorf("%s: expected nothing beside the error, got %+v", rawQuery, got)
		}
	}
	bad("limit=51", "limit", `expected a whole number from 1 to 50, got "51"`)
	bad("limit=0", "limit", `expected a whole number from 1 to 50, got "0"`)
	bad("limit=", "limit", `expected a whole number from 1 to 50, got ""`)
	bad("offset=-1", "offset", `expected a whole number from 0 to 2147483647, got "-1"`)
	bad("offset=2147483648", "offset", `expected a whole number from 0 to 2147483647, got "2147483648"`)
	bad("repo=a/b", "repo", `expected one of the parameters group, limit, offset, org, repo_type, search, got "repo"`)
	bad("var-org=openai", "var-org", `expected one of the parameters`)
	bad("org=$org", "org", `expected a name, got "$org"`)
	bad("repo_type=", "repo_type", `expected a repository type like model, got ""`)
	bad("search=a&search=b", "search", `expected one value, got 2`)
}
