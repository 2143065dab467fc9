package prometheustest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPromQL compares the exporter's answers with those of a real Prometheus that has the same
// history, as backfill writes it and promtool makes blocks of it: 200 generated queries, value
// by value. Prometheus reads the history from the exporter as well, by remote read. In place of
// Debian's, it is the program that the variable PROMETHEUS names: one of the version whose
// engine the exporter has.
func TestPromQL(t *testing.T) {
	t.Parallel()
	tool, promtool := needTool(t, "prometheus"), needTool(t, "promtool")
	other := os.Getenv("PROMETHEUS")
	if other != "" {
		tool = other
	}
	dir := t.TempDir()
	run := func(stdin []byte, name string, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, stderr.String())
		}
		return out
	}
	e := startExporter(t, string(run(nil, mustBinary(t), "generate", "--repos=30", "--days=400", "--last=2026-05-31")))
	past := run(nil, mustBinary(t), "backfill", "--storage.path="+e.data, "--to=openmetrics")
	if err := os.WriteFile(filepath.Join(dir, "past"), past, 0o600); err != nil {
		t.Fatal(err)
	}
	run(nil, promtool, "tsdb", "create-blocks-from", "openmetrics", "past", "blocks")

	serve := func(config, data string) string {
		t.Helper()
		at := freeAddress(t)
		file := filepath.Join(dir, data+".yaml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		start(t, "http://"+at+"/-/ready", tool, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, data), "--storage.tsdb.retention.time=100y",
			"--query.lookback-delta=3d", "--web.listen-address="+at, "--log.level=error")
		return "http://" + at
	}
	// A subquery without a step takes one a day, as the exporter does.
	const global = "global: {evaluation_interval: 1d}\n"
	prometheus := serve(global, "blocks")
	reader := serve(fmt.Sprintf(global+"remote_read: [{url: %q, read_recent: true}]\n", e.url+"/prometheus/api/v1/read"), "empty")
	compared := 0
	for i, query := range generated(200, other != "") {
		want, points := ask(t, prometheus, query)
		compared += points
		if got, _ := ask(t, e.url+"/prometheus", query); !same(got, want) {
			t.Errorf("query %d: %s: got\n%.600s\nwant\n%.600s", i, query, got, want)
		}
		if i%10 == 0 || other != "" {
			if got, _ := ask(t, reader, query); !same(got, want) {
				t.Errorf("query %d by remote read: %s: got\n%.600s\nwant\n%.600s", i, query, got, want)
			}
		}
	}
	if compared < 10_000 {
		t.Errorf("only %d values were compared", compared)
	}
}

