package exposition

import (
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// allAt returns repositories that all have n downloads.
func allAt(n int64) iter.Seq[history.Counts] {
	return func(yield func(history.Counts) bool) {
		for i := range blockRepos + 100 {
			c := downloads(fmt.Sprintf("acme/%06d", i), n)
			c.LastMonth = n
			if !yield(c) {
				return
			}
		}
	}
}

var repoValue = regexp.MustCompile(`(?m)^huggingface_repo_.*\} (\d+)$`)

// pageNumber returns the one number that all repositories of a page have.
func pageNumber(t *testing.T, page []byte) int64 {
	t.Helper()
	found := repoValue.FindAllSubmatch(page, -1)
	if len(found) != 2*(blockRepos+100) {
		t.Errorf("%d samples on the page, expected %d", len(found), 2*(blockRepos+100))
		return -1
	}
	for _, m := range found {
		if string(m[1]) != string(found[0][1]) {
			t.Errorf("%s and %s on one page", m[1], found[0][1])
			return -1
		}
	}
	n, err := strconv.ParseInt(string(found[0][1]), 10, 64)
	if err != nil {
		t.Error(err)
	}
	return n
}

// Scrapes during updates see whole pages, each at least as new as the one before.
func TestScrapesDuringUpdates(t *testing.T) {
	const updates = 8
	p, _ := newPage(t, Options{})
	p.Update(allAt(0), Stored{})
	var wg sync.WaitGroup
	for _, format := range []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_1_0_0} {
		for _, encoding := range []string{"identity", "gzip"} {
			wg.Go(func() {
				for last := int64(0); last < updates; {
					n := pageNumber(t, get(t, p.Handler(), format, encoding))
					if n < last {
						t.Errorf("page %d after page %d", n, last)
						return
					}
					last = n
				}
			})
		}
	}
	wg.Go(func() {
		for n := int64(0); n >= 0 && n < updates; {
			get(t, p.Handler(), expfmt.FmtProtoDelim, "gzip")
			if err := p.SetOptions(Options{Families: []string{"downloads", "last_month"}}); err != nil {
				t.Error(err)
			}
			n = pageNumber(t, get(t, p.Handler(), expfmt.FmtText, "gzip"))
		}
	})
	for n := range int64(updates) {
		p.Update(allAt(n+1), Stored{})
	}
	wg.Wait()
}

// A scrape does not wait for an update that is under way.
func TestScrapeDoesNotWaitForUpdate(t *testing.T) {
	p, _ := newPage(t, Options{})
	p.Update(allAt(1), Stored{})
	reading, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	wg.Go(func() {
		p.Update(func(yield func(history.Counts) bool) {
			for c := range allAt(2) {
				once.Do(func() {
					close(reading)
					<-release
				})
				if !yield(c) {
					return
				}
			}
		}, Stored{})
	})
	<-reading
	for _, format := range formats[:2] {
		if n := pageNumber(t, get(t, p.Handler(), format, "gzip")); n != 1 {
			t.Errorf("page %d during the update, expected 1", n)
		}
	}
	get(t, p.Handler(), expfmt.FmtProtoDelim, "identity")
	close(release)
	wg.Wait()
	if n := pageNumber(t, get(t, p.Handler(), expfmt.FmtText, "gzip")); n != 2 {
		t.Errorf("page %d after the update, expected 2", n)
	}
}

// slowClient reads nothing more after the first bytes until it is told to.
type slowClient struct {
	*httptest.ResponseRecorder
	begun, release chan struct{}
	once           sync.Once
}

func (s *slowClient) Write(b []byte) (int, error) {
	n, err := s.ResponseRecorder.Write(b)
	s.once.Do(func() {
		close(s.begun)
		<-s.release
	})
	return n, err
}

// An update does not wait for a slow client, and that one gets the page that it
// began with, whole.
func TestUpdateDoesNotWaitForSlowClient(t *testing.T) {
	p, _ := newPage(t, Options{})
	p.Update(allAt(1), Stored{})
	for _, encoding := range []string{"identity", "gzip"} {
		p.Update(allAt(1), Stored{})
		client := &slowClient{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), release: make(chan struct{})}
		var wg sync.WaitGroup
		wg.Go(func() {
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set("Accept-Encoding", encoding)
			p.Handler().ServeHTTP(client, r)
		})
		<-client.begun
		for n := range int64(3) {
			p.Update(allAt(n+2), Stored{})
			if got := pageNumber(t, get(t, p.Handler(), expfmt.FmtText, encoding)); got != n+2 {
				t.Errorf("page %d for others, expected %d", got, n+2)
			}
		}
		close(client.release)
		wg.Wait()
		page := client.Body.Bytes()
		if encoding == "gzip" {
			page = gunzipOne(t, page)
		}
		if n := pageNumber(t, page); n != 1 {
			t.Errorf("page %d for the slow client, expected 1", n)
		}
	}
}

