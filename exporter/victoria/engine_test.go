package victoria_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
	"github.com/huggingface-exporter/huggingface_exporter/internal/victoriatest"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// The single node and the cluster are shared by the tests of this package; each test has
// histories of its own in them. Either is started by the first that needs it.
var (
	single    shared[*victoriatest.Node]
	newer     shared[*victoriatest.Node]
	cluster   shared[*victoriatest.Cluster]
	histories atomic.Int64
	scratch   string
)

// shared is what is made once.
type shared[T any] struct {
	once sync.Once
	it   T
	err  error
}

func (s *shared[T]) get(t *testing.T, start func() (T, error)) T {
	t.Helper()
	s.once.Do(func() {
		s.err = errors.New("it was not started")
		s.it, s.err = start()
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.it
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "victoria")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		scratch = dir
		defer os.RemoveAll(dir)
		defer func() {
			for _, n := range []*victoriatest.Node{single.it, newer.it} {
				if n != nil {
					n.Kill()
				}
			}
			if cluster.it != nil {
				cluster.it.Close()
			}
		}()
		return m.Run()
	}())
}

// theEngine returns the URL of the single node.
func theEngine(t *testing.T) *url.URL {
	t.Helper()
	n := single.get(t, func() (*victoriatest.Node, error) {
		return victoriatest.NewSingle(t, filepath.Join(scratch, "single"))
	})
	return victoriatest.URL(n.URL)
}

// theNewerEngine returns the URL of a single node of a newer version.
func theNewerEngine(t *testing.T) *url.URL {
	t.Helper()
	n := newer.get(t, func() (*victoriatest.Node, error) {
		return victoriatest.NewNewSingle(t, filepath.Join(scratch, "newer"))
	})
	return victoriatest.URL(n.URL)
}

// theCluster returns the cluster, which keeps every sample twice.
func theCluster(t *testing.T) *victoriatest.Cluster {
	t.Helper()
	return cluster.get(t, func() (*victoriatest.Cluster, error) {
		return victoriatest.NewCluster(t, filepath.Join(scratch, "cluster"), 3, 2)
	})
}

// optionsIn returns how to reach a history of its own in the cluster.
func optionsIn(c *victoriatest.Cluster) victoria.Options {
	o := optionsFor(victoriatest.URL(c.InsertURL()))
	o.SelectURL = victoriatest.URL(c.SelectURL())
	o.FlushURLs = []*url.URL{victoriatest.URL(c.SettledURL())}
	return o
}

// optionsFor returns how to reach a history of its own.
func optionsFor(u *url.URL) victoria.Options {
	return victoria.Options{
		Options: vmapi.Options{
			InsertURL: u, SelectURL: u, FlushURLs: []*url.URL{u.JoinPath("/internal/force_flush")},
			HTTP: config.DefaultHTTPClientConfig,
		},
		History: fmt.Sprintf("history %d", histories.Add(1)),
	}
}

// open returns a store of an empty history.
func open(t *testing.T) *victoria.Store {
	t.Helper()
	return reopen(t, optionsFor(theEngine(t)))
}

// reopen returns a store of a history that others may know.
func reopen(t *testing.T, o victoria.Options) *victoria.Store {
	t.Helper()
	s, err := victoria.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// exported is a line of /api/v1/export.
type exported struct {
	Metric map[string]string `json:"metric"`
	Values []float64         `json:"values"`
}

// exportOf asks the engine itself for the series of a history that have a name.
func exportOf(t *testing.T, o victoria.Options, name string) []exported {
	t.Helper()
	match := fmt.Sprintf("{__name__=%q,history=%q}", name, o.History)
	resp, err := http.PostForm(o.SelectURL.String()+"/api/v1/export", url.Values{"match[]": {match}, "start": {"0"}, "end": {"4000000000"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out []exported
	for d := json.NewDecoder(resp.Body); ; {
		var line exported
		if err := d.Decode(&line); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
}
