package promapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

var now = time.Date(2024, 10, 5, 13, 0, 0, 0, time.UTC)

// storeOf has two repositories, with 10 and 3 downloads on each of the 40 days until October 4,
// and one that only listings know: it gained 7 a day, and lost 1000.
func storeOf(t *testing.T) *memtable.Store {
	t.Helper()
	s := memtable.NewStore()
	var records []history.Record
	for i := range history.Day(40) {
		records = append(records,
			history.Record{Repo: history.Repo{Type: history.Model, Name: "acme/bert"}, Total: 500, Day: 19961 + i, Downloads: 10},
			history.Record{Repo: history.Repo{Type: history.Dataset, Name: "acme/bert"}, Total: 120, Day: 19961 + i, Downloads: 3})
	}
	asOf := history.AsOfTime(now.Add(-24 * time.Hour))
	if _, err := s.Append(t.Context(), history.Batch{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: asOf}, records...)}); err != nil {
		t.Fatal(err)
	}
	readings := func(yield func(history.Reading, error) bool) {
		total := int64(5000)
		for i := range 20 {
			if i == 10 {
				total -= 1000
			}
			total += 7
			at := history.AsOfTime(now.Add(time.Duration(i-20) * 24 * time.Hour))
			if !yield(history.NewReading(history.Repo{Type: history.Model, Name: "globex/\"x\""}, at, history.Listing, total, 210, int64(i)), nil) {
				return
			}
		}
	}
	if _, err := s.Append(t.Context(), history.Batch{Readings: readings}); err != nil {
		t.Fatal(err)
	}
	return s
}

func handlerOf(r history.Reader, o Options) http.Handler {
	o.Logger, o.Now, o.Version = slog.New(slog.DiscardHandler), func() time.Time { return now }, "1.2.3"
	mux := http.NewServeMux()
	for pattern, h := range New(r, o).Routes() {
		mux.Handle(pattern, h)
	}
	return mux
}

