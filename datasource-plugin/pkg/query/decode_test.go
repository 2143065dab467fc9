package query

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

func TestDecodeRefuses(t *testing.T) {
	f := func(text, field, message string) {
		t.Helper()
		q, err := Decode(backend.DataQuery{RefID: "A", JSON: json.RawMessage(text)})
		checkFault(t, text, err, field, message)
		if q != nil {
			t.Errorf("%s: expected no query beside the error, got %+v", text, q)
		}
	}
	// What is no JSON object.
	f(``, "", `expected a JSON object, got nothing`)
	f(`  `, "", `expected a JSON object, got nothing`)
	f(`null`, "", `expected a JSON object, got null`)
	f(`[{"queryType":"repos"}]`, "", `expected a JSON object, got [{"queryType":"repos"}]`)
	f(`"repos"`, "", `expected a JSON object, got "repos"`)
	f(`{"limit":1`, "", `expected a JSON object, got {"limit":1: unexpected EOF`)
	f(`{"limit":}`, "", `expected a JSON object, got {"limit":}: invalid character '}' looking for beginning of value`)
	f(`{limit:1}`, "", `expected a JSON object, got {limit:1}: invalid character 'l'`)
	f(`{"queryType":"repos"} {}`, "", `expected nothing after the JSON object, got {}`)
	f(`{"queryType":"repos"}]`, "", `expected nothing after the JSON object, got ]`)
	f(`{"queryType":"repos",}`, "", `expected a JSON object, got {"queryType":"repos",}: invalid character '}'`)
	// Members twice, or none of ours.
	f(`{"search":"a","search":"b"}`, "search", `expected the member once, got it again: "b"`)
	f(`{"search":"","search":""}`, "search", `expected the member once, got it again: ""`)
	f(`{"refId":"A","refId":"B"}`, "refId", `expected the member once, got it again: "B"`)
	f(`{"":1}`, "", `expected no such member in a query of type overview and format time_series, got 1; remove it, or use one of filters, format, groupBy, groups, interval, orgs, overlay, period, queryType, repoTypes, repos, search, smooth, version`)
	f(`{"Search":"a"}`, "Search", `expected no such member in a query of type overview and format time_series, got "a"`)
	f(`{"`+strings.Repeat("x", 100)+`":7}`, strings.Repeat("x", 80), `, got 7; remove it`)
	// Other kinds of values.
	f(`{"search":{"a": [1, 2]}}`, "search", `expected a string, got {"a":[1,2]}`)
	f(`{"search":true}`, "search", `expected a string, got true`)
	f(`{"groupBy":["org"]}`, "groupBy", `expected a string, got ["org"]`)
	f(`{"orgs":7}`, "orgs", `expected a string or a list of strings, got 7`)
	f(`{"orgs":{}}`, "orgs", `expected a string or a list of strings, got {}`)
	f(`{"orgs":`+strings.Repeat("9", 100)+`}`, "orgs", `expected a string or a list of strings, got `+strings.Repeat("9", 80)+`... (100 bytes)`)
	f(`{"orgs":["a",null]}`, "orgs[1]", `expected a string, got null`)
	f(`{"repos":["a",["b"]]}`, "repos[1]", `expected a string, got ["b"]`)
	f(`{"queryType":"repos","limit":true}`, "limit", `expected a whole number from 1 to 10000, got true`)
	f(`{"queryType":"repos","limit":[5]}`, "limit", `expected a whole number from 1 to 10000, got [5]`)
	f(`{"queryType":"repos","limit":" 5"}`, "limit", `expected a whole number from 1 to 10000, got " 5"`)
	f(`{"queryType":"repos","limit":1e3}`, "limit", `expected a whole number from 1 to 10000, got 1e3`)
	f(`{"queryType":"repos","limit":99999999999999999999}`, "limit", `expected a whole number from 1 to 10000, got 99999999999999999999`)
	// Long ones.
	long := strings.Repeat("x", maxText+1)
	quoted := `"` + long[:80] + `"... (1025 bytes)`
	f(`{"search":"`+long+`"}`, "search", `expected at most 1024 bytes, got `+quoted)
	f(`{"orgs":"`+long+`"}`, "orgs", `expected at most 256 bytes, got `+quoted)
	f(`{"orgs":["","`+long+`"]}`, "orgs[1]", `expected at most 256 bytes, got `+quoted)
	f(`{"period":"`+long+`"}`, "period", `expected at most 1024 bytes, got `+quoted)
	f(`{"repos":["a"`+strings.Repeat(`,"a"`, maxItems)+`]}`, "repos", `expected at most 10000 items, got 10001`)
	// Names that are none.
	f(`{"repoTypes":["model",""]}`, "repoTypes[1]", `expected a repository type like model, got ""`)
	f(`{"repos":[""]}`, "repos[0]", `expected a full name like org/name, got ""`)
	// What does not belong to the type, the format or the values.
	f(`{"sort":"name"}`, "sort", `expected no such member in a query of type overview and format time_series, got "name"; remove it`)
	f(`{"queryType":"repos","groupBy":"org"}`, "groupBy", `in a query of type repos and format table, got "org"`)
	f(`{"queryType":"repos","format":"time_series","trend":0}`, "trend", `in a query of type repos and format time_series, got 0`)
	f(`{"queryType":"repos","interval":"auto"}`, "interval", `in a query of type repos and format table, got "auto"`)
	f(`{"queryType":"export","sort":"name"}`, "sort", `in a query of type export, got "name"`)
	f(`{"queryType":"corrections","least":1000}`, "least", `in a query of type corrections, got 1000`)
	f(`{"queryType":"milestones","order":"asc"}`, "order", `in a query of type milestones, got "asc"`)
	f(`{"queryType":"variable","values":"repo_type","sort":"name"}`, "sort", `in a query of type variable and values repo_type, got "name"`)
	f(`{"queryType":"variable","values":"repo","sort":"removed"}`, "sort", `expected downloads, total, change or name, got "removed"`)
	f(`{"queryType":"variable","format":"table"}`, "values", `expected repo_type, org, group, repo, last_day or page, got nothing`)
	f(`{"queryType":"corrections","period":"last_month"}`, "period", `expected time_range, got "last_month"`)
	f(`{"queryType":"overview","format":"table"}`, "format", `expected time_series or totals, got "table"`)
	// Powers of ten.
	f(`{"queryType":"milestones","least":100}`, "least", `expected a whole number from 1000 to 1000000000000000000, got 100`)
	f(`{"queryType":"milestones","least":"10100"}`, "least", `expected a power of ten from 1000, got 10100`)
	f(`{"queryType":"milestones","least":10000000000000000000}`, "least", `expected a whole number from 1000`)
}

