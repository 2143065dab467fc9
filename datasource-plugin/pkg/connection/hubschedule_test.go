package connection

import (
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// nextIn returns how long it is until the next load.
func (s *stage) nextIn() time.Duration {
	s.Helper()
	next := s.conn.(*hubConnection).now().next
	if next.IsZero() {
		s.Fatal("expected to know when the next load is")
	}
	return time.Until(next)
}

func (s *stage) wantNextIn(what string, least, most time.Duration) {
	s.Helper()
	if got := s.nextIn(); got < least || got > most {
		s.Errorf("%s: expected the next load in %v to %v, got %v", what, least, most, got)
	}
}

func TestPausesAfterFailures(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Status(403))
		s.connect(map[string]any{"refreshInterval": "20m"})
		_, _, _ = s.conn.Reader(s.Context())
		part := func(d time.Duration, f float64) time.Duration { return time.Duration(float64(d) * f) }
		for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute} {
			s.wantNextIn("after a failure", part(want, 0.89), part(want, 1.11))
			s.after(s.nextIn())
		}
		for range 4 {
			s.wantNextIn("after many", part(20*time.Minute, 0.89), 20*time.Minute)
			s.after(s.nextIn())
		}
		s.hub.Heal()
		s.after(s.nextIn())
		s.wantShown("d 5 m 15")
		s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Status(403))
		s.after(s.nextIn())
		s.wantNextIn("after a success, the first failure", 53*time.Second, 67*time.Second)
	})
}

// The Hub says when it wants to be asked again.
func TestPauseThatTheHubAsksFor(t *testing.T) {
	f := func(seconds string, least, most time.Duration) {
		t.Helper()
		onStage(t, fakehub.Options{}, func(s *stage) {
			s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.TooMany("Retry-After", seconds))
			s.connect(map[string]any{"refreshInterval": "1h"})
			_, _, _ = s.conn.Reader(s.Context())
			s.wantNextIn("Retry-After: "+seconds, least, most)
		})
	}
	f("600", 10*time.Minute-time.Second, 10*time.Minute+time.Second)
	f("864000", time.Hour, time.Hour) // not longer than between two refreshes
}

func TestRefreshesAreSpread(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.connect(map[string]any{"refreshInterval": "1h"})
		s.wantShown("d 5 m 15")
		pauses := map[time.Duration]bool{}
		for range 20 {
			s.wantNextIn("refreshInterval 1h", 54*time.Minute, 66*time.Minute)
			pauses[s.nextIn()] = true
			s.after(s.nextIn())
		}
		if len(pauses) < 2 {
			s.Errorf("expected pauses that differ, got %v", pauses)
		}
	})
}
