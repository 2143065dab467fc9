package hubsync

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestClockJumpsDoNoHarm(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	add(model, "o/m", 100)(w.hub)
	w.collect(1, 6)
	local := time.Now()
	w.clock.now = func() time.Time { return local.AddDate(1, 0, 0) }
	total(model, "o/m", 110)(w.hub)
	w.collect(2, 6)
	w.clock.now = func() time.Time { return local.AddDate(-1, 0, 0) }
	total(model, "o/m", 125)(w.hub)
	w.collect(3, 6)
	if got := w.records(); got != "o/m 1:10 2:15" || w.exposed() != "o/m 125" {
		t.Errorf("our clock jumped forward a year and back two: records are %q, exposed is %q", got, w.exposed())
	}
	if n := strings.Count(w.log.String(), "clock is far from the Hub's"); n != 1 {
		t.Errorf("the log says %d times that the clock is off, want once:\n%s", n, w.log.String())
	}
	offset := at(3, 6).Time().Sub(local.AddDate(-1, 0, 0)).Round(time.Second)
	if got := w.metric("huggingface_exporter_hub_clock_offset_seconds"); got == "0" || w.clock.Offset().Round(time.Second) != offset {
		t.Errorf("the offset is %v, as metric %s; want %v", w.clock.Offset(), got, offset)
	}
}

// The Hub's own clock may go back, too: what is known then is newer, and stays.
func TestTheHubsClockGoesBack(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	add(model, "o/m", 100)(w.hub)
	w.collect(9, 6)
	total(model, "o/m", 110)(w.hub)
	w.collect(10, 6)
	total(model, "o/m", 125)(w.hub)
	w.collect(2, 6)
	if got := w.records(); got != "o/m 9:10" {
		t.Errorf("records are %q", got)
	}
	w.collect(11, 6)
	if got := w.records(); got != "o/m 9:10 10:15" || w.exposed() != "o/m 125" {
		t.Errorf("right again: records are %q, exposed is %q", got, w.exposed())
	}
}

// Without the header Date there is our clock.
func TestClockWithoutDate(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	failing("", func(rw http.ResponseWriter, r *http.Request, answer http.Handler) {
		rw.Header()["Date"] = nil
		answer.ServeHTTP(rw, r)
	})(w.hub)
	w.clock.now = func() time.Time { return at(5, 6).Time() }
	add(model, "o/m", 100)(w.hub)
	if o := w.collect(1, 6); !o.AsOf.Equal(at(5, 6).Time()) || w.clock.Offset() != 0 {
		t.Errorf("dated %v, offset %v", o.AsOf, w.clock.Offset())
	}
}

func TestClockWarnsOncePerJump(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	now := at(1, 6).Time()
	w.clock.now = func() time.Time { return now }
	f := func(ahead time.Duration, warnings int) {
		t.Helper()
		w.clock.Set(now.Add(ahead))
		if got := strings.Count(w.log.String(), "level=WARN"); got != warnings {
			t.Errorf("%v ahead: %d warnings, want %d", ahead, got, warnings)
		}
		if got := w.clock.Now(); !got.Equal(now.Add(ahead)) {
			t.Errorf("%v ahead: it is %v", ahead, got)
		}
	}
	f(0, 0)
	f(5*time.Minute, 0)
	f(-5*time.Minute, 0)
	f(6*time.Minute, 1)
	f(time.Hour, 1)
	f(-time.Second, 1)
	f(-6*time.Minute, 2)
	w.clock.Set(time.Time{})
	f(-6*time.Minute, 2)
}
