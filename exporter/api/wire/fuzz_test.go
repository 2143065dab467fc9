package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// FuzzParams reads anything as the parameters of a query: they are refused by an
// error that is for the client, or they are a query that, written, is read as the
// same.
func FuzzParams(f *testing.F) {
	for _, query := range []string{
		"",
		"from=2021-01-22&to=2021-11-29&repo_type=model,dataset&org=a&org=&repo=a%2Fb",
		`repo=a%5C,b,c%5C%5C&search=x&period=last_month&group_by=org,repo_type&series=true`,
		"sort=name&order=asc&limit=100000&trend=10&offset=5",
		"order=repo&versions=true&period=none",
		"label=&color=4c1&format=png&scale=3&repo=a/b",
		"title=x&theme=dark&width=240&height=800&org=a",
		"%zz=1;&=&&a",
		"to=" + strings.Repeat("%03", 300),
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		checkQuery(t, Overview, query)
		checkQuery(t, Repos, query)
		checkQuery(t, Counts, query)
		checkQuery(t, Readings, query)
		checkQuery(t, Records, query)
		checkQuery(t, Badge, query)
		checkQuery(t, Chart, query)
	})
}

func checkQuery[Q any](t *testing.T, params Query[Q], query string) {
	t.Helper()
	q, err := params.Decode(query)
	if err != nil {
		if bad, ok := errors.AsType[*Fault](err); !ok || len(bad.Message) > 2000 {
			t.Errorf("%q: got the error %v", query, err)
		}
		return
	}
	text := params.Encode(q)
	if again, err := params.Decode(text); err != nil || !reflect.DeepEqual(q, again) {
		t.Errorf("%q is read as %+v, and written as %q, which is read as %+v, %v", query, q, text, again, err)
	}
}
