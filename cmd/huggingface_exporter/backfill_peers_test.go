package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
)

const downloadsTotal = "huggingface_repo_downloads_total"

// promtool makes blocks of what is backfilled, a Prometheus starts with them and
// scrapes the exporter: that is one counter, and it grows by what the records say.
func TestBackfilledBlocksJoinWhatIsScraped(t *testing.T) {
	t.Parallel()
	promtool := needTool(t, "promtool", "prometheus")
	r := newRunner(t)
	s := r.serve()
	address := strings.TrimPrefix(s.url, "http://")
	w := newWorld(400, fmt.Sprintf(`"instance":%q,"job":"hf",`, address))
	r.write("x.csv", w.csv, 1)
	r.ok("import", "x.csv")
	s.untilMetric(`huggingface_exporter_store_repos`, "2")

	r.ok("backfill", "--to=openmetrics", "--output=b.txt", "--label=job=hf", "--label=instance="+address)
	blocks := exec.Command(promtool, "tsdb", "create-blocks-from", "--max-block-duration=8784h", "openmetrics", "b.txt", "tsdb")
	blocks.Dir = r.dir
	if out, err := blocks.CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
	p := r.prometheus(fmt.Sprintf("scrape_configs:\n- job_name: hf\n  scrape_interval: 1s\n  static_configs: [{targets: [%q]}]\n", address))
	now := p.untilQuery(downloadsTotal)
	if len(now) != 2 {
		t.Fatalf("got %v", now)
	}
	var scraped int64
	all := p.query(downloadsTotal+"[1000d]", time.Now().UnixMilli())
	for key, samples := range all {
		first := len(samples)
		for i, v := range samples {
			if v.at%86400e3 != 0 {
				first = i
				break
			}
		}
		if first == 0 || first == len(samples) {
			t.Fatalf("%s: %d backfilled of %d samples", key, first, len(samples))
		}
		scraped = samples[first].at
		for _, v := range samples[first:] {
			if v.value != w.now[key] {
				t.Errorf("%s: scraped %d, expected %d", key, v.value, w.now[key])
			}
		}
		all[key] = samples[:first]
	}
	// The last midnight is left out while it is not three hours ago.
	last := all[fmt.Sprintf(`{"instance":%q,"job":"hf","org":"o","repo":"o/d","repo_type":"dataset"}`, address)]
	end := last[len(last)-1].at
	if age := scraped - end; age < headAge.Milliseconds() || age > (headAge+24*time.Hour).Milliseconds() {
		t.Errorf("the last backfilled sample is %d ms before what is scraped", age)
	}
	p.expectKept("samples", all, w.until(end))

	// increase() extrapolates to the ends of its window; with a sample at each end there
	// is nothing to extrapolate, and it is exact.
	for key, resets := range p.query(fmt.Sprintf("resets(%s[1000d])", downloadsTotal), scraped) {
		if resets[0].value != 0 {
			t.Errorf("%s: the counter fell %d times", key, resets[0].value)
		}
	}
	for _, days := range []int64{1, 30, 399} {
		from := end - days*86400e3
		got := p.query(fmt.Sprintf("increase(%s[%dms])", downloadsTotal, scraped-from), scraped)
		for key, samples := range w.want {
			var before int64
			for _, v := range samples {
				if v.at <= from {
					before = v.value
				}
			}
			if want := w.now[key] - before; len(got[key]) != 1 || got[key][0].value != want {
				t.Errorf("%s: increase over %d days and the seam is %v, expected %d", key, days, got[key], want)
			}
		}
	}
}

