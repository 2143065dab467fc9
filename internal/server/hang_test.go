//go:build unix

package server

import (
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Files of the configuration that hang keep the process neither from answering nor from
// stopping.
func TestRunWithFilesThatHang(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r := run(t, "hub: {endpoint: 'http://127.0.0.1:1', token_file: "+pipe+", organizations: [{name: a}, {name: b}]}\n"+
		"push: {url: 'http://127.0.0.1:1', basic_auth: {username: me, password_file: "+pipe+"}}\n")
	r.until("/metrics", "huggingface_exporter_")
	r.until("/debug/collections?format=json", `"running":true`)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if d := time.Since(began); d > drainTimeout { // of which the last push has some
		t.Errorf("it took %s, with files that hang", d)
	}
}
