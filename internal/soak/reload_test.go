package soak

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestReload reloads a hundred times under load: other intervals, which begin anew to
// collect, other series, and files with mistakes. Each is taken or refused as a whole,
// scrapes are answered meanwhile, and nothing of what was replaced is left.
func TestReload(t *testing.T) {
	begin := time.Now()
	s := newStage(t, 60, 400, 9)
	e := ready(t, s.arguments()...)
	d := &disk{stage: s}
	d.untilHubIsStored(e)
	c := &crowd{stage: s, e: e, every: 100 * time.Millisecond, want: tally(e.get(settledPart))}
	rest := c.atRest()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i := range size(5, 20) {
		c.each(ctx, i, c.scrape)
	}
	for i := range size(3, 10) {
		c.each(ctx, i, c.export)
	}

	const last = "huggingface_exporter_config_last_reload_successful"
	reloads, refused := size(12, 100), 0
	for i := range reloads {
		// The organizations with exports are not shown in every other configuration.
		hide := i%2 == 0
		more := ""
		if hide {
			more = fmt.Sprintf("metrics: {exclude: ['%s/.*']}\n", exported)
		}
		s.configure(400+i, more)
		want, state := http.StatusOK, 1.0
		if i%4 == 3 {
			s.write("config.yaml", []string{"hub: [", "metrics: {exclude: ['(']}\n", "nonsense: 1\n"}[i/4%3])
			want, state = http.StatusInternalServerError, 0
			refused++
			hide = true // as before
		}
		code, body := e.reload()
		if code != want {
			t.Fatalf("reload %d: %d, expected %d\n%s", i, code, want, body)
		}
		page := e.get("/metrics")
		if got := series(page)[last]; got != state {
			t.Errorf("reload %d: %s is %v, expected %v", i, last, got, state)
		}
		if shows := strings.Contains(page, fmt.Sprintf("org=%q,repo=", exported)); shows == hide && i%4 != 3 {
			t.Errorf("reload %d: the page shows what is excluded: %t", i, shows)
		}
		if i%10 == 0 {
			s.pass()
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.configure(399)
	if code, body := e.reload(); code != http.StatusOK {
		t.Fatalf("%d\n%s", code, body)
	}
	d.untilHubIsStored(e)
	cancel()
	c.done.Wait()
	after := c.settled(rest)
	e.stop()
	figures(t, begin, "%d reloads, %d of them refused; %d scrapes and %d exports meanwhile, all answered; "+
		"goroutines %d and %d, file descriptors %d and %d before and after",
		reloads+1, refused, len(c.scrapes), c.exports.Load(), rest.goroutines, after.goroutines, rest.files, after.files)
}