func TestDecodeRefusesVariables(t *testing.T) {
	const left = `: nothing has put a value in the place of this variable; alert rules have no dashboard variables`
	f := func(text, field, message string) {
		t.Helper()
		_, err := Decode(backend.DataQuery{JSON: json.RawMessage(text)})
		checkFault(t, text, err, field, message)
	}
	for _, v := range []string{"$x", "${x}", "${x:csv}", "[[x]]", "a-${x}", "[[x:csv]]"} {
		f(`{"queryType":"`+v+`"}`, "queryType", `got "`+v+`"`+left)
		f(`{"period":"`+v+`"}`, "period", `expected time_range, all_time or last_month, got "`+v+`"`+left)
		f(`{"format":"time_series","interval":"`+v+`"}`, "interval", `expected auto, day, week or month, got "`+v+`"`+left)
		f(`{"queryType":"repos","sort":"`+v+`"}`, "sort", `got "`+v+`"`+left)
		f(`{"queryType":"repos","limit":"`+v+`"}`, "limit", `expected a whole number from 1 to 10000, got "`+v+`"`+left)
		f(`{"queryType":"export","order":"`+v+`"}`, "order", `expected time or repo, got "`+v+`"`+left)
		f(`{"orgs":"`+v+`"}`, "orgs", `expected a name, got "`+v+`"`+left)
		f(`{"orgs":["$__all","`+v+`"]}`, "orgs[1]", `expected a name, got "`+v+`"`+left)
		f(`{"repoTypes":["`+v+`"]}`, "repoTypes[0]", `expected a name, got "`+v+`"`+left)
		f(`{"search":"`+v+`"}`, "search", `expected a part of a name, got "`+v+`"`+left)
	}
	// Not a variable, and still not a name.
	f(`{"orgs":["a$"]}`, "orgs[0]", `expected a name, got "a$"`)
}

func TestTypeBesideTheQuery(t *testing.T) {
	f := func(beside, text string, want Type) {
		t.Helper()
		q, err := Decode(backend.DataQuery{QueryType: beside, JSON: json.RawMessage(text)})
		if err != nil || q.Base().Type != want {
			t.Errorf("%q beside %s: expected %s, got %+v, %v", beside, text, want, q, err)
		}
	}
	f("", `{}`, TypeOverview)
	f("", `{"queryType":null}`, TypeOverview)
	f("", `{"queryType":"repos"}`, TypeRepos)
	f("repos", `{}`, TypeRepos)
	f("repos", `{"queryType":""}`, TypeRepos)
	f("export", `{"queryType":"export"}`, TypeExport)

	bad := func(beside, text, message string) {
		t.Helper()
		_, err := Decode(backend.DataQuery{QueryType: beside, JSON: json.RawMessage(text)})
		checkFault(t, beside+" beside "+text, err, "queryType", message)
	}
	bad("repos", `{"queryType":"overview"}`, `expected "repos", the type that came with the query, got "overview"`)
	bad("table", `{"queryType":"overview"}`, `expected "table", the type that came with the query, got "overview"`)
	bad("table", `{}`, `expected overview, repos, export, readings, milestones, forecast, highlights, corrections or variable, got "table"`)
	bad("$type", `{}`, `alert rules have no dashboard variables`)
}

