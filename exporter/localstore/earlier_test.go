package localstore

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// TestEarlierFiles opens a store of before State.CorrectedAsOf was kept, and
// continues it. Its second export told a total that had fallen by 7.
func TestEarlierFiles(t *testing.T) {
	dir := t.TempDir()
	copyDir(t, "testdata/earlier", dir)
	l := open(t, dir)
	anvil := history.Repo{Type: history.Model, Name: "acme/anvil"}
	row := func(want history.RepoRow) {
		t.Helper()
		page, err := l.Repos(context.Background(), history.ReposQuery{Sort: history.SortCorrected, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if page.Matched != 3 || !reflect.DeepEqual(page.Rows, []history.RepoRow{want}) {
			t.Errorf("expected, of 3, %+v, got, of %d, %+v", want, page.Matched, page.Rows)
		}
	}
	want := history.RepoRow{
		Repo: anvil, Total: 93, Downloads: 10 + 15 + 7,
		Recorded: history.Days{From: 19723, To: 19725}, Corrected: 7,
	}
	row(want)
	told := history.NewRepoMeta(anvil)
	told.Total, told.TotalAsOf = 90, history.AsOfTime(time.Date(2024, 1, 5, 6, 0, 0, 0, time.UTC))
	if c := add(t, l, history.Batch{Meta: []history.RepoMeta{told}}); c.Corrected != 3 {
		t.Errorf("expected 3 downloads to be taken back, got %+v", c)
	}
	want.Total, want.Corrected, want.CorrectedAsOf = 90, 10, told.TotalAsOf
	row(want)
	l = open(t, dir)
	row(want)
	if err := l.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	row(want)
}