// A Prometheus that takes remote writes of any age gets all samples, and one that
// does not says so; what to do stands beside it.
func TestBackfillByRemoteWrite(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	w := newWorld(100, "")
	r.write("x.csv", w.csv, 1)
	r.ok("import", "x.csv")
	p := r.prometheus("storage: {tsdb: {out_of_order_time_window: 200d}}\n", "--web.enable-remote-write-receiver")
	r.ok("backfill", "--to=remote-write", "--url="+p.url)
	now := time.Now().UnixMilli()
	p.expectKept("Prometheus", p.query(downloadsTotal+"[1000d]", now), w.until(now))

	other := newRunner(t)
	young := other.prometheus("scrape_configs:\n- job_name: nobody\n  scrape_interval: 1s\n  static_configs: [{targets: ['127.0.0.1:1']}]\n",
		"--web.enable-remote-write-receiver")
	young.untilQuery("up") // from then on older samples are out of bounds
	r.refused(nil, []string{"responded with 400 Bad Request: out of bounds", "out_of_order_time_window", "--to=openmetrics"},
		"backfill", "--to=remote-write", "--url="+young.url)
	closed := newRunner(t).prometheus("")
	r.refused(nil, []string{"responded with 404", "start Prometheus with --web.enable-remote-write-receiver"},
		"backfill", "--to=remote-write", "--url="+closed.url)
}

// A VictoriaMetrics that drops old samples, and a receiver that says that it did, are no success.
func TestBackfillThatDoesNotArrive(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write("six.csv", sixRows, 5)
	r.ok("import", "six.csv")
	vm, err := victoriatest.NewForgetful(t, r.path("vm"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vm.Kill)
	r.refused(nil, []string{"samples to be in VictoriaMetrics, got", "-retentionPeriod", "such as 100y"}, "backfill", "--to=victoriametrics", "--url="+vm.URL)
	r.ok("backfill", "--to=victoriametrics", "--url="+vm.URL, "--no-verify")

	written := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", "1")
		w.WriteHeader(http.StatusNoContent)
	}))
	defer written.Close()
	r.refused(nil, []string{"stored 1 of its ", "out_of_order_time_window"}, "backfill", "--to=remote-write", "--url="+written.URL)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/export") {
			http.NotFound(w, r)
		}
	}))
	defer elsewhere.Close()
	r.refused(nil, []string{"--select-url"}, "backfill", "--to=victoriametrics", "--url="+elsewhere.URL+"/insert/0/prometheus/api/v1/import")
}

// The storage of a shorter retention is named by import and doctor.
func TestStorageOfAShorterRetention(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	vm, err := victoriatest.NewForgetful(t, r.path("vm"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vm.Kill)
	r.write("c.yaml", fmt.Sprintf("storage: {engine: victoriametrics, victoriametrics: {insert_url: %q, flush_url: %q}}\n", vm.URL, vm.URL+"/internal/force_flush"), 0)
	r.write("six.csv", sixRows, 5)
	r.refused(nil, []string{"-retentionPeriod=100y"}, "import", "six.csv", "--config.file=c.yaml")
	out, _, code := r.run(nil, "doctor", "--config.file=c.yaml", "--storage.path=none")
	if code != 1 || !strings.Contains(out, "fail  engine  VictoriaMetrics drops samples of 1970") {
		t.Errorf("doctor: exit %d\n%s", code, out)
	}
}

// VictoriaMetrics has the same samples, whichever way they came.
func TestBackfillToVictoriaMetrics(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	w := newWorld(400, `"job":"hf",`)
	r.write("x.csv", w.csv, 1)
	r.ok("import", "x.csv")
	for _, to := range []string{"victoriametrics", "remote-write"} {
		vm := newRunner(t).victoriaMetrics()
		r.ok("backfill", "--to="+to, "--url="+vm.url, "--label=job=hf")
		now := time.Now().UnixMilli()
		want := w.until(now)
		vm.expectKept(to, vm.export(), want)
	}
}

// export reads back what a VictoriaMetrics has of the counter.
func (k *keeper) export() kept {
	k.Helper()
	out := make(kept)
	text := k.read("/api/v1/export", url.Values{"match[]": {downloadsTotal}, "start": {"0"}})
	for line := range strings.Lines(string(text)) {
		var s struct {
			Metric             map[string]string
			Values, Timestamps []int64
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			k.Fatalf("%v\n%s", err, line)
		}
		delete(s.Metric, "__name__")
		key, _ := json.Marshal(s.Metric)
		for i, v := range s.Values {
			out[string(key)] = append(out[string(key)], sample{s.Timestamps[i], v})
		}
	}
	return out
}
