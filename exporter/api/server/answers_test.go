package server

import (
	"net/http"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestOverviewAnswers(t *testing.T) {
	legacy := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "gpt2"})
	store := apitest.StoreOf(t, apitest.SixRows(), legacy)
	f := func(s history.Reader, revision, query, want string) {
		t.Helper()
		resp := do(New(s, named(revision)), http.MethodGet, wire.OverviewRoute+query)
		if got := bodyOf(t, resp); resp.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: expected\n%s\ngot %d\n%s", query, want, resp.StatusCode, got)
		}
	}
	f(store, "", "", `{"revision":null,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"days":{"from":"2021-01-22","to":"2021-11-29"},"before":null,`+
		`"sum":{"repos":3,"records":6,"total":6529744,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"downloads":41,"before":null,"change":null},"groups":[`+
		`{"repos":3,"records":6,"total":6529744,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"downloads":41,"before":null,"change":null}]}`+"\n")
	f(store, "", "?period=last_month&group_by=repo_type,org&series=true",
		`{"revision":null,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"days":{"from":"2021-10-31","to":"2021-11-29"},"before":{"from":"2021-10-01","to":"2021-10-30"},`+
			`"sum":{"repos":3,"records":6,"total":6529744,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"downloads":28,"before":0,"change":28},"groups":[`+
			`{"repo_type":"model","org":"","repos":1,"records":0,"total":0,"recorded":null,"downloads":0,"before":0,"change":0,"series":[]},`+"\n"+
			`{"repo_type":"model","org":"huggingface","repos":1,"records":3,"total":4362460,"recorded":{"from":"2021-01-22","to":"2021-01-24"},"downloads":0,"before":0,"change":0,"series":[]},`+"\n"+
			`{"repo_type":"dataset","org":"huggingface","repos":1,"records":3,"total":2167284,"recorded":{"from":"2021-11-27","to":"2021-11-29"},"downloads":28,"before":0,"change":28,`+
			`"series":[{"day":"2021-11-27","downloads":3},{"day":"2021-11-28","downloads":18},{"day":"2021-11-29","downloads":7}]}]}`+"\n")
	f(store, "", "?from=2021-01-24&to=2021-01-25&repo=huggingface/CodeBERTa-small-v1",
		`{"revision":null,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"days":{"from":"2021-01-24","to":"2021-01-25"},"before":{"from":"2021-01-22","to":"2021-01-23"},`+
			`"sum":{"repos":1,"records":3,"total":4362460,"recorded":{"from":"2021-01-22","to":"2021-01-24"},"downloads":2,"before":11,"change":-9},"groups":[`+
			`{"repos":1,"records":3,"total":4362460,"recorded":{"from":"2021-01-22","to":"2021-01-24"},"downloads":2,"before":11,"change":-9}]}`+"\n")
	// The history was not recorded before it begins, and nothing is known of days after its end.
	f(store, "", "?from=1970-01-02&to=1970-01-03",
		`{"revision":null,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"days":{"from":"1970-01-02","to":"1970-01-03"},"before":null,`+
			`"sum":{"repos":3,"records":6,"total":6529744,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"downloads":0,"before":null,"change":null},"groups":[`+
			`{"repos":3,"records":6,"total":6529744,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"downloads":0,"before":null,"change":null}]}`+"\n")
	f(store, "", "?from=1970-01-01&to=9999-12-31&org=none",
		`{"revision":null,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"days":{"from":"1970-01-01","to":"2021-11-29"},"before":null,`+
			`"sum":{"repos":0,"records":0,"total":0,"recorded":null,"downloads":0,"before":null,"change":null},"groups":[]}`+"\n")
	// A history without a day, and one that has a name.
	f(apitest.StoreOf(t, nil), `r"1`, "",
		`{"revision":"r\"1","recorded":null,"days":null,"before":null,"sum":{"repos":0,"records":0,"total":0,"recorded":null,"downloads":0,"before":null,"change":null},"groups":[]}`+"\n")
	// Sums stay at the largest number.
	big := history.Group{Repos: 1, Records: 1, Total: 1<<63 - 1, Recorded: history.NoDays, Downloads: 1<<63 - 1}
	f(apitest.Failing{Overviews: history.Overview{Recorded: history.NoDays, Days: history.NoDays, Groups: []history.Group{big, big}}}, "", "",
		`{"revision":null,"recorded":null,"days":null,"before":null,"sum":{"repos":2,"records":2,"total":9223372036854775807,"recorded":null,"downloads":9223372036854775807,"before":null,"change":null},"groups":[`+
			`{"repos":1,"records":1,"total":9223372036854775807,"recorded":null,"downloads":9223372036854775807,"before":null,"change":null},`+"\n"+
			`{"repos":1,"records":1,"total":9223372036854775807,"recorded":null,"downloads":9223372036854775807,"before":null,"change":null}]}`+"\n")
}

