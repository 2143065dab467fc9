package hubsync

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

func TestClockJumpsDoNoHarm(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	day(model, "o/m", 0, 100)(w.hub)
	w.collect(1, 6)
	const year = 365 * 24 * time.Hour
	w.ahead = year
	day(model, "o/m", 1, 10)(w.hub)
	w.collect(2, 6)
	w.ahead = -year
	day(model, "o/m", 2, 15)(w.hub)
	w.collect(3, 6)
	if got := w.records(); got != "o/m 1:10 2:15" || w.exposed() != "o/m 125" {
		t.Errorf("our clock jumped forward a year and back two: records are %q, exposed is %q", got, w.exposed())
	}
	if n := strings.Count(w.log.String(), "The clocks of this machine and of the Hub differ"); n != 1 {
		t.Errorf("the log says %d times that the clock is off, want once:\n%s", n, w.log.String())
	}
	if got := w.metric("huggingface_exporter_hub_clock_offset_seconds"); got != "3.1536e+07" || w.clock.Offset() != year {
		t.Errorf("the offset is %v, as metric %s; want %v", w.clock.Offset(), got, year)
	}
}

// The Hub's own clock may go back, too: what is more than was known later is not of that past.
func TestTheHubsClockGoesBack(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	day(model, "o/m", 8, 100)(w.hub)
	w.collect(9, 6)
	day(model, "o/m", 9, 10)(w.hub)
	w.collect(10, 6)
	day(model, "o/m", 10, 15)(w.hub)
	for hour := range 2 {
		if o := w.try(2+hour, 6); o.Implausible != "time" || !strings.Contains(o.Err.Error(), "got more for 1 of 1 repository: its date is wrong") {
			t.Errorf("got %v", o.Err)
		}
	}
	if got := w.records(); got != "o/m 9:10" {
		t.Errorf("records are %q", got)
	}
	w.collect(11, 6)
	if got := w.records(); got != "o/m 9:10 10:15" || w.exposed() != "o/m 125" {
		t.Errorf("right again: records are %q, exposed is %q", got, w.exposed())
	}
}

// dated has the Hub name another time.
func dated(at string) fakehub.Fault { return fakehub.Header("Date", at) }

// One answer that is dated in another time changes nothing.
func TestAnAnswerOfAnotherTime(t *testing.T) {
	f := func(date string, source Source, durable bool) {
		t.Helper()
		w := newWorld(t, options{source: source, plan: fakehub.Team, durable: durable})
		day(model, "o/m", 1, 10)(w.hub)
		w.collect(2, 6)
		records, exposed := w.records(), w.exposed()
		failing("", dated(date))(w.hub)
		day(model, "o/m", 2, 10)(w.hub)
		o := w.try(3, 6)
		if said(o) != "failed: implausible" || o.Implausible != "time" || !strings.Contains(o.Err.Error(), "expected a response dated about 2026-03-03 06:00 UTC (this machine's clock)") {
			t.Errorf("%s: got %q, %v", date, said(o), o.Err)
		}
		if w.records() != records || w.exposed() != exposed {
			t.Errorf("%s: records are %s, exposed is %s", date, w.records(), w.exposed())
		}
		w.expectMetric(`huggingface_exporter_collection_doubted{org="o",reason="time"}`, "1")
		w.expectMetric(`huggingface_exporter_collection_implausible_total{org="o",reason="time"}`, "1")
		w.hub.Heal()
		if o := w.collect(3, 7); !o.AsOf.Equal(at(3, 7).Time()) {
			t.Errorf("%s: the next answer is dated %s", date, o.AsOf)
		}
		w.expectMetric(`huggingface_exporter_collection_doubted{org="o",reason="time"}`, "0")
		if w.exposed() != "o/m 20" {
			t.Errorf("%s: exposed is %s", date, w.exposed())
		}
	}
	const later, early = "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"
	for _, source := range []Source{SourceAnalytics, SourceListings} {
		f(later, source, false)
		f(later, source, true)
		f(early, source, false)
		f("Wed, 04 Mar 2026 07:00:01 GMT", source, false)
	}
}

// Where the Hub, or a proxy, stays in another time, its counts are believed in the end, and
// are dated by our clock. That of a day at the most is the Hub's to name.
func TestAHubThatStaysInAnotherTime(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	day(model, "o/m", 0, 100)(w.hub)
	w.collect(1, 6)
	failing("", dated("Fri, 31 Dec 9999 23:59:59 GMT"))(w.hub)
	day(model, "o/m", 1, 10)(w.hub)
	w.try(2, 6)
	if o := w.try(3, 5); o.OK() {
		t.Error("it is believed after 23 hours")
	}
	if o := w.collect(3, 6); !o.AsOf.Equal(at(3, 6).Time()) || w.exposed() != "o/m 110" {
		t.Errorf("dated %s, exposed is %s", o.AsOf, w.exposed())
	}
	w.hub.Heal()
	failing("", dated("Thu, 05 Mar 2026 05:59:59 GMT"))(w.hub)
	if o := w.collect(4, 6); !o.AsOf.Equal(at(5, 6).Time().Add(-time.Second)) {
		t.Errorf("dated %s", o.AsOf)
	}
}

// Another host that the Hub sends to names no time.
func TestDateOfAnotherHost(t *testing.T) {
	w := newWorld(t, options{source: SourceAnalytics, plan: fakehub.Team})
	day(model, "o/m", 1, 10)(w.hub)
	other := fakehub.New(fakehub.Options{Now: func() time.Time { return at(1, 6).Time().AddDate(900, 0, 0) }})
	other.Fail(fakehub.On{}, fakehub.Always, fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\nmodel,o/m,10,2026-03-01,10\n"))
	elsewhere := httptest.NewServer(other)
	defer elsewhere.Close()
	failing(fakehub.Analytics, fakehub.RedirectTo(elsewhere.URL+"/x"))(w.hub)
	if o := w.collect(2, 6); !o.AsOf.Equal(at(2, 6).Time()) || w.exposed() != "o/m 10" {
		t.Errorf("dated %s, exposed is %s", o.AsOf, w.exposed())
	}
}

// Without the header Date there is our clock.
func TestClockWithoutDate(t *testing.T) {
	w := newWorld(t, options{source: SourceListings})
	failing("", func(rw http.ResponseWriter, r *http.Request, answer http.Handler) {
		rw.Header()["Date"] = nil
		answer.ServeHTTP(rw, r)
	})(w.hub)
	w.ahead = 4 * 24 * time.Hour
	add(model, "o/m", 100)(w.hub)
	if o := w.collect(1, 6); !o.AsOf.Equal(at(5, 6).Time()) || w.clock.Offset() != 0 {
		t.Errorf("dated %v, offset %v", o.AsOf, w.clock.Offset())
	}
}
