package soak

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestSlowReaders has hundreds of clients with small receive buffers ask one serve for a
// large metrics page and for exports, and take 64 KB of it every 20 seconds. There are more
// of them than places. Whoever reads as fast as it can is answered all the same, in the long
// form within a second, and the memory stays below 600 MB.
func TestSlowReaders(t *testing.T) {
	begin := time.Now()
	repos := size(4000, 100_000)
	readers, exporters := size(96, 576), size(16, 80)
	pause := time.Duration(size(2, 20)) * time.Second
	dir := t.TempDir()
	export := filepath.Join(dir, "export.csv")
	var text strings.Builder
	text.WriteString("repoType,repoName,total,timestamp,downloads\n")
	for i := range repos {
		for day := 1; day <= 7; day++ {
			fmt.Fprintf(&text, "model,organization-%06d/model-with-a-name-%06d,%d,2026-09-%02dT00:00:00.000Z,%d\n", i, i, 1_000_000+i, day, i%5000+day)
		}
	}
	if err := os.WriteFile(export, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(dir, "data")
	if _, errs, code := run(t, "import", "--storage.path="+store, export); code != 0 {
		t.Fatalf("import: exit %d\n%s", code, errs)
	}
	e := ready(t, "--storage.path="+store, fmt.Sprintf("--web.max-requests=%d", size(64, 512)), fmt.Sprintf("--web.max-exports=%d", size(8, 64)))
	rest, loading := e.memory()

	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(size(8, 100))*time.Second)
	defer cancel()
	s := &sluggish{exporter: e, pause: pause}
	for range readers {
		s.done.Go(func() { s.ask(ctx, "/metrics") })
	}
	for range exporters {
		s.done.Go(func() { s.ask(ctx, "/api/v1/records?format=csv") })
	}
	waitFor(t, "the slow clients to be there", e.log, func() bool { return s.answers.Load() >= int64(size(64, 512)) })

	scrapes, slowest, page := 0, time.Duration(0), int64(0)
	for ; ctx.Err() == nil; scrapes++ {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, e.url+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		if scrapes%2 == 0 {
			request.Header.Set("Accept-Encoding", "gzip")
		}
		asked := time.Now()
		n, err := read(e.client, request, 0)
		took := time.Since(asked)
		if err != nil || n < 1000 {
			t.Fatalf("scrape: %d bytes, %v after %v", n, err, took)
		}
		slowest, page = max(slowest, took), max(page, n)
		time.Sleep(time.Second / 2)
	}
	s.done.Wait()
	_, peak := e.memory()
	e.stop()

	if *long && slowest > time.Second {
		t.Errorf("a scrape took %v, expected at most a second", slowest)
	}
	if most := int64(600_000_000); peak > most {
		t.Errorf("at its peak it had %d MB of memory, expected at most %d", peak/1e6, most/1e6)
	}
	if s.broken.Load() == 0 {
		t.Error("no answer was aborted")
	}
	figures(t, begin, "%d scrapes of %d repositories in as many organizations (%d MB), the slowest in %v, while %d clients and %d exports took 64 KB every %v: "+
		"%d answers begun, %d aborted, %d refused; memory %d MB at rest, at most %d while it was loaded and %d in the end",
		scrapes, repos, page/1e6, slowest.Round(time.Millisecond), readers, exporters, pause,
		s.answers.Load(), s.broken.Load(), s.refused.Load(), rest/1e6, loading/1e6, peak/1e6)
}

// sluggish are clients that take little of what they ask for.
type sluggish struct {
	*exporter
	pause time.Duration
	done  sync.WaitGroup
	// broken are the answers that ended early, refused those with a status that says to ask
	// again later.
	answers, broken, refused atomic.Int64
}

// ask asks until ctx ends, again when an answer was aborted.
func (s *sluggish) ask(ctx context.Context, path string) {
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	for ctx.Err() == nil {
		conn, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			return
		}
		s.answers.Add(1)
		s.take(ctx, conn, path)
		conn.Close()
		pause(ctx, time.Second)
	}
}

func (s *sluggish) take(ctx context.Context, conn net.Conn, path string) {
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		return
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		s.refused.Add(1)
		return
	}
	if resp.StatusCode != http.StatusOK {
		s.Errorf("GET %s: %s", path, resp.Status)
		return
	}
	for {
		_, err := io.CopyN(io.Discard, resp.Body, 64<<10)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.broken.Add(1)
			return
		}
		pause(ctx, s.pause)
	}
}
