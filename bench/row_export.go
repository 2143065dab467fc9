package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
)

const maxExportGrowth = 64 // MB above idle

// runExport exports the whole history by the HTTP API of a server of its own,
// and watches the memory of that process: its peak above what it holds when it
// has been left alone.
func runExport(b *bench) ([]verdict, error) {
	path, err := b.path(byRepo)
	if err != nil {
		return nil, err
	}
	program := filepath.Join(b.scratch, "huggingface_exporter")
	if err := buildExporter(program); err != nil {
		return nil, err
	}
	store := filepath.Join(b.scratch, "export")
	defer os.RemoveAll(store)
	if out, err := exec.Command(program, "import", "--storage.path="+store, path).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("import: %w\n%s", err, out)
	}
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	s, err := startServer(program, store, b.threads)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.stop() }() // its error counts where all went well

	var out []verdict
	for _, c := range []struct {
		name  string
		query url.Values
		same  csvOrder // the file that the answer has to equal, "" for none
	}{
		{"CSV by day", url.Values{"order": {"time"}}, byDay},
		{"CSV by repo", url.Values{"order": {"repo"}}, byRepo},
		{"JSON lines", url.Values{"format": {"jsonl"}}, ""},
		{"Parquet", url.Values{"format": {"parquet"}}, ""},
	} {
		idle, err := s.idle(b.settle)
		if err != nil {
			return nil, err
		}
		if err := s.export(c.query, func(body io.Reader) error { return b.sameAs(c.same, body) }); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		peak, err := s.memory("VmHWM")
		if err != nil {
			return nil, err
		}
		grown := float64(peak-idle) / (1 << 20)
		what := fmt.Sprintf("export of %s records by the API, %s, peak above idle", millions(table.NumRecords()), c.name)
		v := atMost(what, maxExportGrowth, grown, "MB")
		v.against, v.theirs = "the server, idle", number(float64(idle)/(1<<20))+" MB"
		out = append(out, v)
	}
	return out, s.stop()
}

// sameAs reads a body to its end and compares it with a file of the inputs.
func (b *bench) sameAs(order csvOrder, body io.Reader) error {
	if order == "" {
		n, err := io.Copy(io.Discard, body)
		if err == nil && n == 0 {
			err = errors.New("expected records, got nothing")
		}
		return err
	}
	path, err := b.path(order)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	want, got := sha256.New(), sha256.New()
	if _, err := io.Copy(want, f); err != nil {
		return err
	}
	if _, err := io.Copy(got, body); err != nil {
		return err
	}
	if !bytes.Equal(want.Sum(nil), got.Sum(nil)) {
		return fmt.Errorf("the export differs from %s", path)
	}
	return nil
}

// export asks the server for records and hands the body on.
func (s *server) export(query url.Values, use func(io.Reader) error) error {
	response, err := http.Get(s.url + "/api/v1/records?" + query.Encode())
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", response.Status)
	}
	return use(response.Body)
}