// A client that leaves in mid page ends its scrape and no more.
func TestClientLeaves(t *testing.T) {
	p, _ := newPage(t, Options{})
	p.Update(allAt(1), Stored{})
	for _, encoding := range []string{"identity", "gzip"} {
		gone := &goneClient{header: make(http.Header)}
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Header.Set("Accept-Encoding", encoding)
		p.Handler().ServeHTTP(gone, r)
		if gone.writes != 2 {
			t.Errorf("%s: %d writes, expected to stop at the second, which fails", encoding, gone.writes)
		}
		pageNumber(t, get(t, p.Handler(), expfmt.FmtText, encoding))
	}
}

type goneClient struct {
	header http.Header
	writes int
}

func (g *goneClient) Header() http.Header { return g.header }
func (g *goneClient) WriteHeader(int)     {}
func (g *goneClient) Write(b []byte) (int, error) {
	if g.writes++; g.writes > 1 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

// A scrape of a page that too many others have followed ends, so that slow clients do not
// keep them all in memory; that of the page before the current one goes on.
func TestOldPagesAreGivenUp(t *testing.T) {
	p, _ := newPage(t, Options{})
	large := func(yield func(history.Counts) bool) {
		for i := range maxOld / 1500 {
			if !yield(downloads(fmt.Sprintf("acme/%0700d", i), 1)) {
				return
			}
		}
	}
	clients := make([]*slowClient, 3)
	var wg sync.WaitGroup
	for i := range clients {
		p.Update(large, Stored{})
		clients[i] = &slowClient{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), release: make(chan struct{})}
		wg.Go(func() { p.Handler().ServeHTTP(clients[i], httptest.NewRequest(http.MethodGet, "/metrics", nil)) })
		<-clients[i].begun
	}
	p.Update(large, Stored{})
	for _, c := range clients {
		close(c.release)
	}
	wg.Wait()
	for i, c := range clients {
		length, err := strconv.Atoi(c.Result().Header.Get("Content-Length"))
		if whole := c.Body.Len() == length; err != nil || whole != (i == 2) {
			t.Errorf("client %d got %d bytes of %d, %v", i, c.Body.Len(), length, err)
		}
	}
	if len(p.old) > 0 || p.current.Load().readers != 0 {
		t.Errorf("%d old pages are kept", len(p.old))
	}
}

// Slow clients do not hold more of the own metrics than they may: beyond, they share them.
func TestOwnMetricsAreShared(t *testing.T) {
	p, reg := newPage(t, Options{})
	many := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "many", Help: "Many samples of the exporter itself."}, []string{"of"})
	reg.MustRegister(many)
	for i := range 10_000 {
		many.WithLabelValues(fmt.Sprintf("%0100d", i))
	}
	var clients []*slowClient
	var wg sync.WaitGroup
	for range 64 {
		c := &slowClient{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), release: make(chan struct{})}
		clients = append(clients, c)
		wg.Go(func() { p.Handler().ServeHTTP(c, httptest.NewRequest(http.MethodGet, "/metrics", nil)) })
		<-c.begun
	}
	if most := int64(maxOwnHeld + 3<<20); p.own.held > most {
		t.Errorf("%d bytes are held, expected at most %d", p.own.held, most)
	}
	for _, c := range clients {
		close(c.release)
	}
	wg.Wait()
	for _, c := range clients {
		if c.Body.Len() != clients[0].Body.Len() {
			t.Errorf("got %d bytes, expected %d", c.Body.Len(), clients[0].Body.Len())
		}
	}
	if p.own.held != 0 || len(p.own.newest) != 0 {
		t.Errorf("%d bytes are held at the end", p.own.held)
	}
}

// Scrapes that come at once wait for one gathering, which began after they asked, and not for
// each other's.
func TestScrapesAtOnceShareOwnMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, reg := newPage(t, Options{})
		var gathered atomic.Int64
		gate := make(chan struct{})
		desc := prometheus.NewDesc("huggingface_exporter_gathered", "Times.", nil, nil)
		reg.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) {
			n := gathered.Add(1)
			<-gate
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n))
		}))
		turns := runtime.GOMAXPROCS(0)
		var wg sync.WaitGroup
		release := make(chan struct{})
		scrape := func() *slowClient {
			c := &slowClient{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), release: release}
			wg.Go(func() { p.Handler().ServeHTTP(c, httptest.NewRequest(http.MethodGet, "/metrics", nil)) })
			return c
		}
		for range 8 * turns {
			scrape()
		}
		synctest.Wait()
		time.Sleep(time.Second)
		close(gate)
		synctest.Wait()
		n := gathered.Load()
		if n > int64(2*turns) {
			t.Errorf("%d scrapes at once: gathered %d times, expected at most %d", 8*turns, n, 2*turns)
		}
		time.Sleep(time.Second)
		last := scrape()
		synctest.Wait()
		close(release)
		wg.Wait()
		if want := fmt.Sprintf("huggingface_exporter_gathered %d\n", n+1); !strings.Contains(last.Body.String(), want) {
			t.Errorf("a later scrape was not gathered for: expected %s", want)
		}
	})
}
