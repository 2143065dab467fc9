package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

func TestGate(t *testing.T) {
	most := 2
	log := new(logBuffer)
	g := &gate{
		most: func() int { return most }, what: "exports", status: http.StatusTooManyRequests, after: 5,
		field: "web.max_exports", log: slog.New(slog.NewTextHandler(log, nil)),
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	h := g.limit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stay" {
			entered <- struct{}{}
			<-leave
		}
	}))
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	ended := make(chan struct{})
	for range most {
		go func() { ask("/stay"); ended <- struct{}{} }()
		<-entered
	}
	refused := func() {
		t.Helper()
		w := ask("/api/v1/records")
		var told struct{ Error string }
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "5" || w.Header().Get("Content-Type") != "application/json" ||
			json.Unmarshal(w.Body.Bytes(), &told) != nil || told.Error != "2 exports are being answered, which is the limit; ask again in 5 s" {
			t.Errorf("got %d, %v\n%s", w.Code, w.Header(), w.Body)
		}
		if w := ask("/metrics"); w.Code != http.StatusTooManyRequests || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("got %d, %v\n%s", w.Code, w.Header(), w.Body)
		}
	}
	refused()
	refused() // who was refused holds no place
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "Too many exports at once") || !strings.Contains(got, "limit=2 field=web.max_exports") {
		t.Errorf("of four refusals in a row the log says\n%s", got)
	}
	most = 3
	if w := ask("/x"); w.Code != http.StatusOK {
		t.Errorf("a limit that was raised: got %d", w.Code)
	}
	most = 0
	if w := ask("/x"); w.Code != http.StatusOK {
		t.Errorf("no limit: got %d", w.Code)
	}
	most = 2
	leave <- struct{}{}
	<-ended
	if w := ask("/x"); w.Code != http.StatusOK {
		t.Errorf("when one has ended: got %d", w.Code)
	}
	leave <- struct{}{}
	<-ended
	if n := g.inside.Load(); n != 0 {
		t.Errorf("%d are inside at the end", n)
	}
}

func TestLimitFlags(t *testing.T) {
	c, err := config.Parse("c.yaml", []byte("web: {max_requests: 7, max_exports: 3}\nquery: {timeout: 30s, max_rows: 100}\n"))
	if err != nil {
		t.Fatal(err)
	}
	parse := func(args ...string) (*limitFlags, error) {
		app := kingpin.New("x", "")
		flags := addLimitFlags(app.Command("serve", ""))
		if _, err := app.Parse(append([]string{"serve"}, args...)); err != nil {
			return nil, err
		}
		return flags, flags.check()
	}
	f := func(want string, args ...string) {
		t.Helper()
		flags, err := parse(args...)
		if err != nil {
			t.Fatal(err)
		}
		l := flags.limits(c)
		if got, _ := json.Marshal([]any{l.requests, l.exports, l.query.Timeout.String(), l.query.MaxRows}); string(got) != want {
			t.Errorf("%q: got %s, want %s", args, got, want)
		}
	}
	f(`[7,3,"30s",100]`)
	f(`[0,3,"30s",0]`, "--web.max-requests=0", "--query.max-rows=0")
	f(`[1,2,"1m30s",4]`, "--web.max-requests=1", "--web.max-exports=2", "--query.timeout=90s", "--query.max-rows=4")
	for arg, want := range map[string]string{
		"--web.max-requests=-1": "expected a whole number from 0", "--query.timeout=0s": "expected a duration like 30s", "--query.timeout=2": "missing unit",
	} {
		if _, err := parse(arg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", arg, err, want)
		}
	}
}
