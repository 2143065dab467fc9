package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/migrate"
)

// memory is a store in memory.
type memory struct {
	*memtable.Store
	appends int
}

func newMemory() *memory { return &memory{Store: memtable.NewStore()} }

func (m *memory) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	m.appends++
	return m.Store.Append(ctx, b)
}

// filled returns a history with numbers of every source, a correction, listings and an
// archive, a start of counters, a repository that moved, one that is gone, and one without
// records.
func filled(t *testing.T) *memory {
	t.Helper()
	m := newMemory()
	add := func(b history.Batch) {
		t.Helper()
		if _, err := m.Append(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	for age, source := range []history.Source{history.Estimated, history.Observed, history.Published, history.Published} {
		var records []history.Record
		for r := range 30 {
			repo := history.Repo{Type: history.Model, Name: fmt.Sprintf("org%d/r%d", r%4, r)}
			for d := age * 3; d < 200; d += 1 + (r+age)%5 {
				records = append(records, history.Record{Repo: repo, Total: int64(9000 - 100*age), Day: history.Day(20000 + d), Downloads: int64(1000 - 10*age + r + d)})
			}
		}
		add(history.Batch{Rows: history.RowsOf(history.Version{Source: source, AsOf: history.AsOf(age + 1)}, records...)})
	}
	moved := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "org1/r5"})
	moved.GoneAsOf, moved.MovedTo = 99, "org2/r6"
	gone := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "org1/r9"})
	gone.GoneAsOf = 98
	idle := history.NewRepoMeta(history.Repo{Type: history.Space, Name: "org1/s"})
	idle.Likes, idle.HubID, idle.ListedAsOf = 7, "0123456789abcdef01234567", 97
	start := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "org1/r13"})
	start.StartTotal, start.StartDownloads, start.StartRemoved, start.StartAsOf = 50, 60, 10, 12
	add(history.Batch{Meta: []history.RepoMeta{moved, gone, idle, start}})
	for i := range 40 {
		listing := history.NewRepoMeta(history.Repo{Type: history.Model, Name: fmt.Sprintf("org2/l%d", i%4)})
		listing.Total, listing.LastMonth, listing.Likes, listing.HubID = int64(1000+i*i), 500, int64(i), "0123456789abcdef01234567"
		listing.TotalAsOf = history.AsOfTime(history.Day(20300 + i/5).Time().Add(time.Duration(i) * time.Minute))
		if listing.ListedAsOf = listing.TotalAsOf; i%7 == 3 {
			listing.Total, listing.TotalAsOf = history.Unknown, 0
		}
		archived := history.NewReading(listing.Repo, listing.ListedAsOf-90*24*3600*1e6, history.Archive, int64(i), 40, 1)
		add(history.Batch{Meta: []history.RepoMeta{listing}, Readings: func(yield func(history.Reading, error) bool) { yield(archived, nil) }})
	}
	return m
}

func TestCopyKeepsEverything(t *testing.T) {
	from := filled(t)
	f := func(batch int64, appends int) {
		t.Helper()
		to := newMemory()
		var last history.Repo
		sum := 0
		err := migrate.Copy(t.Context(), from, to, migrate.Options{Batch: batch, Moved: func(r history.Repo, repos int) error {
			if sum > 0 && r.Compare(last) <= 0 {
				t.Errorf("%s came after %s", r, last)
			}
			last, sum = r, sum+repos
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		compared := int64(0)
		s, err := migrate.Verify(t.Context(), from, to, func() { compared++ })
		if err != nil || s.Repos != 35 || int(s.Repos) != sum || s.Records < 2000 || s.Readings < 60 || s.Downloads == 0 || compared != 30 {
			t.Errorf("batches of %d: got %+v, %d moved, %d compared, %v", batch, s, sum, compared, err)
		}
		if to.appends != appends {
			t.Errorf("batches of %d: %d appends, want %d", batch, to.appends, appends)
		}
	}
	f(0, 1)
	f(1, 35)
	f(1500, 4)
}

// A run that broke off goes on where it was, and moving again changes nothing.
func TestCopyGoesOn(t *testing.T) {
	from, to := filled(t), newMemory()
	broken := errors.New("broken off")
	var at *history.Repo
	for range 4 {
		n := 0
		err := migrate.Copy(t.Context(), from, to, migrate.Options{Batch: 300, After: at, Moved: func(r history.Repo, _ int) error {
			at = &r
			if n++; n == 2 {
				return broken
			}
			return nil
		}})
		if !errors.Is(err, broken) {
			break
		}
		if _, err := migrate.Verify(t.Context(), from, to, nil); err == nil {
			break
		}
	}
	for range 2 {
		if err := migrate.Copy(t.Context(), from, to, migrate.Options{After: at}); err != nil {
			t.Fatal(err)
		}
		if _, err := migrate.Verify(t.Context(), from, to, nil); err != nil {
			t.Error(err)
		}
		at = nil
	}
}

func TestCopyIntoAnotherHistory(t *testing.T) {
	to := newMemory()
	r := history.Record{Repo: history.Repo{Type: history.Model, Name: "other/x"}, Total: 1, Day: 20000, Downloads: 1}
	if _, err := to.Append(t.Context(), history.Batch{Rows: history.RowsOf(history.Version{Source: history.Published}, r)}); err != nil {
		t.Fatal(err)
	}
	err := migrate.Copy(t.Context(), filled(t), to, migrate.Options{})
	if err == nil || !strings.Contains(err.Error(), "got one with 1 other repositories, including model other/x") {
		t.Errorf("got %v", err)
	}
	if to.Table().NumRepos() != 1 {
		t.Error("something was moved")
	}
}

func TestVerifyFindsTheDifference(t *testing.T) {
	f := func(b history.Batch, want ...string) {
		t.Helper()
		from, to := filled(t), newMemory()
		if err := migrate.Copy(t.Context(), from, to, migrate.Options{}); err != nil {
			t.Fatal(err)
		}
		if _, err := to.Append(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		_, err := migrate.Verify(t.Context(), from, to, nil)
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("got %v, want %s", err, w)
			}
		}
	}
	repo := history.Repo{Type: history.Model, Name: "org0/r0"}
	record := func(day history.Day, downloads int64, asOf history.AsOf) history.Batch {
		r := history.Record{Repo: repo, Total: history.Unknown, Day: day, Downloads: downloads}
		return history.Batch{Rows: history.RowsOf(history.Version{Source: history.Published, AsOf: asOf}, r)}
	}
	f(record(20009, 5000, 9), "model org0/r0 2024-10-13: 979 downloads, published as of", "got\n  model org0/r0 2024-10-13: 5000 downloads")
	f(record(20009, 979, 9), "model org0/r0 2024-10-13: 979 downloads, published as of")
	f(record(30000, 1, 1), "got\n  model org0/r0 2052-02-20: 1 downloads")
	likes := history.NewRepoMeta(repo)
	likes.Likes, likes.ListedAsOf = 3, 5
	f(history.Batch{Meta: []history.RepoMeta{likes}}, "Likes:-1", "Likes:3")
	late := history.NewReading(repo, history.AsOfTime(history.Day(19999).Time()), history.Archive, history.Unknown, 3, 4)
	f(history.Batch{Readings: func(yield func(history.Reading, error) bool) { yield(late, nil) }}, "got\n  reading", "LastMonth:3 Likes:4")
}