func get(t testing.TB, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Prefix+path, nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestQuery(t *testing.T) {
	t.Parallel()
	h := handlerOf(storeOf(t), Options{})
	f := func(query, want string) {
		t.Helper()
		code, got := get(t, h, "/api/v1/query?query="+url.QueryEscape(query))
		var a struct {
			Data struct {
				Result []struct {
					Metric map[string]string
					Value  [2]any
				}
			}
		}
		if err := json.Unmarshal([]byte(got), &a); err != nil || code != 200 {
			t.Fatalf("%s: got %d\n%s", query, code, got)
		}
		var values []string
		for _, r := range a.Data.Result {
			values = append(values, fmt.Sprint(r.Metric["repo_type"], " ", r.Metric["repo"], " ", r.Value[1]))
		}
		if g := strings.Join(values, ", "); g != want {
			t.Errorf("%s: got %q, want %q", query, g, want)
		}
	}
	f(`huggingface_repo_downloads_total{repo="acme/bert"}`, `dataset acme/bert 120, model acme/bert 500`)
	f(`huggingface_repo_downloads_total{org=~"acme|none",repo_type!="model"}`, `dataset acme/bert 120`)
	f(`huggingface_repo_downloads_total{repo=~".*bert",repo_type="model"} offset 10d`, `model acme/bert 400`)
	f(`sum by (repo_type) (increase(huggingface_repo_downloads_total{org="acme"}[10d]))`, `dataset  30, model  100`)
	f(`sum_over_time(huggingface_repo_downloads_per_day{repo="acme/bert"}[10d])`, `dataset acme/bert 27, model acme/bert 90`)
	// Two days without a sample are no end.
	f(`huggingface_repo_downloads_per_day{repo_type="dataset"}`, `dataset acme/bert 3`)
	f(`huggingface_repo_downloads_all_time{org="globex"}`, `model globex/"x" 4140`)
	f(`huggingface_repo_likes`, `model globex/"x" 19`)
	f(`huggingface_repo_downloads_last_month`, `dataset acme/bert 90, model acme/bert 300, model globex/"x" 210`)
	f(`huggingface_repo_downloads_last_month offset 35d`, `dataset acme/bert 15, model acme/bert 50`)
	f(`huggingface_repo_downloads_removed_total`, `model globex/"x" 993`)
	f(`huggingface_repo_downloads_removed_total offset 15d`, `model globex/"x" 0`)
	f(`huggingface_org_repos`, `dataset  1, model  1, model  1`)
	f(`huggingface_exporter_build_info`, `  1`)
	f(`nothing`, ``)
	f(`{__name__=~".+",repo=""}`, `  1, dataset  1, model  1, model  1,   1`)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	g := groups.New()
	g.Set([]groups.Definition{{Name: "bert", Repos: []string{"acme/bert"}}, {Name: "all", Repos: []string{"*/*"}}})
	h := handlerOf(g.Reader(storeOf(t)), Options{})
	f := func(path, want string) {
		t.Helper()
		if code, got := get(t, h, path); code != 200 || got != `{"status":"success","data":`+want+`}` {
			t.Errorf("%s: got %d %s", path, code, got)
		}
	}
	f("/api/v1/query?time=1728043200&query=sum_over_time(huggingface_group_downloads_per_day{group!=%22all%22}[10d])",
		`{"resultType":"vector","result":[{"metric":{"group":"bert"},"value":[1728043200,"130"]}]}`)
	f("/api/v1/label/group/values", `["all","bert"]`)
	f("/api/v1/query?query=huggingface_group_downloads_per_day{group=%22none%22}", `{"resultType":"vector","result":[]}`)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	h := handlerOf(storeOf(t), Options{Labels: func() map[string]string { return map[string]string{"job": "hf"} }})
	f := func(path string, status int, want string) {
		t.Helper()
		if code, got := get(t, h, path); code != status || got != want {
			t.Errorf("%s: got %d %s\nwant %d %s", path, code, got, status, want)
		}
	}
	// What Grafana's data source asks to see whether it works, in both ways.
	const two = `{"status":"success","data":{"resultType":"scalar","result":[1728000000,"2"]}}`
	f("/api/v1/query?query=1%2B1&time=1728000000", 200, two)
	w := httptest.NewRecorder()
	post := httptest.NewRequest(http.MethodPost, Prefix+"/api/v1/query", strings.NewReader("query=1%2B1&time=1728000000"))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if h.ServeHTTP(w, post); w.Code != 200 || w.Body.String() != two {
		t.Errorf("POST: got %d %s", w.Code, w.Body)
	}
	f("/api/v1/query?query=%22a%5C%22%22&time=2024-10-04T00:00:00.5Z", 200, `{"status":"success","data":{"resultType":"string","result":[1728000000.500,"a\""]}}`)
	f("/api/v1/query_range?query=huggingface_repo_downloads_total%7Brepo_type=%22dataset%22%7D&start=1727827200&end=1728000000&step=1d", 200,
		`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"huggingface_repo_downloads_total","job":"hf","org":"acme","repo":"acme/bert","repo_type":"dataset"},`+
			`"values":[[1727827200,"111"],[1727913600,"114"],[1728000000,"117"]]}]}}`)
	f("/api/v1/label/repo_type/values", 200, `{"status":"success","data":["dataset","model"]}`)
	f("/api/v1/label/repo/values?match[]=huggingface_repo_likes", 200, `{"status":"success","data":["globex/\"x\""]}`)
	f("/api/v1/label/repo/values?limit=1", 200, `{"status":"success","data":["acme/bert"],"warnings":["results truncated due to limit"]}`)
	f("/api/v1/labels", 200, `{"status":"success","data":["__name__","job","org","repo","repo_type"]}`)
	f("/api/v1/series?match[]=huggingface_repo_downloads_removed_total", 200,
		`{"status":"success","data":[{"__name__":"huggingface_repo_downloads_removed_total","job":"hf","org":"globex","repo":"globex/\"x\"","repo_type":"model"}]}`)
	f("/api/v1/metadata?metric=up", 200, `{"status":"success","data":{"up":[{"type":"gauge","help":"A constant 1: the exporter that answers.","unit":""}]}}`)
	f("/api/v1/format_query?query=sum(up)by(job)", 200, `{"status":"success","data":"sum by (job) (up)"}`)
	f("/api/v1/rules", 200, `{"status":"success","data":{"groups":[]}}`)
	f("/api/v1/status/buildinfo", 200, `{"status":"success","data":{"application":"huggingface_exporter","applicationVersion":"1.2.3","revision":"","version":"3.0.0"}}`)

	bad := func(path, kind, want string) {
		t.Helper()
		f(path, 400, fmt.Sprintf(`{"status":"error","errorType":%q,"error":%q}`, kind, want))
	}
	bad("/api/v1/query?query=sum(", "bad_data", "query: 1:5: parse error: unclosed left parenthesis")
	bad("/api/v1/query?query=up&time=yesterday", "bad_data", `time: expected seconds since 1970 or a time like 2024-05-01T12:00:00Z, got "yesterday"`)
	bad("/api/v1/query_range?query=up&start=1&end=2", "bad_data", "step: expected a value, got none")
	bad("/api/v1/query_range?query=up&start=1&end=2&step=0", "bad_data", `step: expected a duration of at least 1ms, got "0"`)
	bad("/api/v1/query_range?query=up&start=1&end=1&step=0.0001", "bad_data", `step: expected a duration of at least 1ms, got "0.0001"`)
	bad("/api/v1/query_range?query=up&start=2&end=1&step=1", "bad_data", `end: expected a time not before start, got "1"`)
	bad("/api/v1/query_range?query=up&start=0&end=20000&step=1", "bad_data", "step: expected at most 11000 steps from start to end, got 20000: choose a longer step")
	bad("/api/v1/series", "bad_data", "match[]: expected at least one selector, got none")
	f("/api/v1/query?query=up*on()up{job=%22a%22}*on()group_right()vector(scalar(huggingface_org_repos))%2Blabel_replace(up,%22%22,%22%22,%22%22,%22%22)", 422,
		`{"status":"error","errorType":"execution","error":"invalid destination label name in label_replace(): "}`)
}

// failing is a history that cannot be read.
type failing struct{ history.Reader }

func (failing) Counts(context.Context, history.Filter) iter.Seq2[history.Counts, error] {
	return func(yield func(history.Counts, error) bool) {
		yield(history.Counts{}, errors.New("dial http://user:hunter2@db: refused"))
	}
}

func (failing) Records(context.Context, history.RecordsQuery) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		yield(nil, errors.New("dial http://user:hunter2@db: refused"))
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/api/v1/query?query=huggingface_repo_downloads_total", "/api/v1/series?match[]=huggingface_repo_likes", "/api/v1/labels"} {
		if code, got := get(t, handlerOf(failing{}, Options{}), path); code < 400 || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %d %s", path, code, got)
		}
	}
	a := New(storeOf(t), Options{Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)})
	a.maxSamples = 50
	f := func(query string, status int, want string) {
		t.Helper()
		code, got := get(t, a.Routes()[Prefix+"/api/v1/query"], "/api/v1/query?query="+url.QueryEscape(query))
		if code != status || !strings.Contains(got, want) {
			t.Errorf("%s: got %d %s", query, code, got)
		}
	}
	const tooMany = `"errorType":"execution","error":"expected a query that loads at most 50 samples: select fewer repositories or a shorter time"`
	f(`avg(increase(huggingface_repo_downloads_total[30d]))`, 422, tooMany)
	f(`avg(increase(huggingface_repo_downloads_total{repo_type="model"}[30d])) + avg(increase(huggingface_repo_downloads_total{repo_type="dataset"}[30d]))`, 422, tooMany)
	f(`avg(increase(huggingface_repo_downloads_total{repo_type="model"}[30d]))`, 200, `"216.31578947368422"`)
	f(`sum(increase(huggingface_repo_downloads_total[30d]))`, 200, `"522.6315789473684"`) // in batches
	// The samples of listings wait for the sums before them, and count once.
	a.maxSamples = 20
	f(`count_over_time(huggingface_repo_downloads_last_month{org="globex"}[25d])`, 200, `"20"`)
	a.maxSamples = 19
	f(`count_over_time(huggingface_repo_downloads_last_month{org="globex"}[25d])`, 422, "loads at most 19 samples")
	a.maxSamples = 50
	const manyResults = "/api/v1/query_range?query=sum+by(repo)(huggingface_repo_downloads_total)&start=2024-08-05T00:00:00Z&end=2024-10-05T00:00:00Z&step=1d"
	if code, got := get(t, a.Routes()[Prefix+"/api/v1/query_range"], manyResults); code != 422 || !strings.Contains(got, tooMany) {
		t.Errorf("got %d %s", code, got)
	}
	slow := handlerOf(storeOf(t), Options{Timeout: func() time.Duration { return time.Nanosecond }})
	if code, got := get(t, slow, "/api/v1/query?query=huggingface_repo_downloads_total"); code != 503 || !strings.Contains(got, `"errorType":"timeout"`) {
		t.Errorf("got %d %s", code, got)
	}
}

