package connection

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// The secrets of the tests: none of them may be in what a user or a log gets.
const (
	token    = "hf_TheSecretOfTheTest_0123456789"
	password = "hunter2-hunter2"
	secret   = "k3y-7f1e9a-0b44"
)

// configured returns settings of a data source.
func configured(url string, jsonData map[string]any, secrets map[string]string) backend.DataSourceInstanceSettings {
	b, err := json.Marshal(jsonData)
	if err != nil {
		panic(err)
	}
	return backend.DataSourceInstanceSettings{
		UID: "uid", Name: "name", Type: "huggingfaceexporter-publisheranalytics-datasource",
		URL: url, JSONData: b, DecryptedSecureJSONData: secrets,
	}
}

// notes is a logger that keeps what is written.
type notes struct {
	mu   *sync.Mutex
	text *bytes.Buffer
}

func newNotes() notes { return notes{new(sync.Mutex), new(bytes.Buffer)} }

func (n notes) write(level, msg string, args []any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintln(n.text, append([]any{level, msg}, args...)...)
}

func (n notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

func (n notes) Debug(msg string, args ...any)          { n.write("debug", msg, args) }
func (n notes) Info(msg string, args ...any)           { n.write("info", msg, args) }
func (n notes) Warn(msg string, args ...any)           { n.write("warn", msg, args) }
func (n notes) Error(msg string, args ...any)          { n.write("error", msg, args) }
func (n notes) With(args ...any) log.Logger            { return n }
func (n notes) Level() log.Level                       { return log.Debug }
func (n notes) FromContext(context.Context) log.Logger { return n }

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// connect opens a connection and closes it at the end of the test.
func connect(t testing.TB, dial dialer, s backend.DataSourceInstanceSettings) (Connection, notes) {
	t.Helper()
	n := newNotes()
	c, err := open(context.Background(), s, surroundings{log: n, dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		wantNoSecret(t, n.String())
	})
	return c, n
}

func wantNoSecret(t testing.TB, text string) {
	t.Helper()
	for _, s := range []string{token, password, secret} {
		if strings.Contains(text, s) {
			t.Errorf("expected no secret, got %q in: %s", s, text)
		}
	}
}

// wantSentence checks that a text is one sentence without secrets.
func wantSentence(t testing.TB, text string) {
	t.Helper()
	wantNoSecret(t, text)
	if text == "" || strings.Contains(text, "\n") || !strings.HasSuffix(text, ".") || strings.HasSuffix(text, "..") || len(text) > 700 {
		t.Errorf("expected one sentence, got %q", text)
	}
}

// wantFault checks a check that finds a fault.
func wantFault(t testing.TB, h Health, kind Kind, words ...string) {
	t.Helper()
	wantSentence(t, h.Message)
	if h.OK || h.Details.Error == nil || h.Details.Error.Kind != kind {
		t.Errorf("expected a fault of the kind %q, got OK %v, %+v: %s", kind, h.OK, h.Details.Error, h.Message)
		return
	}
	for _, w := range words {
		if !strings.Contains(h.Message, w) {
			t.Errorf("expected %q in the message, got %s", w, h.Message)
		}
	}
	b, err := json.Marshal(h.Details)
	if err != nil {
		t.Fatal(err)
	}
	wantNoSecret(t, string(b))
}

// wantUpstream checks an error of a query: of upstream, of that kind.
func wantUpstream(t testing.TB, err error, kind Kind) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != kind || !backend.IsDownstreamError(err) {
		t.Errorf("expected an error of upstream of the kind %q, got %v", kind, err)
		return
	}
	wantNoSecret(t, err.Error())
}

var version = history.Version{Source: history.Published, AsOf: 1}

func day(s string) history.Day {
	d, err := history.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// threeRecords are of two repositories.
func threeRecords() []history.Record {
	m := history.Repo{Type: history.Model, Name: "acme/m"}
	d := history.Repo{Type: history.Dataset, Name: "acme/d"}
	return []history.Record{
		{Repo: m, Total: 100, Day: day("2026-11-18"), Downloads: 7},
		{Repo: m, Total: 100, Day: day("2026-11-19"), Downloads: 8},
		{Repo: d, Total: 50, Day: day("2026-11-19"), Downloads: 5},
	}
}

func storeOf(t testing.TB, records ...history.Record) *memtable.Store {
	t.Helper()
	s := memtable.NewStore()
	if _, err := s.Append(context.Background(), history.Batch{Rows: history.RowsOf(version, records...)}); err != nil {
		t.Fatal(err)
	}
	return s
}