func TestAllSelectsAll(t *testing.T) {
	f := func(text string) {
		t.Helper()
		q, err := Decode(backend.DataQuery{JSON: json.RawMessage(text)})
		if err != nil || !q.Base().Filter.IsZero() {
			t.Errorf("%s: expected a filter that selects all, got %+v, %v", text, q, err)
		}
	}
	f(`{"orgs":"$__all"}`)
	f(`{"orgs":["openai","$__all"]}`)
	f(`{"repos":["$__all"],"repoTypes":["$__all"],"orgs":[]}`)
	f(`{"orgs":[ ],"repos":"","repoTypes":null}`)
}

func TestTimeRangeThatEndsBeforeItBegins(t *testing.T) {
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	_, err := Decode(backend.DataQuery{JSON: []byte(`{}`), TimeRange: backend.TimeRange{From: from, To: from.Add(-1)}})
	checkFault(t, "a range of a negative length", err, "timeRange", `expected a time range that does not end before 2026-03-02T00:00:00Z, where it begins, got its end at 2026-03-01T23:59:59Z`)
	if _, err := Decode(backend.DataQuery{JSON: []byte(`{}`), TimeRange: backend.TimeRange{From: from, To: from}}); err != nil {
		t.Errorf("a range of one instant: %s", err)
	}
}

func TestErrorText(t *testing.T) {
	f := func(e Error, want string) {
		t.Helper()
		if e.Error() != want {
			t.Errorf("expected %s, got %s", want, e.Error())
		}
	}
	f(Error{Field: "orgs[1]", Message: "expected a string, got 7"}, "query, field orgs[1]: expected a string, got 7")
	f(Error{Type: TypeRepos, Field: "orgs[1]", Message: "expected a string, got 7"}, "repos query, field orgs[1]: expected a string, got 7")
	f(Error{Type: TypeRepos, Message: "expected nothing more"}, "repos query: expected nothing more")
	f(Error{Message: "expected a JSON object, got 7"}, "query: expected a JSON object, got 7")
	// A cut takes no half characters with it.
	f(*bad(strings.Repeat("é", 41)+"x", "%s", textenc.Quote("x"+strings.Repeat("é", 41))),
		"query, field "+strings.Repeat("é", 40)+`: "x`+strings.Repeat("é", 39)+`"... (83 bytes)`)
}

func (q Repos) order() (history.Sort, bool)    { return q.Sort, q.Ascending }
func (q Variable) order() (history.Sort, bool) { return q.Sort, q.Ascending }

func TestSortOrders(t *testing.T) {
	f := func(text string, sort history.Sort, ascending bool) {
		t.Helper()
		q, err := Decode(backend.DataQuery{JSON: json.RawMessage(text)})
		if err != nil {
			t.Fatalf("%s: %s", text, err)
		}
		gotSort, gotAscending := q.(interface {
			order() (history.Sort, bool)
		}).order()
		if gotSort != sort || gotAscending != ascending {
			t.Errorf("%s: expected %s, ascending %t, got %s, %t", text, sort, ascending, gotSort, gotAscending)
		}
	}
	f(`{"queryType":"repos"}`, history.SortDownloads, false)
	f(`{"queryType":"repos","order":"asc"}`, history.SortDownloads, true)
	f(`{"queryType":"repos","sort":"name"}`, history.SortName, true)
	f(`{"queryType":"repos","sort":"name","order":"desc"}`, history.SortName, false)
	f(`{"queryType":"repos","sort":"removed"}`, history.SortRemoved, false)
	f(`{"queryType":"variable","values":"repo"}`, history.SortDownloads, false)
	f(`{"queryType":"variable","values":"repo","sort":"change"}`, history.SortChange, false)
	f(`{"queryType":"variable","values":"repo","sort":"name"}`, history.SortName, true)
}

// checkFault checks that err is an *Error of that field whose message has that text.
func checkFault(t *testing.T, input string, err error, field, message string) {
	t.Helper()
	if len(input) > 120 {
		input = input[:120] + "..."
	}
	var fault *Error
	if !errors.As(err, &fault) {
		t.Errorf("%s: expected an *Error, got %v", input, err)
		return
	}
	if fault.Field != field || !strings.Contains(fault.Message, message) {
		t.Errorf("%s:\nexpected %s: %s\ngot      %s: %s", input, field, message, fault.Field, fault.Message)
	}
}
