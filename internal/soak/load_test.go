package soak

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestLoad has 200 scrapers and 50 exports at once ask one serve, while it collects:
// ordinary ones, some that read slowly and some that go away in the middle. Every
// scrape is answered, in the long form within the ten seconds that Prometheus waits;
// memory is bounded, and afterwards nothing is left of them. The short form has a
// quarter of them: it may share the machine.
func TestLoad(t *testing.T) {
	begin := time.Now()
	s := newStage(t, size(60, 300), size(400, 700), 8)
	e := ready(t, s.arguments()...)
	(&disk{stage: s}).untilHubIsStored(e)
	c := &crowd{stage: s, e: e, every: 4 * time.Second, want: tally(e.get(settledPart))}
	rest := c.atRest()

	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(size(6, 90))*time.Second)
	defer cancel()
	scrapers, readers := size(50, 200), size(15, 50)
	for i := range scrapers {
		c.each(ctx, i, c.scrape)
	}
	for i := range readers {
		c.each(ctx, i, c.export)
	}
	for minutes := 361; ctx.Err() == nil; minutes++ {
		s.pass()
		s.configure(minutes)
		if code, body := e.reload(); code != http.StatusOK {
			t.Errorf("reload: %d\n%s", code, body)
		}
		time.Sleep(time.Second)
	}
	c.done.Wait()
	_, peak := e.memory()
	after := c.settled(rest)
	e.stop()

	slices.Sort(c.scrapes)
	n := len(c.scrapes)
	if n == 0 || c.exports.Load() == 0 {
		t.Fatalf("%d scrapes, %d exports", n, c.exports.Load())
	}
	if slowest := c.scrapes[n-1]; *long && slowest > scrapeTimeout {
		t.Errorf("a scrape took %v, expected at most %v", slowest, scrapeTimeout)
	}
	if most := rest.resident + bound(scrapers, readers); peak > most {
		t.Errorf("at its peak it had %d MiB of memory, expected at most %d", peak>>20, most>>20)
	}
	figures(t, begin, "%d scrapes by %d scrapers (half in %v, 99%% in %v, the slowest in %v), %d whole exports by %d readers, "+
		"%d slow readers, %d that vanished; memory %d MiB at rest, at most %d under load; goroutines %d and %d, file descriptors %d and %d before and after",
		n, scrapers, c.scrapes[n/2].Round(time.Millisecond), c.scrapes[n*99/100].Round(time.Millisecond), c.scrapes[n-1].Round(time.Millisecond),
		c.exports.Load(), readers, c.slow.Load(), c.vanished.Load(), rest.resident>>20, peak>>20,
		rest.goroutines, after.goroutines, rest.files, after.files)
}

// scrapeTimeout is Prometheus' own.
const scrapeTimeout = 10 * time.Second

// bound is how much more memory than at rest readers may take, in bytes: 12 MiB an
// export, of which Parquet takes the most, and half a MiB a scrape, however large the
// history is and however slowly they read. The race detector takes several times as
// much.
func bound(scrapers, readers int) int64 {
	b := int64(readers)*12<<20 + int64(scrapers)*512<<10
	if raceDetector {
		b *= 8
	}
	return b
}

// crowd is who asks.
type crowd struct {
	*stage
	e *exporter
	// every is about how often each scrapes; want is the tally of settledPart.
	every time.Duration
	want  string
	done  sync.WaitGroup

	mu                      sync.Mutex
	scrapes                 []time.Duration
	exports, slow, vanished atomic.Int64
}

// each has a reader ask until ctx ends.
func (c *crowd) each(ctx context.Context, i int, ask func(ctx context.Context, client *http.Client, i int) error) {
	c.done.Go(func() {
		client := &http.Client{Transport: &http.Transport{DisableCompression: i%2 == 0}}
		defer client.CloseIdleConnections()
		for n := i; ctx.Err() == nil; n += 7 {
			if err := ask(ctx, client, n); err != nil {
				c.Errorf("reader %d: %v", i, err)
				return
			}
		}
	})
}

// scrape asks for the metrics page in one of its formats, as Prometheus does, or as
// one that goes away.
func (c *crowd) scrape(ctx context.Context, client *http.Client, i int) error {
	if i%20 == 0 {
		return c.vanish("/metrics")
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, c.e.url+"/metrics", nil)
	if err != nil {
		return err
	}
	if i%3 == 0 {
		request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	}
	begin := time.Now()
	n, err := read(client, request, 0)
	took := time.Since(begin)
	if err != nil || n < 1000 {
		return fmt.Errorf("scrape: %d bytes, %v", n, err)
	}
	c.mu.Lock()
	c.scrapes = append(c.scrapes, took)
	c.mu.Unlock()
	pause(ctx, c.every+c.every*time.Duration(i%10)/20)
	return nil
}

// export asks for records: all of them, read at once, slowly, or not to their end.
func (c *crowd) export(ctx context.Context, client *http.Client, i int) error {
	path := "/api/v1/records?format=" + []string{"csv", "jsonl", "parquet"}[i%3]
	switch {
	case i%5 == 0:
		return c.vanish(path)
	case i%5 < 3:
		c.slow.Add(1)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.e.url+path, nil)
		if err != nil {
			return err
		}
		// 64 KiB in each tenth of a second, until the end or until it was enough.
		if _, err = read(client, request, 100*time.Millisecond); ctx.Err() != nil {
			return nil
		}
		return err
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, c.e.url+settledPart, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(request)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if got := tally(string(b)); err != nil || resp.StatusCode != http.StatusOK || got != c.want {
		return fmt.Errorf("export: status %d, %s, expected %s, %v", resp.StatusCode, got, c.want, err)
	}
	c.exports.Add(1)
	pause(ctx, c.every/4)
	return nil
}

// settledPart has the days that the Hub corrects no more: their downloads stay, while
// totals and names change.
var settledPart = "/api/v1/records?org=" + exported + "&to=" + (firstDay - 110).String()

// tally sums up an export.
func tally(text string) string {
	rows, sum := 0, int64(0)
	for line := range strings.Lines(text) {
		if n, err := strconv.ParseInt(strings.TrimSpace(line[strings.LastIndexByte(line, ',')+1:]), 10, 64); err == nil {
			rows, sum = rows+1, sum+n
		}
	}
	return fmt.Sprintf("%d downloads in %d records", sum, rows)
}

// vanish asks, takes a little of the answer and resets the connection.
func (c *crowd) vanish(path string) error {
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.e.url, "http://"))
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	_, _ = io.ReadFull(conn, make([]byte, 2000))
	_ = conn.(*net.TCPConn).SetLinger(0)
	c.vanished.Add(1)
	return conn.Close()
}

// read reads an answer, with a pause before each 64 KiB, and returns its length.
func read(client *http.Client, request *http.Request, pause time.Duration) (n int64, err error) {
	resp, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("status %s", resp.Status)
	}
	for {
		m, err := io.CopyN(io.Discard, resp.Body, 64<<10)
		n += m
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		time.Sleep(pause)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
