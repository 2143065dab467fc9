package engine

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Reading from VictoriaMetrics has the credentials and the TLS settings of the
// configuration.
func TestVictoriaMetricsCredentials(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string]string) // by path
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.URL.Path] = r.Header.Get("Authorization")
		if strings.HasSuffix(r.URL.Path, "/query") {
			_, _ = io.WriteString(w, `{"status": "success", "data": {"resultType": "vector", "result": []}}`)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"ca.pem":   pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
		"password": []byte("pa55word"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := func(settings, want, wantErr string) {
		t.Helper()
		c, err := config.Parse(filepath.Join(dir, "c.yaml"), []byte("storage: {engine: victoriametrics, victoriametrics: {"+
			"insert_url: '"+s.URL+"', "+settings+"}}"))
		if err != nil {
			t.Fatal(err)
		}
		e, err := Open(t.Context(), Options{Storage: c.Storage, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		clear(seen)
		_, err = e.Overview(ctx, history.OverviewQuery{})
		if wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
			t.Errorf("%s: got %v, expected %q", settings, err, wantErr)
		}
		for path, got := range seen {
			if got != want {
				t.Errorf("%s: %s got %q, expected %q", settings, path, got, want)
			}
		}
		if wantErr == "" && len(seen) == 0 {
			t.Errorf("%s: nothing was asked for", settings)
		}
	}
	const basic = "Basic bWU6cGE1NXdvcmQ="
	f("tls_config: {ca_file: ca.pem}, basic_auth: {username: me, password_file: password}", basic, "")
	f("tls: {ca_file: ca.pem}, username: me, password_file: password", basic, "")
	f("tls_config: {ca_file: ca.pem}, authorization: {credentials_file: password}", "Bearer pa55word", "")
	f("basic_auth: {username: me, password_file: password}", "", "certificate signed by unknown authority")
}
