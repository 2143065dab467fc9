package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// Rows of the Hub's that are wrong neither stop an organization nor stay for good, with either
// engine.
func TestCollectWrongRows(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"embedded", "victoriametrics"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c := newCollects(t)
			c.hub.AddOrg("massive", fakehub.Team)
			c.config("name: massive, source: publisher_analytics")
			if engine == "victoriametrics" {
				u, _ := c.storageEngine()
				c.write("c.yaml", c.read("c.yaml")+fmt.Sprintf("storage:\n  engine: victoriametrics\n  victoriametrics: {insert_url: %q, flush_urls: [%q]}\n",
					u, u+"/internal/force_flush"), 1)
			}
			answer := func(rows string) {
				c.hub.Heal()
				c.hub.Fail(fakehub.On{Route: fakehub.Analytics}, fakehub.Always, fakehub.Body("text/csv", header+rows))
			}
			good := strings.Join([]string{
				"model,massive/m,40,2024-10-04T00:00:00.000Z,10", "model,massive/m,40,2024-10-05T00:00:00.000Z,20",
				"dataset,massive/d,5,2024-10-05T00:00:00.000Z,5", "",
			}, "\n")
			stored := func(when, rows string) {
				t.Helper()
				if got := c.ok("export", "--order=repo", "--config.file=c.yaml"); got != header+rows {
					t.Errorf("%s: stored is\n%s\nwant\n%s", when, got, header+rows)
				}
			}

			answer(strings.Replace(good, "40,2024-10-04", "30,2024-10-04", 1) + "model,massive/m,90,2926-10-04,7\n")
			_, stderr := c.collect(0)
			stored("a row in the future, and totals that differ", good)
			for _, want := range []string{
				`notice="skipped: line 5, column timestamp: expected a day up to `, `notice="skipped 1 row of 4: 1 for future"`,
				`notice="model massive/m has totals from 30 to 40; using 40, the total of its newest day, 2024-10-05"`,
			} {
				if !strings.Contains(stderr, want) {
					t.Errorf("the log has no %s:\n%s", want, stderr)
				}
			}

			// The last line was cut in the middle of a number.
			answer(strings.Replace(good, ",5\n", ",512\n", 1)[:len(good)])
			_, stderr = c.collect(1)
			if !strings.Contains(stderr, "implausible (end): expected a line ending after the last of 3 records") {
				t.Errorf("errors %s", stderr)
			}
			answer(good + strings.Repeat("model,massive/m,90,9999-12-31,7\n", 2))
			_, stderr = c.collect(1)
			if !strings.Contains(stderr, "2 of 5 rows are invalid") {
				t.Errorf("errors %s", stderr)
			}
			stored("answers that were refused", good)

			answer(strings.ReplaceAll(strings.ReplaceAll(good, "T00:00:00.000Z", " 00:00:00+00:00"), "\n", ".0\n"))
			if stdout, _ := c.collect(0); !strings.Contains(stdout, "3 records: 0 new, 0 changed, 3 unchanged") {
				t.Errorf("the same in another spelling: %s", stdout)
			}
			stored("another spelling", good)
		})
	}
}
