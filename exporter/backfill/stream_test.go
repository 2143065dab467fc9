package backfill

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

var (
	heron = history.Repo{Type: history.Model, Name: "acme/heron"}
	gpt2  = history.Repo{Type: history.Model, Name: "gpt2"}
	crane = history.Repo{Type: history.Dataset, Name: "acme/crane"}
)

// store is a store in memory to put facts into.
type store struct {
	*testing.T
	*memtable.Store
}

func newStore(t *testing.T) *store { return &store{t, memtable.NewStore()} }

// published appends records as an export of that age has them, a total of -1 for
// none.
func (s *store) published(asOf history.AsOf, repo history.Repo, total int64, first history.Day, downloads ...int64) {
	s.Helper()
	var records []history.Record
	for i, n := range downloads {
		records = append(records, history.Record{Repo: repo, Total: total, Day: first + history.Day(i), Downloads: n})
	}
	v := history.Version{Source: history.Published, AsOf: asOf}
	if _, err := s.Append(s.Context(), history.Batch{Rows: history.RowsOf(v, records...)}); err != nil {
		s.Fatal(err)
	}
}

// gone appends that a repository was found to be gone.
func (s *store) gone(asOf history.AsOf, repo history.Repo) {
	s.Helper()
	state := history.NewRepoMeta(repo)
	state.GoneAsOf = asOf
	if _, err := s.Append(s.Context(), history.Batch{Meta: []history.RepoMeta{state}}); err != nil {
		s.Fatal(err)
	}
}

// all are options for everything up to the year 2000.
func all() Options {
	return Options{From: history.NoDay, To: history.NoDay, Until: time.Unix(946684800, 0)}
}

// series streams what o asks for and writes it as "repo day:value ...".
func (s *store) series(o Options) ([]string, Stats) {
	s.Helper()
	var stats Stats
	var out []string
	for series, err := range All(s.Context(), s, o, &stats) {
		if err != nil {
			s.Fatal(err)
		}
		out = append(out, series.Repo.String()+" "+shown(series.At, series.Values))
	}
	return out, stats
}