func TestReposAnswers(t *testing.T) {
	odd := history.NewRepoMeta(history.Repo{Type: "kernel", Name: `a<b>&"c"`})
	// Of one the Hub removed downloads, and added some, so much later that no day follows.
	fell := func(total, asOf int64) history.RepoMeta {
		m := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "acme/fell"})
		m.Total, m.TotalAsOf = total, history.AsOf(asOf)
		m.ListedAsOf = m.TotalAsOf
		return m
	}
	store := apitest.StoreOf(t, apitest.SixRows(), odd, fell(17, 1640995200000000), fell(10, 1641081600000000), fell(12, 1714543200000001), fell(12, 1757743200000001))
	f := func(query, want string) {
		t.Helper()
		resp := do(New(store, Options{}), http.MethodGet, wire.ReposRoute+query)
		if got := bodyOf(t, resp); resp.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: expected\n%s\ngot %d\n%s", query, want, resp.StatusCode, got)
		}
	}
	const allTime = `{"revision":null,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"days":{"from":"2021-01-22","to":"2021-11-29"},"before":null,`
	f("", allTime+`"matched":4,"rows":[`+
		`{"repo_type":"dataset","org":"huggingface","repo":"huggingface/documentation-images","total":2167284,"downloads":28,"before":null,"change":null,"recorded":{"from":"2021-11-27","to":"2021-11-29"},"removed":0,"removed_as_of":null,"backdated":0,"backdated_as_of":null},`+"\n"+
		`{"repo_type":"model","org":"huggingface","repo":"huggingface/CodeBERTa-small-v1","total":4362460,"downloads":13,"before":null,"change":null,"recorded":{"from":"2021-01-22","to":"2021-01-24"},"removed":0,"removed_as_of":null,"backdated":0,"backdated_as_of":null},`+"\n"+
		`{"repo_type":"model","org":"acme","repo":"acme/fell","total":12,"downloads":0,"before":null,"change":null,"recorded":null,"removed":7,"removed_as_of":"2024-05-01T06:00:00.000001Z","backdated":2,"backdated_as_of":"2025-09-13T06:00:00.000001Z"},`+"\n"+
		`{"repo_type":"kernel","org":"","repo":"a<b>&\"c\"","total":null,"downloads":0,"before":null,"change":null,"recorded":null,"removed":0,"removed_as_of":null,"backdated":0,"backdated_as_of":null}]}`+"\n")
	f("?sort=name&limit=1&offset=2&trend=4&from=2021-01-21&to=2021-01-26",
		`{"revision":null,"recorded":{"from":"2021-01-22","to":"2021-11-29"},"days":{"from":"2021-01-21","to":"2021-01-26"},"before":null,`+
			`"matched":4,"trend_step":2,"rows":[`+
			`{"repo_type":"model","org":"huggingface","repo":"huggingface/CodeBERTa-small-v1","total":4362460,"downloads":13,"before":null,"change":null,"recorded":{"from":"2021-01-22","to":"2021-01-24"},"removed":0,"removed_as_of":null,"backdated":0,"backdated_as_of":null,"trend":[4,9,null]}]}`+"\n")
	f("?offset=4", allTime+`"matched":4,"rows":[]}`+"\n")
	f("?search=IMAGES&org=huggingface&repo_type=dataset", allTime+`"matched":1,"rows":[`+
		`{"repo_type":"dataset","org":"huggingface","repo":"huggingface/documentation-images","total":2167284,"downloads":28,"before":null,"change":null,"recorded":{"from":"2021-11-27","to":"2021-11-29"},"removed":0,"removed_as_of":null,"backdated":0,"backdated_as_of":null}]}`+"\n")
}

func TestStoreFailure(t *testing.T) {
	f := func(err error, status int, want string) {
		t.Helper()
		h := New(apitest.Failing{Err: err}, Options{})
		for _, path := range []string{
			wire.StatusRoute, wire.OverviewRoute, wire.ReposRoute, wire.CountsRoute, wire.ReadingsRoute, wire.RecordsRoute, wire.RecordsRoute + "?from=2021-01-01&to=2021-01-02", wire.RecordsRoute + "?format=parquet",
			"/organizations/a/settings/publisher-analytics/download-breakdown",
		} {
			resp := do(h, http.MethodGet, path)
			if got := bodyOf(t, resp); resp.StatusCode != status || got != want || resp.Header.Get("Content-Disposition") != "" {
				t.Errorf("%s: expected %d %s got %d %s and %v", path, status, want, resp.StatusCode, got, resp.Header)
			}
		}
	}
	f(apitest.ErrSecret, 500, `{"error":"the storage failed; see the log of the exporter"}`+"\n")
	f(errSlow, 504, `{"error":"the storage did not respond in time"}`+"\n")
}

