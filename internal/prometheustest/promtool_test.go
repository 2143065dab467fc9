package prometheustest

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"
)

func TestPromtoolHasNothingToComplainOf(t *testing.T) {
	tool := needTool(t, "promtool")
	e := startExporter(t, exports[0])
	// One that had corrections, so that every family of records is on the page.
	e.importCSV(t, exports[1])
	e.importCSV(t, exports[3])
	var page []byte
	waitFor(t, "the correction on the page", func() error {
		page = e.page(t)
		want := removed + `{repo_type="model",org="acme",repo="acme/heron"} 500` + "\n"
		if !bytes.Contains(page, []byte(want)) {
			return fmt.Errorf("expected the line %q", want)
		}
		return nil
	})
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = bytes.NewReader(page)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: expected silence, got %v\n%s", err, out)
	}
}
