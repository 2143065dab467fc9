package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// maxQueryMB is the memory of a query over all repositories.
const maxQueryMB = 128

// promqlBench is a history that an exporter and a Prometheus answer the same questions about.
type promqlBench struct {
	*bench
	exporter, prometheus *server
}

// runPromQL asks an exporter in PromQL, against Debian's Prometheus with the same history: as
// backfill writes it and promtool makes blocks of it.
func runPromQL(b *bench) (out []verdict, err error) {
	dir := filepath.Join(b.scratch, "promql")
	defer os.RemoveAll(dir)
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	p := &promqlBench{bench: b}
	defer func() { err = joined(err, p.stop()) }()
	if err := p.start(dir); err != nil {
		return nil, err
	}
	recorded := table.Recorded()
	year := history.Days{From: max(recorded.From, recorded.To-365), To: recorded.To}
	for _, q := range []struct {
		what, query, checked string
		days                 history.Days
	}{
		{
			"increase of 30 days by repo type, each day of a year",
			"sum by (repo_type) (increase(huggingface_repo_downloads_total[30d]))",
			"sum by (repo_type) (increase(huggingface_repo_downloads_total[30d]) and huggingface_repo_downloads_total offset 31d)", year,
		},
		{
			"total by repo type, each day of the history",
			"sum by (repo_type) (huggingface_repo_downloads_total)",
			"sum by (repo_type) (huggingface_repo_downloads_total)", recorded,
		},
	} {
		more, err := p.compare(q.what, q.query, q.checked, q.days)
		if err != nil {
			return out, fmt.Errorf("%s: %w", q.query, err)
		}
		out = append(out, more...)
	}
	return out, nil
}

// start starts both servers, with their data in dir.
func (p *promqlBench) start(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	path, err := p.path(byRepo)
	if err != nil {
		return err
	}
	program, store := filepath.Join(dir, "huggingface_exporter"), filepath.Join(dir, "store")
	if err := buildExporter(program); err != nil {
		return err
	}
	samples, blocks, config := filepath.Join(dir, "samples"), filepath.Join(dir, "blocks"), filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, nil, 0o666); err != nil {
		return err
	}
	for _, command := range [][]string{
		{program, "import", "--storage.path=" + store, path},
		{program, "backfill", "--storage.path=" + store, "--to=openmetrics", "--output=" + samples},
		{"promtool", "tsdb", "create-blocks-from", "--max-block-duration=8784h", "openmetrics", samples, blocks},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w\n%s", command, err, out)
		}
	}
	if err := os.Remove(samples); err != nil {
		return err
	}
	if p.exporter, err = startServer(program, store, p.threads); err != nil {
		return err
	}
	p.prometheus, err = startProcess(p.threads, "prometheus", "--config.file="+config, "--storage.tsdb.path="+blocks,
		"--storage.tsdb.retention.time=100y", "--query.lookback-delta=3d", "--log.level=error")
	return err
}

func (p *promqlBench) stop() (err error) {
	for _, s := range []*server{p.exporter, p.prometheus} {
		if s != nil {
			err = joined(err, s.stop())
		}
	}
	return err
}

// compare asks both, and watches the memory of the exporter. Debian's Prometheus goes on further
// to the start of a range than later ones, where a series begins within it. So checked is the
// query without such series, and its answers have to be equal; those of the query itself may
// differ by that.
func (p *promqlBench) compare(what, query, checked string, days history.Days) ([]verdict, error) {
	// Off midnight: versions of Prometheus differ in which ends belong to a range.
	params := url.Values{
		"query": {query}, "step": {"86400"},
		"start": {strconv.FormatInt(days.From.Time().Unix()+3600, 10)}, "end": {strconv.FormatInt(days.To.Time().Unix()+3600, 10)},
	}
	idle, err := p.exporter.idle(p.settle)
	if err != nil {
		return nil, err
	}
	var ours, theirs []byte
	askOurs := func() (err error) { ours, err = queryRange(p.exporter.url+"/prometheus", params); return err }
	askTheirs := func() (err error) { theirs, err = queryRange(p.prometheus.url, params); return err }
	t, err := race(wallTime, p.rounds, contestant{name: "exporter", run: askOurs}, contestant{name: "Prometheus", run: askTheirs})
	if err != nil {
		return nil, err
	}
	peak, err := p.exporter.memory("VmHWM")
	if err == nil {
		err = sameMatrix(ours, theirs, newSeries)
	}
	if err != nil {
		return nil, err
	}
	params.Set("query", checked)
	if err := errors.Join(askOurs(), askTheirs()); err != nil {
		return nil, err
	}
	if err := sameMatrix(ours, theirs, lastDigits); err != nil {
		return nil, err
	}
	what = fmt.Sprintf("PromQL over %d repositories, %s", p.repos, what)
	return []verdict{
		atLeast(what, 1, t[0], t[1]),
		atMost("the same, peak of the exporter above idle", maxQueryMB, float64(peak-idle)/(1<<20), "MB"),
	}, nil
}

// How far answers may differ: as sums of floats in another order do, and by what new series
// make.
const (
	lastDigits = 1e-9
	newSeries  = 0.05
)

func queryRange(base string, params url.Values) ([]byte, error) {
	response, err := http.PostForm(base+"/api/v1/query_range", params)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s: %s", response.Status, body)
	}
	return body, err
}

// matrix is an answer to a range query: values by labels and time.
type matrix map[string]map[float64]float64

func readMatrix(answer []byte) (matrix, error) {
	var a struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, err
	}
	m := make(matrix)
	for _, s := range a.Data.Result {
		values := make(map[float64]float64)
		for _, v := range s.Values {
			at, _ := v[0].(float64)
			text, _ := v[1].(string)
			n, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, err
			}
			values[at] = n
		}
		m[fmt.Sprint(s.Metric)] = values
	}
	return m, nil
}

// sameMatrix compares answers value by value.
func sameMatrix(ours, theirs []byte, tolerance float64) error {
	got, err := readMatrix(ours)
	if err != nil {
		return err
	}
	want, err := readMatrix(theirs)
	if err != nil {
		return err
	}
	if len(want) == 0 || len(got) != len(want) {
		return fmt.Errorf("expected as many series as Prometheus has, %d and more than none; got %d", len(want), len(got))
	}
	for metric, values := range want {
		if len(got[metric]) != len(values) {
			return fmt.Errorf("%s: expected %d values, got %d", metric, len(values), len(got[metric]))
		}
		for at, w := range values {
			if g, ok := got[metric][at]; !ok || math.Abs(g-w) > tolerance*math.Max(math.Abs(w), 1) {
				return fmt.Errorf("%s at %s: expected %v, got %v", metric, time.Unix(int64(at), 0).UTC(), w, g)
			}
		}
	}
	return nil
}
