package connection

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// What the Hub takes back is counted, what it deletes or renames is not shown
// twice, and what is shown is the newest export alone.
func TestHubReplacesItsHistory(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.connect(map[string]any{"refreshInterval": "1h"})
		step := func(want string) {
			t.Helper()
			s.after(27 * time.Hour) // until two loads of another day, a tenth later each
			s.wantShown(want)
		}
		for i := range 20 {
			s.day(history.Model, "acme/m", day("2026-10-01").Time().AddDate(0, 0, i).Format(time.DateOnly), 1)
		}
		s.wantShown("d 5 m 35")
		s.day(history.Model, "acme/m", "2026-11-18", 5)
		step("d 5 m --33")
		step("d 5 m --33") // told again, it is not counted twice
		s.day(history.Model, "acme/m", "2026-11-19", 7)
		step("d 5 m ---32")
		s.hub.Repo(history.Model, "acme/m").Rename("acme/n")
		step("d 5 n 32") // not also as m
		s.hub.Repo(history.Dataset, "acme/d").Delete()
		step("n 32")
		s.hub.Repo(history.Model, "acme/n").SetTotal(30)
		step("n --32")
		if n := strings.Count(s.notes.String(), "info Loaded the downloads"); n < 7 {
			s.Errorf("expected at least 7 loads in the log, got %d", n)
		}
	})
}

// An export that was cut where it is made looks like a whole one, and so does one of zeros.
func TestHubExportThatIsImplausible(t *testing.T) {
	f := func(fault fakehub.Fault, words, after string) {
		t.Helper()
		onStage(t, fakehub.Options{}, func(s *stage) {
			s.connect(map[string]any{"refreshInterval": "1h"})
			s.wantShown("d 5 m 15")
			s.hub.Fail(fakehub.On{}, 1, fault)
			s.after(67 * time.Minute)
			s.wantShown("d 5 m 15") // the next one, a minute later, was right
			if log := s.notes.String(); !strings.Contains(log, "is implausible: "+words) {
				s.Errorf("expected the doubt in the log, got %s", log)
			}
			s.hub.Fail(fakehub.On{}, fakehub.Always, fault)
			s.after(23 * time.Hour)
			s.wantOld("d 5 m 15", words, "once the settings of the data source are saved again")
			wantFault(s, s.conn.Check(s.Context()), KindImplausible, words)
			s.after(4 * time.Hour)
			s.wantShown(after) // it stays so
		})
	}
	f(fakehub.Edit(func(csv string) string { return csv[:strings.LastIndex(strings.TrimSpace(csv), "\n")+1] }),
		"expected about the 3 records of earlier exports, got 2", "m 15")
	f(fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\n"), "expected about the 3 records of earlier exports, got 0", "")
	f(fakehub.Scaled(0), "expected totals of about 20 downloads, got zeros for 2 of 2 repositories", "d 0 m 0")
}

// Neither a cache that has answered with an export of the past nor a clock in another time
// takes anything away.
func TestHubExportOfAnotherTime(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		cache := fakehub.Frozen()
		s.hub.Fail(fakehub.On{}, 1, cache)
		s.connect(map[string]any{"refreshInterval": "1h"})
		s.wantShown("d 5 m 15")
		for i := range 20 {
			s.day(history.Model, "acme/m", day("2026-10-01").Time().AddDate(0, 0, i).Format(time.DateOnly), 1)
		}
		s.after(67 * time.Minute)
		s.wantShown("d 5 m 35")
		s.hub.Fail(fakehub.On{}, 1, cache)
		s.after(67 * time.Minute)
		s.wantShown("d 5 m 35")
		s.hub.Heal()
		s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Header("Date", "Fri, 31 Dec 9999 23:59:59 GMT"))
		s.after(67 * time.Minute)
		s.wantOld("d 5 m 35", "got one dated 9999-12-31 23:59 UTC")
		s.hub.Heal()
		s.after(67 * time.Minute)
		s.wantShown("d 5 m 35")
	})
}

func TestHubMemoryLimit(t *testing.T) {
	var csv bytes.Buffer
	if err := synthetic.Write(&csv, synthetic.Options{Org: "acme", Repos: 200, Days: 1500, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	onStage(t, fakehub.Options{NoGzip: true}, func(s *stage) {
		s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Body("text/csv", csv.String()))
		s.connect(map[string]any{"memoryLimitMiB": 1})
		_, _, err := s.conn.Reader(s.Context())
		wantUpstream(s, err, KindMemory)
		wantFault(s, s.conn.Check(s.Context()), KindMemory, "more memory than the 1 MiB", "raise its memory limit, or run the exporter")
		s.conn.Close()

		s.connect(map[string]any{"memoryLimitMiB": 16})
		if h := s.conn.Check(s.Context()); !h.OK || h.Details.Records < 100_000 || h.Details.MemoryBytes > 16<<20 {
			s.Errorf("expected 16 MiB to be enough, got %+v", h)
		}
	})
}

// A row that cannot be understood is set aside, and what the log says of it holds no secret.
func TestHubBadRow(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		s.hub.Fail(fakehub.On{}, fakehub.Always, fakehub.Edit(func(csv string) string { return csv + token + "," + secret + "\n" }))
		s.connect(nil)
		s.wantShown("d 5 m 15")
		for _, want := range []string{"skipped: line 5: expected 5 fields, as in the header, not 2", "skipped 1 row of 4: 1 for fields"} {
			if !strings.Contains(s.notes.String(), want) {
				s.Errorf("the log has no %q:\n%s", want, s.notes.String())
			}
		}
	})
}

// Memory does not grow with refreshes, whatever changes.
func TestHubMemoryOfRefreshes(t *testing.T) {
	onStage(t, fakehub.Options{}, func(s *stage) {
		if err := s.hub.Populate(synthetic.Options{Org: "acme", Repos: 20, Days: 300, Seed: 1}); err != nil {
			s.Fatal(err)
		}
		s.connect(map[string]any{"refreshInterval": "1h"})
		first := s.conn.Check(s.Context())
		for i := range 15 {
			s.hub.Advance(fakehub.Steady(uint64(i)))
			for _, r := range s.hub.Repos("acme") {
				r.SetDay(s.hub.Today()-history.Day(i*7), int64(i)) // an old day is corrected
			}
			s.after(25 * time.Hour)
		}
		last := s.conn.Check(s.Context())
		if !first.OK || !last.OK || last.Details.CollectedAt.Before(first.Details.CollectedAt.Add(15*time.Hour)) {
			s.Fatalf("unexpected %+v, %+v", first, last)
		}
		perRecord := func(h Health) float64 { return float64(h.Details.MemoryBytes) / float64(h.Details.Records) }
		if perRecord(last) > perRecord(first)*1.05 {
			s.Errorf("expected %.2f bytes a record still, got %.2f", perRecord(first), perRecord(last))
		}
	})
}
