package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// needTool returns the path of a program, and fails the test if there is none: a
// test that is left out would look like one that passed.
func needTool(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not in PATH: install it (Debian: apt-get install %s); make test does", name, debian)
	}
	return path
}

// keeper is a server that keeps samples: a Prometheus or a VictoriaMetrics.
type keeper struct {
	*runner
	url string
	log *logBuffer
	// flush is the path that makes what was taken visible at once, "" if it is anyway.
	flush string
}

// start runs a server that listens on the address that %s in its arguments stands
// for, and waits until it is healthy. It is stopped at the end of the test.
func (r *runner) start(health, name string, args ...string) *keeper {
	r.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "%s", address)
	}
	k := &keeper{runner: r, url: "http://" + address, log: new(logBuffer)}
	cmd := exec.CommandContext(r.Context(), name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, k.log, k.log
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = cmd.Wait() }) // the context of the test has ended
	r.wait(name+" to be healthy", func() bool {
		resp, err := http.Get(k.url + health)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, k.log)
	return k
}

// prometheus starts a Prometheus with a configuration, and with what is in its
// folder tsdb already.
func (r *runner) prometheus(config string, args ...string) *keeper {
	r.Helper()
	r.write("prometheus.yml", config, 0)
	return r.start("/-/ready", needTool(r.T, "prometheus", "prometheus"), append([]string{
		"--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", "--storage.tsdb.retention.time=100y",
		"--web.listen-address=%s", "--log.level=warn"}, args...)...)
}

// victoriaMetrics starts a VictoriaMetrics.
func (r *runner) victoriaMetrics() *keeper {
	r.Helper()
	k := r.start("/health", needTool(r.T, "victoria-metrics", "victoria-metrics"),
		"-storageDataPath=vm", "-httpListenAddr=%s", "-retentionPeriod=100y", "-loggerLevel=ERROR",
		"-search.latencyOffset=0s") // otherwise queries leave out the last half minute
	k.flush = "/internal/force_flush"
	return k
}

// sample is a value and its time in milliseconds.
type sample struct{ at, value int64 }

// kept is a series and what it has.
type kept map[string][]sample

// read reads what a path answers.
func (k *keeper) read(path string, query url.Values) []byte {
	k.Helper()
	if k.flush != "" && path != k.flush {
		k.read(k.flush, nil)
	}
	resp, err := http.Get(k.url + path + "?" + query.Encode())
	if err != nil {
		k.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		k.Fatalf("%s?%s: %s, %v\n%s", path, query.Encode(), resp.Status, err, b)
	}
	return b
}

// query asks for the value of an expression of PromQL at a time in milliseconds. The
// key of a series are its labels but the name, as JSON has them.
func (k *keeper) query(expression string, at int64) kept {
	k.Helper()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  pair
				Values []pair
			}
		}
	}
	text := k.read("/api/v1/query", url.Values{"query": {expression}, "time": {strconv.FormatFloat(float64(at)/1000, 'f', 3, 64)}})
	if err := json.Unmarshal(text, &answer); err != nil {
		k.Fatalf("%s: %v\n%s", expression, err, text)
	}
	out := make(kept)
	for _, s := range answer.Data.Result {
		if s.Values == nil {
			s.Values = []pair{s.Value}
		}
		delete(s.Metric, "__name__")
		key, _ := json.Marshal(s.Metric)
		for _, v := range s.Values {
			out[string(key)] = append(out[string(key)], sample(v))
		}
	}
	return out
}

// pair reads a sample as PromQL answers have it: [seconds, "value"].
type pair sample

func (p *pair) UnmarshalJSON(b []byte) error {
	var parts [2]any
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	seconds, ok := parts[0].(float64)
	text, isText := parts[1].(string)
	if !ok || !isText {
		return errors.New("expected a time and a value, got " + string(b))
	}
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && v != float64(int64(v)) {
		err = fmt.Errorf("expected a whole number, got %s", text)
	}
	p.at, p.value = int64(seconds*1000+0.5), int64(v)
	return err
}

// untilQuery waits until an expression has a value at the present time.
func (k *keeper) untilQuery(expression string) kept {
	k.Helper()
	var got kept
	k.wait(expression+" to have a value", func() bool {
		got = k.query(expression, time.Now().UnixMilli())
		return len(got) > 0
	}, k.log)
	return got
}

// expectKept compares samples.
func (k *keeper) expectKept(what string, got, want kept) {
	k.Helper()
	if len(got) != len(want) {
		k.Errorf("%s: got %d series, expected %d", what, len(got), len(want))
	}
	for key, samples := range want {
		if !slices.Equal(got[key], samples) {
			k.Errorf("%s: %s has\n%v, expected\n%v", what, key, got[key], samples)
		}
	}
}

// world is a history of few repositories up to yesterday, and what its counters
// have to be at midnights.
type world struct {
	csv  string
	want kept // by labels, as of keeper.query
	now  map[string]int64
	days int
}

// newWorld makes a history of two repositories whose last day is yesterday: a model,
// which has a day without a record and more downloads in all than its records have,
// and a dataset. extra are labels as JSON, before those of a repository.
func newWorld(days int, extra string) *world {
	w := &world{want: make(kept), now: make(map[string]int64), days: days}
	var b strings.Builder
	b.WriteString(header)
	today := history.DayOf(time.Now())
	for n, repo := range []struct {
		typ, name     string
		before, total int64
	}{{"model", "o/m", 1000, 0}, {"dataset", "o/d", 0, 0}} {
		key := fmt.Sprintf(`{%s"org":"o","repo":%q,"repo_type":%q}`, extra, repo.name, repo.typ)
		value, last := repo.before, history.NoDay
		var records strings.Builder
		for i := range days {
			d := today - history.Day(days-i)
			if n == 0 && i == days/2 {
				continue // absent
			}
			at := d.Time().UnixMilli()
			if last+1 != d {
				w.want[key] = append(w.want[key], sample{at, value})
			}
			downloads := int64(i*i%17 + n)
			value, last = value+downloads, d
			w.want[key] = append(w.want[key], sample{at + 86400e3, value})
			fmt.Fprintf(&records, ",%s,%d\n", d, downloads)
		}
		w.now[key] = value
		for line := range strings.Lines(records.String()) {
			fmt.Fprintf(&b, "%s,%s,%d%s", repo.typ, repo.name, value, line)
		}
	}
	w.csv = b.String()
	return w
}

// until returns what there has to be up to a time in milliseconds.
func (w *world) until(at int64) kept {
	out := make(kept)
	for key, samples := range w.want {
		for _, s := range samples {
			if s.at <= at {
				out[key] = append(out[key], s)
			}
		}
	}
	return out
}
