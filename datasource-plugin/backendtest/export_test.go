package backendtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/framecsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/rowstream"
)

// TestExportIsTheExportersOwn compares what goes through the plugin with what the
// exporter writes: the link's file, and the frames of a query turned into CSV.
func TestExportIsTheExportersOwn(t *testing.T) {
	e := serve(t, generated(t, 2000, 900))
	p := startPlugin(t, e.url)
	same := func(what string, got []byte, want string) {
		t.Helper()
		if string(got) != want {
			t.Errorf("%s: expected the %d bytes of the exporter, got %d other ones", what, len(want), len(got))
		}
	}
	link := func(parameters, records string) {
		t.Helper()
		want := e.get(t, "/api/v1/records?"+records)
		r := p.whole(t, "export.csv?"+parameters)
		same("export.csv?"+parameters, r.body, want)

		r, err := p.get(t, "export.csv?"+parameters, map[string][]string{"Accept-Encoding": {"gzip"}})
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		same("export.csv?"+parameters+" with gzip", text, want)
	}
	link("", "")
	link("order=repo", "order=repo")
	link("period=last_month&repo_type=dataset&var-search=1", "period=last_month&repo_type=dataset&search=1")
	link("from=2025-03-01&to=2025-03-31&order=repo&org=acme", "from=2025-03-01&to=2025-03-31&order=repo&org=acme")

	frame := func(queryJSON, records string) {
		t.Helper()
		r := p.ask(t, queryJSON)
		if r.Error != nil {
			t.Fatalf("%s: %v", queryJSON, r.Error)
		}
		var b bytes.Buffer
		if err := framecsv.Write(&b, hubcsv.WriterOptions{}, r.Frames...); err != nil {
			t.Fatalf("%s: %v", queryJSON, err)
		}
		same(queryJSON, b.Bytes(), e.get(t, "/api/v1/records?"+records))
	}
	frame(`{"queryType":"export","period":"all_time","limit":1000000,"repoTypes":["dataset"]}`, "repo_type=dataset")
	frame(`{"queryType":"export","period":"last_month","limit":1000000,"order":"repo"}`, "period=last_month&order=repo")
}

// endless is an exporter whose records never end.
type endless struct {
	began, ended, dead chan struct{}
}

func newEndless() *endless {
	return &endless{began: make(chan struct{}), ended: make(chan struct{}), dead: make(chan struct{})}
}

// die breaks off the answer under way.
func (e *endless) die() { close(e.dead) }

func (e *endless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/api/v1/records" {
		http.NotFound(w, r)
		return
	}
	close(e.began)
	defer close(e.ended)
	w.Header().Set("Content-Type", rowstream.ContentType)
	out := rowstream.NewWriter(w)
	rows := history.Rows{Repos: []history.RepoTotal{{Repo: history.Repo{Type: history.Model, Name: "acme/rocket"}, Total: 12400}}}
	for range history.BlockRows {
		rows.Append(0, 18932, 100)
	}
	for r.Context().Err() == nil {
		select {
		case <-e.dead:
			panic(http.ErrAbortHandler)
		default:
			_ = out.WriteRows(&rows) // fails once the plugin has gone
		}
	}
}

// TestClientGoes lets a browser go in the middle of a download, which has to end the
// request to the exporter too.
func TestClientGoes(t *testing.T) {
	upstream := newEndless()
	p := startPlugin(t, listen(t, upstream))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, gateway(t, p).URL+"/export.csv?from=2021-11-01&to=2021-11-30", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	<-upstream.began
	cancel()
	resp.Body.Close()
	until(t, "the request to the exporter ends", p.log, func() bool {
		select {
		case <-upstream.ended:
			return true
		default:
			return false
		}
	})
	until(t, "the plugin counts a cancelled export", p.log, func() bool {
		m, err := p.CollectMetrics(t.Context())
		return err == nil && strings.Contains(m, `huggingface_publisheranalytics_plugin_exports_total{status="cancelled"} 1`)
	})
}

// TestExporterDies kills the exporter in the middle of a download, which must not
// look whole.
func TestExporterDies(t *testing.T) {
	e := serve(t, generated(t, 5000, 1500))
	finish := download(t, startPlugin(t, e.url), "identity")
	// What was not read yet waits in buffers, which are smaller than the 20 MB that
	// the exporter sends.
	e.kill()
	text := finish()
	if !bytes.Contains(text, []byte("\"this export is incomplete: ")) {
		t.Errorf("expected a line that says it, got ...%q", text[max(0, len(text)-300):])
	}
	if _, err := history.Collect(hubcsv.Read(bytes.NewReader(text), hubcsv.Options{})); err == nil {
		t.Error("expected a reader of the record format to refuse it, got no error")
	}
}

// TestCompressedDownloadBreaks does the same with a browser that takes gzip: what it
// gets is more than it can decode.
func TestCompressedDownloadBreaks(t *testing.T) {
	upstream := newEndless()
	finish := download(t, startPlugin(t, listen(t, upstream)), "gzip")
	upstream.die()
	z, err := gzip.NewReader(bytes.NewReader(finish()))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("expected a decoder to find a fault, got %v after %d bytes", err, len(text))
	}
}

// download begins a download through the gateway. The returned function reads the
// rest of it, and returns all.
func download(t *testing.T, p *plugin, encoding string) (finish func() []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway(t, p).URL+"/export.csv?from=2021-11-01&to=2025-12-31", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", encoding)
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("expected status 200, got %s", resp.Status)
	}
	first := make([]byte, 1<<10)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	return func() []byte {
		rest, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Errorf("expected an end in good order, as Grafana gives it, got %v", err)
		}
		return slices.Concat(first, rest)
	}
}

// TestFirstPartBeforeTheLastRecord is sent parts of an export that has no last
// record.
func TestFirstPartBeforeTheLastRecord(t *testing.T) {
	upstream := newEndless()
	p := startPlugin(t, listen(t, upstream))
	enough := errors.New("enough")
	n := 0
	err := p.CallResource(t.Context(), p.settings, http.MethodGet, "export.csv?from=2021-11-01&to=2021-11-30", nil, func(part *backend.CallResourceResponse) error {
		if n++; n == 20 {
			return enough
		}
		if len(part.Body) > 1<<20 {
			t.Errorf("expected parts of less than a megabyte, got %d bytes", len(part.Body))
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("expected to be sent parts of an export without end, got %d and %v", n, err)
	}
}
