package localstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestDue(t *testing.T) {
	sizes := func(s ...int64) files {
		f := make(files)
		for i, n := range s {
			f[fmt.Sprintf("%02d", i)] = file{size: n}
		}
		return f
	}
	f := func(in files, want ...string) {
		t.Helper()
		if got := due(in); !slices.Equal(got, want) {
			t.Errorf("%v: got %v, want %v", in, got, want)
		}
	}
	const kb, mb = 1 << 10, 1 << 20
	f(nil)
	f(sizes(1, 1, 1, 1, 1, 1, 1))
	f(sizes(1, 2, 3, 4, 5, 6, 7, 64*kb), "00", "01", "02", "03", "04", "05", "06", "07")
	f(sizes(1, 2, 3, 4, 5, 6, 7, 64*kb+1))
	f(sizes(mb, 1, 1, 1, 1, 1, 1, 1, 1), "01", "02", "03", "04", "05", "06", "07", "08")
	// Eight of a larger size take the small ones with them.
	f(sizes(100*mb, mb, mb, mb, mb, mb, mb, mb, mb, 1), "01", "02", "03", "04", "05", "06", "07", "08", "09")
	f(sizes(100*mb, 10*mb, mb, 100*kb, 1))
}

func TestTier(t *testing.T) {
	f := func(size int64, want int) {
		t.Helper()
		if got := tier(size); got != want {
			t.Errorf("%d bytes: got tier %d, want %d", size, got, want)
		}
	}
	f(0, 0)
	f(smallFile, 0)
	f(smallFile+1, 1)
	f(8*smallFile, 1)
	f(8*smallFile+1, 2)
	f(64*smallFile, 2)
	f(64*smallFile+1, 3)
}

// TestSettled plays listings that another process changes meanwhile.
func TestSettled(t *testing.T) {
	f := func(want string, listings ...string) {
		t.Helper()
		next := 0
		play := func() (*listing, error) {
			s := listings[min(next, len(listings)-1)]
			next++
			return &listing{records: strings.Fields(s)}, nil
		}
		first, _ := play()
		got, err := settled(context.Background(), first, play)
		if err != nil || !slices.Equal(got.records, strings.Fields(want)) {
			t.Errorf("%q: got %v, %v", listings, got, err)
		}
	}
	f("a", "a")
	f("", "")
	// The second listing finds what the first one missed.
	f("merged", "", "merged")
	f("merged", "a b", "a merged", "merged")

	n := 0
	if _, err := settled(context.Background(), &listing{}, func() (*listing, error) {
		n++
		return &listing{records: []string{fmt.Sprint(n)}}, nil
	}); err == nil {
		t.Error("expected an end of listings that never agree")
	}
}

// TestAppendsStayFew asserts that files do not pile up.
func TestAppendsStayFew(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for i := range 100 {
		add(t, l, dayBatch("org", i))
		if s := statsOf(l); s.RecordFiles > 2*fanout || s.MetaFiles > 2*fanout {
			t.Fatalf("after %d appends: %+v", i+1, s)
		}
		if len(dirFiles(t, dir)) != statsOf(l).RecordFiles+statsOf(l).MetaFiles {
			t.Fatalf("after %d appends: %v, but %+v", i+1, dirFiles(t, dir), statsOf(l))
		}
	}
	if got := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(got, contentsOf(t, l.Table())) || len(got.Records) != 100*batchRepos {
		t.Errorf("got %d records", len(got.Records))
	}
}

// TestOrderOfFiles asserts that the content does not depend on the names of files,
// that is, on the order in which they are merged.
func TestOrderOfFiles(t *testing.T) {
	from := t.TempDir()
	l := open(t, from)
	repo := history.Repo{Type: history.Model, Name: "org/a"}
	other := history.Repo{Type: history.Model, Name: "org/b"}
	for i, v := range []history.Version{
		{Source: history.Published, AsOf: 10}, {Source: history.Observed, AsOf: 50}, {Source: history.Published, AsOf: 20},
		{Source: history.Estimated, AsOf: 60},
	} {
		records := []history.Record{
			{Repo: repo, Total: history.Unknown, Day: 1, Downloads: int64(10 - i)},
			{Repo: repo, Total: history.Unknown, Day: history.Day(2 + i%2), Downloads: int64(i)},
			{Repo: repo, Total: history.Unknown, Day: history.Day(100 * i), Downloads: 7},
		}
		if i == 2 {
			records = append(records, history.Record{Repo: other, Total: history.Unknown, Day: 4, Downloads: 4})
		}
		add(t, l, history.Batch{Rows: history.RowsOf(v, records...)})
	}
	for i, total := range []int64{30, 20, 24, 22, 25, 28} {
		add(t, l, history.Batch{Meta: []history.RepoMeta{listed(repo, total, history.Day(200+i))}})
	}
	want := contentsOf(t, l.Table())
	if c := want.Meta[0].Counters; c.Removed != 10 || c.Downloads != 38 {
		t.Fatalf("expected 10 to be removed, got %+v", want.Meta[0])
	}
	for round := range 50 {
		dir := t.TempDir()
		r := rand.New(rand.NewPCG(1, uint64(round)))
		for _, name := range dirFiles(t, from) {
			to := filepath.Join(dir, filepath.Dir(name), fmt.Sprintf("%08x.parquet", r.Uint32()))
			if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(from, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l := open(t, dir)
		if got := contentsOf(t, l.Table()); !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: got %+v\nwant %+v", round, got, want)
		}
		if err := l.Compact(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := contentsOf(t, open(t, dir).Table()); !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d, compacted: got %+v\nwant %+v", round, got, want)
		}
	}
}

// TestCompactKeepsWhatMoved asserts that the records of a repository that moved
// are kept, though no answer shows them.
func TestCompactKeepsWhatMoved(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	s := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "org/m0"})
	s.MovedTo, s.GoneAsOf = "org/new", 1<<40
	b := dayBatch("org", 0)
	b.Meta = append(b.Meta, s)
	add(t, l, b)
	add(t, l, dayBatch("org", 1))
	if err := l.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	back := history.NewRepoMeta(s.Repo)
	back.Total, back.TotalAsOf = 1, 1<<41
	add(t, l, history.Batch{Meta: []history.RepoMeta{back}})
	o, err := l.Overview(context.Background(), history.OverviewQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if o.Groups[0].Records != 2*batchRepos {
		t.Errorf("expected %d records of a repository that came back and others, got %d", 2*batchRepos, o.Groups[0].Records)
	}
}

// TestMergedFilesAreKnown merges files of metadata whose files of records have the same
// names and stay: all that is in the directories is still known, and nothing is read again.
func TestMergedFilesAreKnown(t *testing.T) {
	l := open(t, t.TempDir())
	for day := range fanout - 1 {
		add(t, l, dayBatch("acme", day))
	}
	meta := l.current.Load().meta.names()
	err := l.inTurn(context.Background(), func() error { return l.merge(context.Background(), nil, meta) })
	if err != nil {
		t.Fatal(err)
	}
	ls, err := l.list()
	if err != nil {
		t.Fatal(err)
	}
	now := l.current.Load()
	if known := (&listing{records: now.records.names(), meta: now.meta.names()}); !ls.equal(known) {
		t.Errorf("the directories hold %+v, known are %+v", ls, known)
	}
	if len(ls.records) != fanout-1 || len(ls.meta) != 1 {
		t.Errorf("expected %d files of records and one of metadata, got %d and %d", fanout-1, len(ls.records), len(ls.meta))
	}
}
