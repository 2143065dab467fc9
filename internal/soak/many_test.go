package soak

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/connection"
)

// TestManyRepos has the Hub answer with what would take far more memory than an answer may:
// millions of repositories of one day each, and gigabytes of blank lines. serve refuses both
// long before their end, says what it expected and what to do, takes no more than one and a
// half times what an answer may, and goes on to collect the others. As many repositories as
// there is memory for are stored. A data source of Grafana with 32 MiB refuses them, too.
func TestManyRepos(t *testing.T) {
	begin := time.Now()
	repos, most := size(1_000_000, 3_000_000), int64(size(96<<20, 512<<20))
	fitting := size(20_000, 300_000)
	day := time.Now().Add(-48 * time.Hour).UTC().Format(time.DateOnly)
	var blanks atomic.Int64
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		org, _, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/organizations/"), "/settings/publisher-analytics/")
		if !ok {
			http.NotFound(w, r)
			return
		}
		const header = "repoType,repoName,total,timestamp,downloads\n"
		if org == "blank" {
			_, _ = io.WriteString(w, header)
			for b := []byte(strings.Repeat("\n", 1<<20)); blanks.Load() < 3<<30; blanks.Add(int64(len(b))) {
				if _, err := w.Write(b); err != nil {
					return
				}
			}
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		defer z.Close()
		_, _ = io.WriteString(z, header)
		switch org {
		case "many":
			writeRepos(z, org, day, repos)
		default:
			writeRepos(z, org, day, fitting)
		}
	}))
	defer hub.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf("hub:\n  endpoint: %s\n  token: %s\n  max_memory_bytes: %d\n  organizations:\n    - {name: many, source: publisher_analytics}\n"+
		"    - {name: blank, source: publisher_analytics}\n", hub.URL, hubToken, most)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := ready(t, "--config.file="+file, "--storage.path="+filepath.Join(dir, "data"))
	rest, _ := e.memory()
	failures := func(org string) float64 {
		return e.metric(fmt.Sprintf(`huggingface_exporter_collection_failures_total{org=%q,reason="malformed"}`, org))
	}
	waitFor(t, "both answers to be refused", e.log, func() bool { return failures("many") > 0 && failures("blank") > 0 })
	refused := time.Since(begin)
	_, peak := e.memory()
	log := e.log.String()
	for _, want := range []string{fmt.Sprintf("expected a history of at most %d bytes in memory", most), "raise hub.max_memory_bytes", "blank"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
	if allowed := rest + most*3/2; peak > allowed && !raceDetector {
		t.Errorf("at its peak it had %d MB of memory, expected at most %d", peak/1e6, allowed/1e6)
	}
	sent := blanks.Load()
	if sent > 64<<20 {
		t.Errorf("%d bytes of blank lines were taken", sent)
	}

	text = strings.ReplaceAll(text, "name: many", "name: some")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, body := e.reload(); code != http.StatusOK {
		t.Fatalf("reload: %d\n%s", code, body)
	}
	stored := fmt.Sprintf("huggingface_exporter_store_org_repos{org=%q}", "some")
	waitFor(t, "the repositories that fit to be stored", e.log, func() bool { return e.metric(stored) == float64(fitting) })
	e.stop()
	heap := pluginHeap(t, hub.URL)
	figures(t, begin, "%d repositories of a day each refused at a limit of %d MB, %d MB taken of 3 GiB of blank lines, both after %v; memory %d MB at rest, at most %d; "+
		"%d repositories stored under the same limit; a data source with a limit of 32 MiB took %.0f MiB",
		repos, most/1e6, sent/1e6, refused.Round(time.Second/10), rest/1e6, peak/1e6, fitting, float64(heap)/(1<<20))
}

// pluginHeap returns how much more memory the heap takes while a data source of 32 MiB
// refuses the export.
func pluginHeap(t *testing.T, hub string) int64 {
	t.Helper()
	const most = 32 << 20
	inUse := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapInuse)
	}
	runtime.GC()
	before, peak := inUse(), int64(0)
	conn, err := connection.Open(context.Background(), backend.DataSourceInstanceSettings{
		JSONData:                fmt.Appendf(nil, `{"connection":"hub","organization":"many","endpoint":%q,"memoryLimitMiB":%d}`, hub, most>>20),
		DecryptedSecureJSONData: map[string]string{"token": hubToken},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	done := make(chan connection.Health, 1)
	go func() { done <- conn.Check(context.Background()) }()
	for {
		peak = max(peak, inUse()-before)
		select {
		case h := <-done:
			if h.OK || !strings.Contains(h.Message, "raise its memory limit") {
				t.Errorf("the data source says %+v", h)
			}
			if peak > most*3/2 && !raceDetector {
				t.Errorf("the data source took %d bytes, expected at most %d", peak, most*3/2)
			}
			return peak
		case <-time.After(time.Millisecond):
		}
	}
}

// writeRepos writes a row of each of n repositories, as long as somebody reads.
func writeRepos(w io.Writer, org, day string, n int) {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, "model,%s/repository-%07d,%d,%sT00:00:00.000Z,%d\n", org, i, i+1, day, i%100)
		if len(b) > 1<<16 || i == n-1 {
			if _, err := w.Write(b); err != nil {
				return
			}
			b = b[:0]
		}
	}
}
