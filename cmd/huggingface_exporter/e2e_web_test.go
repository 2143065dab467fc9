package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// With all exports taken, a further one is told to wait, and scrapes and questions
// are answered.
func TestExportsAtTheirLimit(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	text := r.ok("generate", "--repos=150", "--days=1200")
	r.write("x.csv", text, 1)
	r.ok("import", "x.csv")
	r.write("c.yaml", "web: {max_exports: 1}\n", 1)
	s := r.ready("--config.file=c.yaml", "--web.max-requests=8")
	// More than the buffers between the two take, as long as nothing is read.
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	held, err := client.Get(s.url + "/api/v1/records")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Body.Close()
	for range 3 {
		resp, err := client.Get(s.url + "/organizations/acme/settings/publisher-analytics/download-breakdown")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := `{"error":"1 exports are in progress, which is the limit; retry in 5 s"}`; resp.StatusCode != http.StatusTooManyRequests ||
			resp.Header.Get("Retry-After") != "5" || strings.TrimSpace(string(body)) != want {
			t.Errorf("got %d, %v\n%s", resp.StatusCode, resp.Header, body)
		}
		if code, _ := s.get("/api/v1/overview"); code != http.StatusOK {
			t.Errorf("/api/v1/overview: %d", code)
		}
	}
	s.expectMetric(`huggingface_exporter_http_requests_in_flight{route="/api/v1/records"}`, "1")
	s.expectMetric(`huggingface_exporter_http_requests_total{code="429",route="/organizations/{org}/settings/publisher-analytics/download-breakdown"}`, "3")
	// A reload changes the limit.
	r.write("c.yaml", "web: {max_exports: 2}\nquery: {max_rows: 1000}\n", 1)
	if code, body := s.do(http.MethodPost, "/-/reload"); code != http.StatusOK {
		t.Fatalf("%d\n%s", code, body)
	}
	if code, body := s.get("/api/v1/records?to=2000-01-01"); code != http.StatusOK {
		t.Errorf("after the reload: %d\n%s", code, body)
	}
	if code, body := s.get("/api/v1/records"); code != http.StatusUnprocessableEntity || !strings.Contains(body, "at most 1000 records (query.max_rows)") {
		t.Errorf("after the reload: %d\n%s", code, body)
	}
	// The one that was under way is answered to its end.
	if got, err := io.ReadAll(held.Body); err != nil || string(got) != text {
		t.Errorf("got %d bytes of %d, %v", len(got), len(text), err)
	}
}

// Nothing of a request gets to a file or to another host.
func TestRequestsReachNeitherFilesNorHosts(t *testing.T) {
	t.Parallel()
	c := newCollects(t)
	c.org("massive", fakehub.Team)
	c.config("name: massive")
	c.write("secret.txt", "the-secret-file", 1)
	s := c.ready("--config.file=c.yaml", "--web.enable-pprof")
	s.untilMetric(`huggingface_exporter_collection_success{org="massive"}`, "1")
	s.until("the page shows it", func() bool { _, b := s.get("/metrics"); return strings.Contains(b, `repo="massive/m"`) })
	before, asked := c.snapshot("."), len(c.hub.Requests())

	address := strings.TrimPrefix(s.url, "http://")
	hostile := []string{"../../secret.txt", "..%2f..%2fsecret.txt", "/etc/passwd", "%2fetc%2fpasswd", "file:///etc/passwd", c.url + "/probe", "..%5c..%5csecret.txt", "%00", "c.yaml", "token"}
	send := func(target string) string {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		method := http.MethodGet
		if strings.HasPrefix(target, "!") {
			method, target, _ = strings.Cut(target[1:], " ")
		}
		host := strings.TrimPrefix(c.url, "http://")
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, target, host)
		for _, name := range []string{"Referer", "Origin", "X-Forwarded-Host", "X-Forwarded-For", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "X-Accel-Redirect", "X-Sendfile", "Destination", "Content-Location", "Cookie", "Range"} {
			fmt.Fprintf(conn, "%s: %s/probe\r\n", name, c.url)
		}
		fmt.Fprint(conn, "\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s %q: %v", method, target, err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if to := resp.Header.Get("Location"); resp.StatusCode/100 == 3 && (strings.Contains(to, "//") || !strings.HasPrefix(to, "/")) {
			t.Errorf("%s %q is sent to %q", method, target, to)
		}
		return string(body)
	}
	var targets []string
	for _, pattern := range allRoutes(t) {
		path := pathOf(pattern)
		targets = append(targets, path, c.url+path, "!PUT "+path, "!CONNECT "+path)
		for _, x := range hostile {
			targets = append(targets, path+"/"+x, path+"?file="+x+"&path="+x+"&url="+x+"&format="+x, path+"?org="+x+"&repo="+x+"&search="+x+"&name[]="+x)
			if strings.Contains(pattern, "{org}") && !strings.Contains(x, "/") {
				targets = append(targets, strings.Replace(pattern, "{org}", x, 1))
			}
		}
	}
	for _, target := range targets {
		if body := send(target); strings.Contains(body, "the-secret-file") || strings.Contains(body, "root:x:") || strings.Contains(body, hubToken) {
			t.Errorf("%q is answered with a file:\n%s", target, body)
		}
	}
	if got := len(c.hub.Requests()); got != asked {
		t.Errorf("%d requests came to another host: %+v", got-asked, c.hub.Requests()[asked:])
	}
	after := c.snapshot(".")
	for name, content := range before {
		if after[name] != content {
			t.Errorf("%s has changed", name)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d files, and then %d", len(before), len(after))
	}
}
