package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/backendtest"
)

const (
	maxPluginMemory = 128 // MB of resident memory
	maxFirstPart    = 100 // ms
	maxQuery        = 5   // ms
)

// runPlugin downloads the whole history through the plugin, by the CSV link as
// Grafana asks for it over gRPC, against the exporter's own route. Both send what
// their client asks for, plain text or gzip.
func runPlugin(b *bench) ([]verdict, error) {
	path, err := b.path(byRepo)
	if err != nil {
		return nil, err
	}
	exporter, err := b.program("huggingface_exporter", "./cmd/huggingface_exporter")
	if err != nil {
		return nil, err
	}
	program, err := b.program("gpx_publisheranalytics", "./datasource-plugin/pkg")
	if err != nil {
		return nil, err
	}
	store := filepath.Join(b.scratch, "plugin")
	defer os.RemoveAll(store)
	if out, err := exec.Command(exporter, "import", "--storage.path="+store, path).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("import: %w\n%s", err, out)
	}
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	s, err := startServer(exporter, store, b.threads)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.stop() }() // its error counts where all went well
	host, err := backendtest.Start(program, io.Discard, "GOMAXPROCS="+strconv.Itoa(b.threads))
	if err != nil {
		return nil, err
	}
	defer host.Close()

	p := &pluginSource{host: host, settings: backendtest.Settings{
		ID: 1, UID: "bench", Type: "huggingfaceexporter-publisheranalytics-datasource", URL: s.url,
		JSONData: []byte(`{"connection":"exporter"}`), Updated: time.Unix(1, 0),
	}}
	for _, order := range []csvOrder{byRepo, byDay} {
		if err := p.same(b, order); err != nil {
			return nil, fmt.Errorf("%s: %w", order, err)
		}
	}
	verdicts, err := p.race(b, s, table.NumRecords())
	if err != nil {
		return nil, err
	}
	peak, err := (&server{cmd: &exec.Cmd{Process: &os.Process{Pid: host.PID()}}}).memory("VmHWM")
	if err != nil {
		return nil, err
	}
	verdicts = append(verdicts, atMost("the same, resident memory of the plugin at its peak", maxPluginMemory, float64(peak)/(1<<20), "MB"))
	return verdicts, s.stop()
}

// pluginSource is a data source of a running plugin.
type pluginSource struct {
	host     *backendtest.Host
	settings backendtest.Settings
}

// race measures downloads by turns, and how long one waits for answers.
func (p *pluginSource) race(b *bench, s *server, records int64) ([]verdict, error) {
	plain := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer plain.CloseIdleConnections()
	var verdicts []verdict
	for _, c := range []struct{ what, query, encoding string }{
		{"by day", "order=time", "identity"},
		{"by repo", "order=repo", "identity"},
		{"by day, gzip as browsers ask for it", "order=time", "gzip"},
	} {
		t, err := race(wallTime, b.rounds,
			contestant{name: "plugin", run: func() error {
				return p.download(c.query, c.encoding, func([]byte) error { return nil })
			}},
			contestant{name: "the exporter's own route", run: func() error {
				return s.take(plain, c.query, c.encoding)
			}},
		)
		if err != nil {
			return nil, err
		}
		what := fmt.Sprintf("CSV link of %s records through the plugin, %s", millions(records), c.what)
		verdicts = append(verdicts, within(what, 1.3, t[0], t[1]))
	}
	t, err := race(wallTime, b.rounds,
		contestant{name: "first part", run: p.firstPart},
		contestant{name: "overview", run: p.overview},
	)
	if err != nil {
		return nil, err
	}
	ms := func(t timing) float64 { return t.median.Seconds() * 1e3 }
	return append(verdicts,
		atMost("the same, first part of the file, then the client goes", maxFirstPart, ms(t[0]), "ms"),
		atMost("overview of all records through the plugin", maxQuery, ms(t[1]), "ms"),
	), nil
}

// take takes an export by the exporter's route, packed or not, and throws it away.
func (s *server) take(client *http.Client, query, encoding string) error {
	request, err := http.NewRequest(http.MethodGet, s.url+"/api/v1/records?"+query, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept-Encoding", encoding)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// download takes the CSV link's file, packed or not.
func (p *pluginSource) download(query, encoding string, use func([]byte) error) error {
	url, headers := "export.csv?"+query, map[string][]string{"Accept-Encoding": {encoding}}
	return p.host.CallResource(context.Background(), p.settings, http.MethodGet, url, headers, func(part *backend.CallResourceResponse) error {
		if part.Status != http.StatusOK {
			return fmt.Errorf("%s: status %d: %s", url, part.Status, part.Body)
		}
		return use(part.Body)
	})
}

// same compares the file with that of the inputs.
func (p *pluginSource) same(b *bench, order csvOrder) error {
	r, w := io.Pipe()
	query := "order=time"
	if order == byRepo {
		query = "order=repo"
	}
	go func() {
		w.CloseWithError(p.download(query, "identity", func(part []byte) error {
			_, err := w.Write(part)
			return err
		}))
	}()
	return b.sameAs(order, r)
}

// errEnough ends a download that has begun.
var errEnough = errors.New("enough")

// firstPart begins a download, and goes.
func (p *pluginSource) firstPart() error {
	err := p.download("", "identity", func([]byte) error { return errEnough })
	if err != errEnough {
		return fmt.Errorf("expected a part of the file, got %w", err)
	}
	return nil
}

// overview asks for the sums of all records, by repo type.
func (p *pluginSource) overview() error {
	response, err := p.host.QueryData(context.Background(), p.settings, backend.DataQuery{
		RefID: "A", JSON: []byte(`{"queryType":"overview","format":"totals","period":"all_time"}`),
		TimeRange: backend.TimeRange{From: time.Unix(0, 0), To: time.Unix(1, 0)},
	})
	if err != nil {
		return err
	}
	a := response.Responses["A"]
	if a.Error == nil && (len(a.Frames) != 1 || a.Frames[0].Rows() == 0) {
		return fmt.Errorf("expected a frame with rows, got %d frames", len(a.Frames))
	}
	return a.Error
}

// program builds a program of the product as it is shipped, and returns its file.
func (b *bench) program(name, source string) (string, error) {
	file := filepath.Join(b.scratch, name)
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags=arrow_json_stdlib", "-o", file, source)
	build.Dir = ".." // the product's own module
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", source, err, out)
	}
	return file, nil
}
