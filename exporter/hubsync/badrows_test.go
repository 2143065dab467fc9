package hubsync

import (
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// A row that cannot be understood, a day in the future and totals that differ do not stop an
// organization: they are counted, and logged with all figures.
func TestBadRowsOfTheExport(t *testing.T) {
	w := newWorld(t, options{plan: fakehub.Team, source: SourceAnalytics})
	const (
		header = "repoType,repoName,total,timestamp,downloads\n"
		badRow = `huggingface_exporter_collection_bad_rows_total{org="o",reason="future"}`
	)
	export := func(rows string) {
		w.hub.Heal()
		failing(fakehub.Analytics, fakehub.Body("text/csv", header+rows))(w.hub)
	}
	logged := func(want ...string) {
		t.Helper()
		for _, s := range want {
			if !strings.Contains(w.log.String(), s) {
				t.Errorf("the log is\n%swant %s", w.log.String(), s)
			}
		}
		w.log.Reset()
	}

	export("model,o/m,10,2026-03-01,10\n")
	w.collect(2, 6)
	w.expectMetric(badRow, "0")
	logged()

	export("model,o/m,30,2026-03-02,8\nmodel,o/m,20,2026-03-01,10\nmodel,o/m,40,2926-03-01,10\n")
	out := w.collect(3, 6)
	if got, want := w.records(), "o/m 1:10p 2:8p"; got != want {
		t.Errorf("records are %s, want %s", got, want)
	}
	// The total rose by 20, of which the last 30 days have 18.
	if got, want := w.exposed(), "o/m 28"; got != want {
		t.Errorf("exposed is %s, want %s", got, want)
	}
	if out.BadRows.Sum() != 1 {
		t.Errorf("%v rows were set aside, want 1", out.BadRows)
	}
	w.expectMetric(badRow, "1")
	logged(`level=WARN msg="Stored the export of the publisher analytics with warnings" org=o notice="skipped: line 4, column timestamp: expected a day up to 2026-03-04`,
		`notice="skipped 1 row of 3: 1 for future"`,
		`notice="model o/m has totals from 20 to 30; using 30, the total of its newest day, 2026-03-02"`)

	// Of two numbers for one day the larger counts.
	export("model,o/m,30,2026-03-02,8\nmodel,o/m,30,2026-03-01,10\nmodel,o/m,30,2026-03-01,9\n")
	if out := w.collect(3, 18); out.BadRows[history.BadConflict] != 1 {
		t.Errorf("%v rows were set aside, want 1 for a conflict", out.BadRows)
	}
	if got, want := w.records(), "o/m 1:10p 2:8p"; got != want {
		t.Errorf("records are %s, want %s", got, want)
	}
	logged(`notice="skipped: line 4 (against line 3), column downloads: expected one number for model o/m on 2026-03-01, which was 10`,
		`notice="skipped 1 row of 3: 1 for conflict"`)

	// A repository whose only row is bad is still there, and one that has no row is gone.
	export("model,o/m,30,2026-03-02,8\nmodel,o/m,30,2026-03-01,10\nmodel,o/n,1,2026-03-01,1\n")
	w.collect(4, 6)
	export("model,o/m,30,2026-03-02,8\nmodel,o/m,30,2026-03-01,10\nmodel,o/m,30,2026-03-03,0\nmodel,o/n,1,today,1\n")
	if got := said(w.collect(5, 6)); got != "1 new" {
		t.Errorf("the outcome is %q, want 1 new", got)
	}

	// Too many of them are implausible, and remain so.
	const doubted = `huggingface_exporter_collection_doubted{org="o",reason="rows"}`
	w.expectMetric(doubted, "0")
	export("model,o/m,30,2026-03-02,8\nmodel,o/m,30,2026-03-01,ten\nmodel,o/n,1,today,1\n")
	for day := range 3 {
		if o := w.try(6+day, 6); o.Implausible != "rows" || o.Reason != hub.KindMalformed {
			t.Errorf("got %q, %q, %v", o.Reason, o.Implausible, o.Err)
		}
		w.expectMetric(doubted, "1")
	}

	// Too many numbers for one day are, too.
	export("model,o/m,30,2026-03-02,8\nmodel,o/m,30,2026-03-01,10\nmodel,o/m,30,2026-03-01,9\nmodel,o/m,30,2026-03-01,7\nmodel,o/m,30,2026-03-03,0\n")
	if o := w.try(9, 18); o.Implausible != "rows" || o.Reason != hub.KindMalformed || !strings.Contains(o.Err.Error(), "expected one number for model o/m") {
		t.Errorf("got %q, %v", o.Reason, o.Err)
	}

	w.metrics.forget("o")
	w.expectMetric(badRow, "")
}
