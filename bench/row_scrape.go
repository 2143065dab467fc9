package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// runScrape scrapes a page that has not changed since the last scrape, over
// loopback. What counts is the time of the processors, of both ends; the client
// is the same for all and takes the bytes as they come.
func runScrape(b *bench) ([]verdict, error) {
	counts, err := pageCounts(b.series)
	if err != nil {
		return nil, err
	}
	page, err := newPage(counts)
	if err != nil {
		return nil, err
	}
	peer := promHandler(counts)
	if err := samePages(page.Handler(), peer, 2*len(counts)); err != nil {
		return nil, err
	}
	var out []verdict
	for _, c := range []struct {
		name    string
		gzipped bool
	}{{"gzip", true}, {"plain", false}} {
		what := fmt.Sprintf("scrape of %s series, page unchanged, %s, CPU", millions(int64(2*len(counts))), c.name)
		v, err := scrapeOne(b, what, page.Handler(), peer, c.gzipped)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		out = append(out, v...)
	}
	return out, nil
}

func scrapeOne(b *bench, what string, page, peer http.Handler, gzipped bool) ([]verdict, error) {
	var stored storedPage
	page.ServeHTTP(newSink(&stored), scrapeRequest("http://localhost/metrics", acceptPrometheus, gzipped))

	var contestants []contestant
	for _, c := range []struct {
		name string
		http.Handler
	}{
		{"exporter", page},
		{"client_golang through promhttp", peer},
		{"stored bytes to a socket", &stored},
	} {
		server, err := serve(c.Handler)
		if err != nil {
			return nil, err
		}
		defer server.close()
		contestants = append(contestants, contestant{name: c.name, run: func() error { return server.scrape(gzipped) }})
	}
	t, err := race(cpuTime, b.rounds, contestants...)
	if err != nil {
		return nil, err
	}
	return []verdict{atLeast(what, 100, t[0], t[1]), within(what, 1.5, t[0], t[2])}, nil
}

// storedPage is a page that was written before and is now served as it is.
type storedPage []byte

func (p *storedPage) Write(b []byte) (int, error) {
	*p = append(*p, b...)
	return len(b), nil
}

func (p *storedPage) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", strconv.Itoa(len(*p)))
	w.Write(*p)
}

// loopback is a server on this machine and a client for it.
type loopback struct {
	server *http.Server
	client *http.Client
	url    string
}

func serve(h http.Handler) (*loopback, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &loopback{
		server: &http.Server{Handler: h},
		client: &http.Client{Transport: &http.Transport{DisableCompression: true}},
		url:    "http://" + listener.Addr().String() + "/metrics",
	}
	go func() { _ = l.server.Serve(listener) }() // ends with close
	return l, nil
}

func (l *loopback) close() error {
	l.client.CloseIdleConnections()
	return l.server.Close()
}

// scrape asks for the page and throws it away.
func (l *loopback) scrape(gzipped bool) error {
	response, err := l.client.Do(scrapeRequest(l.url, acceptPrometheus, gzipped))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || n == 0 {
		return fmt.Errorf("status %s, %d bytes", response.Status, n)
	}
	return nil
}