// waiting is a history that nobody can read before it is closed.
type waiting struct {
	history.Reader
	asked, closed chan struct{}
}

func (w waiting) Counts(context.Context, history.Filter) iter.Seq2[history.Counts, error] {
	w.asked <- struct{}{}
	<-w.closed
	return func(func(history.Counts, error) bool) {}
}

func TestQueriesWaitForEachOther(t *testing.T) {
	t.Parallel()
	r := waiting{storeOf(t), make(chan struct{}, 100*maxConcurrent), make(chan struct{})}
	h := handlerOf(r, Options{})
	var group sync.WaitGroup
	for range 2 * maxConcurrent {
		group.Go(func() {
			if code, got := get(t, h, "/api/v1/query?query=huggingface_repo_downloads_total"); code != 200 {
				t.Errorf("got %d %s", code, got)
			}
		})
	}
	for range maxConcurrent {
		<-r.asked
	}
	if code, got := get(t, h, "/api/v1/query?query=1&timeout=10ms"); code != 503 || !strings.Contains(got, "20 queries are being answered") {
		t.Errorf("got %d %s", code, got)
	}
	close(r.closed)
	group.Wait()
	if code, got := get(t, h, "/api/v1/query?query=1"); code != 200 {
		t.Errorf("got %d %s", code, got)
	}
}
