package connection

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// inBubble serves h as http://exporter.test in a bubble of time of its own.
func inBubble(t *testing.T, h http.HandlerFunc, jsonData map[string]any, test func(t *testing.T, c Connection)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := fakehub.NewNetwork()
		defer network.Close()
		network.Serve("exporter.test:80", h)
		c, err := open(t.Context(), configured("http://exporter.test", jsonData, nil), surroundings{log: newNotes(), dial: network.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		test(t, c)
	})
}

func took(from time.Time) time.Duration { return time.Since(from).Round(time.Second) }

func TestHungExporter(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	inBubble(t, hang, map[string]any{"timeout": 7}, func(t *testing.T, c Connection) {
		began := time.Now()
		wantFault(t, c.Check(t.Context()), KindTimeout, "no response in time", "longer timeout")
		if got := took(began); got != 7*time.Second {
			t.Errorf("expected to wait for 7s, waited %v", got)
		}
		for what, err := range ask(t, c) {
			if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindTimeout {
				t.Errorf("%s: expected a timeout, got %v", what, err)
			}
		}
	})
	// What Grafana allows may be less.
	inBubble(t, hang, nil, func(t *testing.T, c Connection) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		wantFault(t, c.Check(ctx), KindTimeout, "within the timeout of Grafana", "query less data")
		if got := took(began); got != 3*time.Second {
			t.Errorf("expected to wait for 3s, waited %v", got)
		}
	})
	// A client that has gone is no fault of the exporter's.
	inBubble(t, hang, nil, func(t *testing.T, c Connection) {
		ctx, cancel := context.WithCancel(t.Context())
		s, _, _ := c.Reader(ctx)
		time.AfterFunc(time.Second, cancel)
		if _, err := s.Overview(ctx, history.OverviewQuery{}); err == nil || !strings.Contains(err.Error(), "canceled") {
			t.Errorf("expected the end of the context, got %v", err)
		}
	})
}

func TestAnswerThatStandsStill(t *testing.T) {
	stall := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.Header.Get("Accept"))
		_, _ = io.WriteString(w, map[bool]string{true: "{", false: "HFXROWS\x01"}[r.Header.Get("Accept") == "application/json"])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	inBubble(t, stall, map[string]any{"timeout": 7}, func(t *testing.T, c Connection) {
		began := time.Now()
		wantFault(t, c.Check(t.Context()), KindTimeout, "stalled")
		if got := took(began); got != 7*time.Second {
			t.Errorf("expected to wait for 7s, waited %v", got)
		}
		for what, err := range ask(t, c) {
			if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindTimeout {
				t.Errorf("%s: expected a timeout, got %v", what, err)
			}
		}
	})
}

// An export takes as long as it keeps coming, and as its reader takes.
func TestLongExport(t *testing.T) {
	store := storeOf(t, threeRecords()...)
	slow := func(w http.ResponseWriter, r *http.Request) {
		rec := &pieces{ResponseWriter: w}
		server.New(store, server.Options{}).ServeHTTP(rec, r)
		for i := range rec.body {
			time.Sleep(5 * time.Second)
			_, _ = w.Write(rec.body[i : i+1])
			_ = http.NewResponseController(w).Flush()
		}
	}
	inBubble(t, slow, map[string]any{"timeout": 7}, func(t *testing.T, c Connection) {
		s, _, _ := c.Reader(t.Context())
		began := time.Now()
		var n int
		for rows, err := range s.Records(t.Context(), history.RecordsQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			n += rows.Len()
			time.Sleep(time.Minute)
		}
		if n != 3 || took(began) < 5*time.Minute {
			t.Errorf("expected 3 records after minutes, got %d after %v", n, took(began))
		}
	})
}

// pieces keeps a body.
type pieces struct {
	http.ResponseWriter
	body []byte
}

func (p *pieces) Write(b []byte) (int, error) {
	p.body = append(p.body, b...)
	return len(b), nil
}
