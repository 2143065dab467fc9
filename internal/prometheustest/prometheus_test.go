package prometheustest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// needTool returns the path of a program, and fails the test if there is none: a
// test that is left out would look like one that passed.
func needTool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not in PATH: install it (Debian: apt-get install prometheus); make test does", name)
	}
	return path
}

// The jobs under which Prometheus scrapes the exporter, one for each format.
const (
	jobOpenMetrics = "openmetrics"
	jobText        = "text"
)

// server is a running Prometheus.
type server struct {
	url string
	// openMetrics and text see what passes between it and the exporter.
	openMetrics, text *window
}

// startPrometheus starts a Prometheus that scrapes the exporter every second:
// once as it likes, which is OpenMetrics, and once through a proxy that lets it
// ask for the text format alone, as old ones do.
func startPrometheus(t *testing.T, exporterURL string) *server {
	t.Helper()
	tool := needTool(t, "prometheus")
	s := &server{
		openMetrics: newWindow(t, exporterURL, ""),
		text:        newWindow(t, exporterURL, "text/plain;version=0.0.4;q=1,*/*;q=0.1"),
	}
	dir := t.TempDir()
	config := fmt.Sprintf(`
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: %s
    static_configs: [{targets: [%q]}]
  - job_name: %s
    static_configs: [{targets: [%q]}]
`, jobOpenMetrics, s.openMetrics.address, jobText, s.text.address)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	s.url = "http://" + address
	start(t, s.url+"/-/ready", tool,
		"--config.file="+file,
		"--storage.tsdb.path="+filepath.Join(dir, "tsdb"),
		"--web.listen-address="+address,
		"--log.level=warn",
	)
	return s
}

// window is a proxy before the exporter that remembers the last scrape.
type window struct {
	address string

	mu                    sync.Mutex
	contentType, encoding string
}

// newWindow starts a proxy. It replaces what the scraper accepts, unless accept
// is empty.
func newWindow(t *testing.T, target, accept string) *window {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	w := &window{}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			if accept != "" {
				r.Out.Header.Set("Accept", accept)
			}
		},
		ModifyResponse: func(r *http.Response) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.contentType, w.encoding = r.Header.Get("Content-Type"), r.Header.Get("Content-Encoding")
			return nil
		},
	})
	t.Cleanup(proxy.Close)
	w.address = proxy.Listener.Addr().String()
	return w
}

// last returns the media type and the encoding of the last scrape.
func (w *window) last() (contentType, encoding string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.contentType, w.encoding
}

// series is an element of an answer.
type series struct {
	Metric map[string]string `json:"metric"`
	Value  sample            `json:"value"`  // of an instant vector
	Values []sample          `json:"values"` // of a range vector
}

// sample is a value and its time in seconds.
type sample struct{ at, value float64 }

// UnmarshalJSON reads [time, "value"].
func (s *sample) UnmarshalJSON(b []byte) error {
	var parts [2]json.RawMessage
	var text string
	if err := errors.Join(json.Unmarshal(b, &parts), json.Unmarshal(parts[0], &s.at), json.Unmarshal(parts[1], &text)); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(text, 64)
	s.value = v
	return err
}

// get asks Prometheus's API and reads the data of the answer.
func (s *server) get(path string, query url.Values, data any) error {
	response, err := http.Get(s.url + path + "?" + query.Encode())
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var body struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return err
	}
	if body.Status != "success" {
		return fmt.Errorf("%s?%s: %s: %s", path, query.Encode(), body.Status, body.Error)
	}
	return json.Unmarshal(body.Data, data)
}

// query asks for the value of an expression at an instant.
func (s *server) query(expression string, at time.Time) ([]series, error) {
	var data struct{ Result []series }
	err := s.get("/api/v1/query", url.Values{
		"query": {expression},
		"time":  {strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)},
	}, &data)
	return data.Result, err
}

// one asks for an expression that has one element, and returns it.
func (s *server) one(expression string, at time.Time) (series, error) {
	result, err := s.query(expression, at)
	if err == nil && len(result) != 1 {
		err = fmt.Errorf("%s: expected one series, got %v", expression, result)
	}
	if err != nil {
		return series{}, err
	}
	return result[0], nil
}

// hasValue returns an error unless an expression has one element of that value.
func (s *server) hasValue(expression string, want float64) error {
	got, err := s.one(expression, time.Now())
	if err == nil && got.Value.value != want {
		err = fmt.Errorf("%s: expected %v, got %v", expression, want, got.Value.value)
	}
	return err
}
