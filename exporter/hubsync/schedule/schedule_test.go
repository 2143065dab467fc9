package schedule

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestFirst(t *testing.T) {
	s := New(time.Hour)
	distinct := make(map[time.Duration]bool)
	for i := range 100 {
		name := fmt.Sprint("org", i)
		d := s.First(name)
		if d < 0 || d >= maxFirst || d != s.First(name) {
			t.Errorf("%s: got %s", name, d)
		}
		distinct[d] = true
	}
	if len(distinct) < 90 {
		t.Errorf("expected pauses that differ, got %d of 100", len(distinct))
	}
	if d := New(time.Millisecond).First("org1"); d > time.Millisecond {
		t.Errorf("expected at most the interval, got %s", d)
	}
}

func TestPauses(t *testing.T) {
	between := func(what string, d, low, high time.Duration) {
		t.Helper()
		if d < low || d > high {
			t.Errorf("%s: expected %s to %s, got %s", what, low, high, d)
		}
	}
	s := New(10 * time.Minute)
	for round := range 2 {
		for _, mean := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute} {
			between(fmt.Sprintf("round %d", round), s.Failed(0), mean*9/10, mean*11/10)
		}
		between("at most the interval", s.Failed(0), 9*time.Minute, 10*time.Minute)
		between("a success", s.Succeeded(), 9*time.Minute, 11*time.Minute)
	}
	between("as long as the server asks", s.Failed(5*time.Minute), 5*time.Minute, 5*time.Minute)
	between("but no longer than the interval", s.Failed(time.Hour), 10*time.Minute, 10*time.Minute)
	between("a short interval", New(time.Second).Failed(0), 900*time.Millisecond, time.Second)
}

func TestUntilDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(time.Hour)
		f := func(want time.Duration) {
			t.Helper()
			if got := s.UntilDue(); got != want {
				t.Errorf("got %s, expected %s", got, want)
			}
		}
		f(0) // it was never asked
		s.Asked()
		f(time.Hour)
		time.Sleep(20 * time.Minute)
		f(40 * time.Minute)
		time.Sleep(50 * time.Minute)
		f(0)
	})
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(time.Hour)
		f := func(ctx context.Context, want time.Duration, ok bool) {
			t.Helper()
			start := time.Now()
			if got := s.Wait(ctx, time.Minute); got != ok || time.Since(start) != want {
				t.Errorf("got %v after %s, expected %v after %s", got, time.Since(start), ok, want)
			}
		}
		f(t.Context(), time.Minute, true)
		s.Wake()
		s.Wake()
		f(t.Context(), 0, true)
		f(t.Context(), time.Minute, true)
		s.Wake()
		s.ClearWake()
		s.ClearWake()
		f(t.Context(), time.Minute, true)
		time.AfterFunc(time.Second, s.Wake)
		f(t.Context(), time.Second, true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		f(ctx, time.Second, false)
	})
}
