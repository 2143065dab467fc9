package main

import (
	"os"
	"strings"
	"testing"
)

// TestRowsAtSmallScale runs every row once that need not be named: each compares the answers of all
// contestants before it tells a figure. The figures themselves say nothing here.
func TestRowsAtSmallScale(t *testing.T) {
	b := &bench{
		data:    data{dir: t.TempDir(), repos: 30, days: 400},
		series:  300,
		rounds:  1,
		threads: 2,
		scratch: t.TempDir(),
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	progressTo = t.Output()
	t.Cleanup(func() { progressTo = os.Stderr })
	for _, r := range rows {
		if r.named {
			continue // it has no small scale
		}
		t.Run(r.name, func(t *testing.T) {
			verdicts, err := b.run([]row{r})
			if err != nil {
				t.Fatal(err)
			}
			if len(verdicts) == 0 {
				t.Error("expected at least one line of the table, got none")
			}
			for _, v := range verdicts {
				if v.what == "" || v.ours == "" || v.target == "" {
					t.Errorf("expected a full line of the table, got %+v", v)
				}
			}
		})
	}
}

func TestPick(t *testing.T) {
	f := func(names string, want ...string) {
		t.Helper()
		picked, err := pick(names)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range picked {
			got = append(got, r.name)
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("pick(%q): expected %q, got %q", names, want, got)
		}
	}
	f("", strings.Split(strings.TrimSuffix(rowNames(), ",whole-hub"), ",")...)
	f("whole-hub", "whole-hub")
	f("open,read", "open", "read")
	if _, err := pick("read,nonsense"); err == nil || !strings.Contains(err.Error(), `"nonsense"`) {
		t.Errorf("expected an error that quotes nonsense, got %v", err)
	}
}