// generated returns random queries: instant ones and ranges, of rates, sums, offsets, times,
// subqueries and expressions. Unless Prometheus is of the same version, they keep away from
// where versions differ: in the ends of a range, in how a rate goes on to the ends of a
// subquery, and in the last digits, which a count of changes would show.
func generated(n int, sameVersion bool) (out []url.Values) {
	rng := rand.New(rand.NewPCG(7, 7))
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	last := time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC)
	selector := func() string {
		return "huggingface_repo_downloads_total" + pick("", `{repo_type="model"}`, `{org="acme"}`, `{repo=~".*(base|large).*"}`, `{repo_type!="model"}`,
			`{repo!~"acme/[a-m].*"}`, `{repo_type=~"dataset|space"}`, `{repo=""}`, `{job=""}`, `{org="none"}`)
	}
	duration := func() string { return fmt.Sprintf("%dh", 24+rng.IntN(24*60)) }
	modifier := func() string {
		return pick("", "", "", " offset "+duration(), " offset -"+duration(), fmt.Sprintf(" @ %d", last.Add(-time.Duration(rng.IntN(5000))*time.Hour).Unix()), " @ end()", " @ start()")
	}
	var vector func(depth int) string
	vector = func(depth int) string {
		rated := pick("rate", "increase", "delta", "max_over_time", "min_over_time", "avg_over_time", "sum_over_time", "count_over_time", "last_over_time", "resets", "changes", "deriv", "irate", "idelta", "quantile_over_time")
		of := func(inner string) string {
			if rated == "quantile_over_time" {
				return rated + "(0.75, " + inner + ")"
			}
			return rated + "(" + inner + ")"
		}
		if depth == 0 {
			return pick(selector()+modifier(), of(selector()+"["+duration()+"]"+modifier()))
		}
		inner := vector(depth - 1)
		if sameVersion && rng.IntN(4) == 0 {
			return of("(" + inner + ")[" + duration() + ":" + pick("6h", "12h", "1d", "37h", "") + "]" + modifier())
		}
		by := pick("", " by (repo_type)", " by (org, repo_type)", " without (repo)", " by (repo)")
		return pick(
			pick("sum", "avg", "min", "max", "count", "stddev", "group")+by+" ("+inner+")",
			"sum("+pick("topk", "bottomk")+"(3, "+inner+"))", // which of equal ones is left open
			"quantile"+by+" (0.9, "+inner+")",
			"("+inner+") "+pick("* 2", "/ 7", "> 100", "- 1", "% 5", "^ 2", ">= bool 50"),
			pick("max_over_time", "min_over_time", "avg_over_time", "sum_over_time", "last_over_time")+"(("+inner+")["+duration()+":"+pick("12h", "1d", "37h", "")+"])",
			"abs("+inner+" - "+inner+")",
			`label_replace(`+inner+`, "short", "$1", "repo", "acme/(.*)")`,
			"sum by (repo_type) ("+inner+") / on (repo_type) group_left () count by (repo_type) ("+selector()+")",
			"absent("+inner+")",
			"("+inner+") or ("+selector()+")",
		)
	}
	for i := range n {
		at := last.Add(-time.Duration(rng.IntN(380*24)) * time.Hour)
		if sameVersion && rng.IntN(2) == 0 {
			at = at.Truncate(24 * time.Hour)
		} else {
			at = at.Add(time.Duration(1+rng.IntN(3000)) * time.Second)
		}
		q := url.Values{"query": {vector(i % 3)}}
		if rng.IntN(2) == 0 {
			q.Set("time", fmt.Sprint(at.Unix()))
		} else {
			step := []int{86400, 43200, 90000, 604800}[rng.IntN(4)]
			q.Set("start", fmt.Sprint(at.Unix()))
			q.Set("end", fmt.Sprint(at.Unix()+int64(step*(1+rng.IntN(60)))))
			q.Set("step", fmt.Sprint(step))
		}
		out = append(out, q)
	}
	return out
}

// result is the data of an answer.
type result struct {
	Status, Error string
	Data          struct {
		ResultType string
		Result     json.RawMessage
	}
}

// ask returns the answer to a query, and how many values it has.
func ask(t *testing.T, at string, query url.Values) (string, int) {
	t.Helper()
	route := "/api/v1/query"
	if query.Has("start") {
		route = "/api/v1/query_range"
	}
	response, err := http.PostForm(at+route, query)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var r result
	if err := json.NewDecoder(response.Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	if r.Status != "success" {
		return "an error", 0 // its text differs from version to version
	}
	return string(r.Data.Result), strings.Count(string(r.Data.Result), `"]`)
}

// same compares results. Floats may differ in the last digits, since versions of Prometheus
// sum up in different ways.
func same(got, want string) bool {
	if got == want {
		return true
	}
	var a, b []struct {
		Metric map[string]string
		Value  *sample
		Values []sample
	}
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil || len(a) != len(b) {
		return false
	}
	close := func(x, y float64) bool {
		return x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y), 1)
	}
	index := make(map[string]int)
	for i := range b {
		index[fmt.Sprint(b[i].Metric)] = i
	}
	for i := range a {
		j, ok := index[fmt.Sprint(a[i].Metric)]
		if !ok || len(a[i].Values) != len(b[j].Values) || (a[i].Value == nil) != (b[j].Value == nil) {
			return false
		}
		if a[i].Value != nil && (!close(a[i].Value.value, b[j].Value.value) || a[i].Value.at != b[j].Value.at) {
			return false
		}
		for k, v := range a[i].Values {
			if w := b[j].Values[k]; v.at != w.at || !close(v.value, w.value) {
				return false
			}
		}
	}
	return true
}