func (s *store) expect(o Options, stats Stats, want ...string) {
	s.Helper()
	got, counted := s.series(o)
	if !slices.Equal(got, want) {
		s.Errorf("got\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if counted != stats {
		s.Errorf("got %+v, expected %+v", counted, stats)
	}
}

func TestAll(t *testing.T) {
	s := newStore(t)
	s.published(1, heron, 100, 10, 1, 2, 3)
	s.published(1, gpt2, history.Unknown, 11, 5, 6)
	s.published(1, crane, 4, 10, 4, 4)
	s.published(1, history.Repo{Type: history.Model, Name: "acme/gone"}, 50, 10, 1, 2)
	s.gone(2, history.Repo{Type: history.Model, Name: "acme/gone"})
	s.expect(all(), Stats{Series: 3, Samples: 10, Clamped: 1, Unshown: 1, Summed: 1},
		"model acme/heron 10:94 11:95 12:97 13:100",
		"model gpt2 11:0 12:5 13:11",
		"dataset acme/crane 10:0 11:0 12:4")
	if n, err := Count(t.Context(), s, all()); n != 3 || err != nil {
		t.Errorf("expected 3 series to be announced, got %d, %v", n, err)
	}

	o := all()
	o.Filter = history.Filter{Orgs: []string{"acme"}}
	s.expect(o, Stats{Series: 2, Samples: 7, Clamped: 1, Unshown: 1},
		"model acme/heron 10:94 11:95 12:97 13:100", "dataset acme/crane 10:0 11:0 12:4")
	// The days before are not read where each repository has a counter.
	o.From = 11
	s.expect(o, Stats{Series: 2, Samples: 5, Unshown: 1}, "model acme/heron 11:95 12:97 13:100", "dataset acme/crane 11:0 12:4")
	o.From = 13
	s.expect(o, Stats{})
	o.From = history.NoDay
	o.After = &heron
	s.expect(o, Stats{Series: 1, Samples: 3, Clamped: 1}, "dataset acme/crane 10:0 11:0 12:4")
	if n, err := Count(t.Context(), s, o); n != 1 || err != nil {
		t.Errorf("expected one more series to be announced, got %d, %v", n, err)
	}
	o.After = &crane
	s.expect(o, Stats{})

	o = all()
	o.From, o.To = 12, 12
	s.expect(o, Stats{Series: 2, Samples: 4, Unshown: 1, Summed: 1}, "model acme/heron 12:97 13:100", "model gpt2 12:5 13:11")
	o = all()
	o.Until = time.Unix(11*86400, 0)
	s.expect(o, Stats{Series: 3, Samples: 5, Clamped: 1, Unshown: 1, Summed: 1},
		"model acme/heron 10:94 11:95", "model gpt2 11:0", "dataset acme/crane 10:0 11:0")
}

// What the Hub removed stays in the counter that is shown, so it is from before all records
// here.
func TestAllAfterACorrection(t *testing.T) {
	const day = history.AsOf(24 * time.Hour / time.Microsecond)
	s := newStore(t)
	s.published(13*day, heron, 60, 10, 10, 20, 30)
	s.published(14*day, heron, 40, 10, 10, 20, 10)
	s.expect(all(), Stats{Series: 1, Samples: 4}, "model acme/heron 10:20 11:30 12:50 13:60")
	// New downloads come on top once the fall is confirmed.
	s.published(15*day, heron, 45, 14, 5)
	s.expect(all(), Stats{Series: 1, Samples: 6}, "model acme/heron 10:20 11:30 12:50 13:60 14:60 15:65")
}

// More records of a repository than a block has.
func TestAllAcrossBlocks(t *testing.T) {
	s := newStore(t)
	n := 2*history.BlockRows + 100
	downloads := make([]int64, n)
	for i := range downloads {
		downloads[i] = 1
	}
	s.published(1, heron, int64(n), 1, downloads...)
	s.published(1, crane, 3, 5, 3)
	o := all()
	o.Until = time.Unix(1e9, 0)
	got, stats := s.series(o)
	if stats != (Stats{Series: 2, Samples: int64(n) + 3}) || len(got) != 2 {
		t.Fatalf("got %d series, %+v", len(got), stats)
	}
	if !strings.HasPrefix(got[0], "model acme/heron 1:0 2:1 3:2 ") || got[1] != "dataset acme/crane 5:0 6:3" {
		t.Errorf("got %.100s and %s", got[0], got[1])
	}
}

// broken is a source whose records end with an error.
type broken struct{ *memtable.Store }

var errBroken = errors.New("cannot read on")

func (b broken) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		for rows, err := range b.Store.Records(ctx, q) {
			if !yield(rows, err) {
				return
			}
		}
		yield(nil, errBroken)
	}
}

func TestAllEndsWithAnError(t *testing.T) {
	s := newStore(t)
	s.published(1, heron, 60, 10, 10)
	s.published(1, crane, 60, 10, 10)
	var stats Stats
	var last error
	for series, err := range All(t.Context(), broken{s.Store}, all(), &stats) {
		if (series == nil) != (err != nil) {
			t.Errorf("got %v with %v", series, err)
		}
		last = err
	}
	if !errors.Is(last, errBroken) {
		t.Errorf("got %v", last)
	}
	// Who has enough is asked no further.
	for range All(t.Context(), broken{s.Store}, all(), &stats) {
		break
	}
}

func TestLabelsOf(t *testing.T) {
	f := func(r history.Repo, extra []Label, want string) {
		t.Helper()
		if got := string(appendName(nil, labelsOf(r, extra))); got != Metric+want+" " {
			t.Errorf("%s: got %s, expected %s", r, got, want)
		}
	}
	f(heron, nil, `{org="acme",repo="acme/heron",repo_type="model"}`)
	f(gpt2, []Label{{"job", "hf"}, {"zone", "z"}, {"A", "b"}}, `{A="b",job="hf",repo="gpt2",repo_type="model",zone="z"}`)
	f(history.Repo{Type: "x", Name: "a/\"b\\\n\xff"}, nil, `{org="a",repo="a/\"b\\\n`+"\uFFFD"+`",repo_type="x"}`)
}