func TestCountsAnswers(t *testing.T) {
	listed := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "gpt2"})
	listed.Likes, listed.LastMonth, listed.ListedAsOf = 7, 30, 1
	gone := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "gone"})
	gone.GoneAsOf = 2
	store := apitest.StoreOf(t, apitest.SixRows(), listed, gone)
	f := func(query string, o Options, status int, want string) {
		t.Helper()
		resp := do(New(store, o), http.MethodGet, wire.CountsRoute+query)
		if got := bodyOf(t, resp); resp.StatusCode != status || got != want {
			t.Errorf("%s: expected\n%d %s\ngot %d\n%s", query, status, want, resp.StatusCode, got)
		}
	}
	all := `{"revision":null,"rows":[` +
		`{"repo_type":"model","org":"","repo":"gpt2","downloads":null,"removed":0,"backdated":0,"all_time":null,"last_month":30,"likes":7},` + "\n" +
		`{"repo_type":"model","org":"huggingface","repo":"huggingface/CodeBERTa-small-v1","downloads":4362460,"removed":0,"backdated":0,"all_time":4362460,"last_month":0,"likes":null},` + "\n" +
		`{"repo_type":"dataset","org":"huggingface","repo":"huggingface/documentation-images","downloads":2167284,"removed":0,"backdated":0,"all_time":2167284,"last_month":28,"likes":null}]}` + "\n"
	f("", Options{}, http.StatusOK, all)
	f("?search=none", named("r1"), http.StatusOK, `{"revision":"r1","rows":[]}`+"\n")
	f("?period=all_time", Options{}, http.StatusBadRequest, `{"error":"expected one of the parameters group, org, repo, repo_type, search, got \"period\"","field":"period"}`+"\n")
	f("", limited(Limits{MaxRows: 3}), http.StatusOK, all)
	f("", limited(Limits{MaxRows: 2}), http.StatusUnprocessableEntity, `{"error":"expected at most 2 repositories (query.max_rows), got more: select fewer"}`+"\n")
}

func TestReadingsAnswers(t *testing.T) {
	listed := func(asOf, total, lastMonth, likes int64) history.RepoMeta {
		m := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "acme/heron"})
		m.Total, m.TotalAsOf, m.LastMonth, m.Likes, m.ListedAsOf = total, history.AsOf(asOf), lastMonth, likes, history.AsOf(asOf)
		return m
	}
	identified := listed(1704153600000000, history.Unknown, 6, history.Unknown)
	identified.HubID, identified.TotalAsOf = "621ffdc036468d709f174338", 0
	store := apitest.StoreOf(t, nil, listed(1704088800000000, 100, 9, 3), listed(1704096000000000, 90, 8, 4), identified)
	f := func(query string, o Options, status int, want string) {
		t.Helper()
		resp := do(New(store, o), http.MethodGet, wire.ReadingsRoute+query)
		if got := bodyOf(t, resp); resp.StatusCode != status || got != want {
			t.Errorf("%s: expected\n%d %s\ngot %d\n%s", query, status, want, resp.StatusCode, got)
		}
	}
	first := `{"repo_type":"model","org":"acme","repo":"acme/heron","as_of":"2024-01-01T08:00:00.000000Z","origin":"listing","total":90,"last_month":8,"likes":4,` +
		`"first_as_of":"2024-01-01T06:00:00.000000Z","first_total":100,"highest_total":100,"highest_last_month":9}`
	second := `{"repo_type":"model","org":"acme","repo":"acme/heron","as_of":"2024-01-02T00:00:00.000000Z","origin":"listing","total":null,"last_month":6,"likes":null,"hub_id":"621ffdc036468d709f174338"}`
	both := `{"revision":null,"rows":[` + first + ",\n" + second + "]}\n"
	f("", Options{}, http.StatusOK, both)
	f("?repo=acme/heron&from=2024-01-02", named("r1"), http.StatusOK, `{"revision":"r1","rows":[`+second+"]}\n")
	f("?org=none", Options{}, http.StatusOK, `{"revision":null,"rows":[]}`+"\n")
	f("", limited(Limits{MaxRows: 2}), http.StatusOK, both)
	f("", limited(Limits{MaxRows: 1}), http.StatusUnprocessableEntity,
		`{"error":"expected at most 1 readings (query.max_rows), got more: request fewer days or repositories"}`+"\n")
}
