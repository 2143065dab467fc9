package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/connection"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// runHub loads an export as the plugin does that is connected to the Hub itself:
// over HTTP, with the plugin's transport and its bound of the memory. That is
// compared with what import does before it writes to the disk: reading the same
// file into columns. The server of the file, and the way of its bytes through the
// network stack and back, are at the plugin's expense.
func runHub(b *bench) ([]verdict, error) {
	want, err := b.table()
	if err != nil {
		return nil, err
	}
	records, repos := want.NumRecords(), want.NumRepos()
	var out []verdict
	for _, c := range []struct {
		order csvOrder
		words string
	}{
		{byRepo, "rows grouped by repo"},
		{byDay, "rows in day order"},
	} {
		path, err := b.path(c.order)
		if err != nil {
			return nil, err
		}
		hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { sendCSV(w, path) }))
		defer hub.Close()

		var conn connection.Connection
		var table *memtable.Table
		t, err := race(wallTime, b.rounds,
			contestant{
				name:  "plugin",
				run:   func() (err error) { conn, err = loadHub(hub.URL, repos, records); return err },
				after: func() error { conn.Close(); conn = nil; return nil },
			},
			contestant{
				name:  "import without its disk part",
				run:   func() (err error) { table, err = readColumns(path); return err },
				after: func() error { table = nil; return nil },
			},
		)
		runtime.KeepAlive(table)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.order, err)
		}
		out = append(out, within("plugin connected to the Hub: load "+millions(records)+" records, "+c.words, 1, t[0], t[1]))

		before := heapLive()
		if conn, err = loadHub(hub.URL, repos, records); err != nil {
			return nil, err
		}
		heap := heapLive() - before
		conn.Close()
		out = append(out, atMost("the same: growth of the heap, "+c.words, 4, float64(heap)/float64(records), "bytes a record"))
	}
	return out, nil
}

// sendCSV answers with a file. One that is not sent whole breaks the connection.
func sendCSV(w http.ResponseWriter, path string) {
	f, err := os.Open(path)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "text/csv")
	// With it, the kernel sends the file by itself: it is not the server that is
	// measured.
	w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	if _, err := io.Copy(w, f); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// loadHub returns a connection that has loaded an export, once it is known to be
// all of it.
func loadHub(url string, repos int, records int64) (connection.Connection, error) {
	jsonData, err := json.Marshal(map[string]any{"connection": "hub", "organization": "acme", "endpoint": url})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	conn, err := connection.Open(ctx, backend.DataSourceInstanceSettings{Name: "bench", UID: "bench", JSONData: jsonData})
	if err != nil {
		return nil, err
	}
	if _, _, err := conn.Reader(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	if d := conn.Check(ctx).Details; d.Repos != repos || d.Records != records {
		conn.Close()
		return nil, fmt.Errorf("expected %d repositories with %d records, got %d with %d", repos, records, d.Repos, d.Records)
	}
	return conn, nil
}
