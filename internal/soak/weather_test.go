package soak

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// faults are the ways in which the Hub fails.
var faults = map[string]fakehub.Fault{
	"400": fakehub.Status(400), "401": fakehub.Status(401), "402": fakehub.Status(402), "403": fakehub.Status(403),
	"404": fakehub.Status(404), "408": fakehub.Status(408), "410": fakehub.Status(410), "451": fakehub.Status(451),
	"500": fakehub.Status(500), "502": fakehub.Status(502), "503": fakehub.Status(503), "504": fakehub.Status(504),
	"429":                        fakehub.TooMany(),
	"429 with Retry-After":       fakehub.TooMany("Retry-After", "90"),
	"429 with an hour to wait":   fakehub.TooMany("Retry-After", "3600"),
	"429 with RateLimit":         fakehub.TooManyFor("api", 250),
	"429 of the pages":           fakehub.TooManyFor("pages", 100),
	"login page":                 fakehub.LoginPage(),
	"redirect to the login page": fakehub.RedirectToLogin(),
	"redirect elsewhere":         fakehub.RedirectTo("http://elsewhere.test/x"),
	"redirect loop":              fakehub.RedirectToItself(),
	"reset before the head":      fakehub.Reset(-1),
	"reset in the body":          fakehub.Reset(100),
	"cut off":                    fakehub.Truncated(100),
	"half of the content":        fakehub.Half(),
	"half of the packed content": fakehub.HalfGzip(),
	"of no known length":         fakehub.Unannounced(300),
	"no head":                    fakehub.StallHeaders(),
	"no body":                    fakehub.StallBody(0),
	"stalled body":               fakehub.StallBody(200),
	"slow":                       fakehub.Slow(1<<10, time.Second),
	"endless":                    fakehub.Endless("\nmodel,massive/x,1,2026-03-01T00:00:00.000Z,1"),
	"nothing":                    fakehub.Body("", ""),
	"a header alone":             fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\n"),
	"an empty list":              fakehub.Body("application/json", "[]"),
	"null":                       fakehub.Body("application/json", "null"),
	"an error as 200":            fakehub.Body("application/json", `{"error":"try again"}`),
	"no list":                    fakehub.Body("application/json", `[{"id":7}]`),
	"empty page":                 fakehub.EmptyPage(),
	"a link to another host":     fakehub.LinkHost("http://elsewhere.test"),
	"a bad link":                 fakehub.Link("<>;"),
	"pages that overlap":         fakehub.Overlap(3),
	"zeros":                      fakehub.Scaled(0),
	"a third of all downloads":   fakehub.Scaled(0.3),
	"no last month":              fakehub.NoLastMonth(),
	"of the year 9999":           fakehub.Header("Date", "Fri, 31 Dec 9999 23:59:59 GMT"),
	"of the year 1970":           fakehub.Header("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
	"a cache":                    fakehub.Frozen(),
	"without a date": func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		w.Header()["Date"] = nil
		answer.ServeHTTP(w, r)
	},
}

// TestWeather has the Hub fail in every way that its stand-in knows, for weeks, with
// restarts in between. What it told in the end is what the history is.
func TestWeather(t *testing.T) {
	begin := time.Now()
	weeks, met := size(3, 16), make(map[string]int)
	names := slices.Sorted(maps.Keys(faults))
	routes := []fakehub.Route{"", fakehub.Analytics, fakehub.Analytics, fakehub.Models, fakehub.Datasets, fakehub.Spaces}
	s := simulate(t, 5, func(s *simulation) {
		next := 0
		for day := range 7 * weeks {
			s.downloads()
			for range 4 {
				s.hub.Heal()
				if s.random.IntN(3) > 0 { // each in turn, on a route and for a while
					name := names[next%len(names)]
					next++
					met[name]++
					s.hub.Fail(fakehub.On{Route: routes[s.random.IntN(len(routes))]}, []int{1, 3, 10, fakehub.Always}[s.random.IntN(4)], faults[name])
				}
				time.Sleep(interval)
				synctest.Wait()
			}
			if day%5 == 4 {
				s.restart()
			}
			if t.Failed() {
				return
			}
		}
		s.hub.Heal()
		time.Sleep(3 * interval)
		synctest.Wait()
		s.check()
	})
	if len(met) < len(faults) {
		t.Errorf("only %d of %d kinds of faults were met", len(met), len(faults))
	}
	total := 0
	for _, n := range met {
		total += n
	}
	figures(t, begin, "%d weeks, %d faults of %d kinds, %d restarts, %d answers; %s; "+
		"no counter fell, and in the end the history is the Hub's", weeks, total, len(met), s.restarts, s.outcomes["requests"], s.failures())
}
