package segment

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func writtenStates(t *testing.T, states []history.RepoMeta, companionOf string) *Meta {
	t.Helper()
	var buf bytes.Buffer
	n, err := WriteMeta(&buf, slices.Values(states), companionOf)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(len(states)) {
		t.Fatalf("expected %d states to be counted, got %d", len(states), n)
	}
	s, err := newMeta(buf.Bytes(), "test.parquet")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func collectStates(t *testing.T, s *Meta) []history.RepoMeta {
	t.Helper()
	var out []history.RepoMeta
	for s, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// allStates returns every combination of known and unknown fields, with equal and
// with different ages.
func allStates() []history.RepoMeta {
	fields := []func(*history.RepoMeta){
		func(s *history.RepoMeta) { s.Total = 7 },
		func(s *history.RepoMeta) { s.TotalAsOf = 1000 },
		func(s *history.RepoMeta) { s.LastMonth = 0 },
		func(s *history.RepoMeta) { s.Likes = 3 },
		func(s *history.RepoMeta) { s.HubID = "0123456789abcdef01234567" },
		func(s *history.RepoMeta) { s.ListedAsOf = 1000 },
		func(s *history.RepoMeta) { s.Highest = 9 },
		func(s *history.RepoMeta) { s.Removed, s.ListedAsOf = 2, 2*s.ListedAsOf },
		func(s *history.RepoMeta) { s.RemovedAsOf = 500 },
		func(s *history.RepoMeta) { s.Base = 0 },
		func(s *history.RepoMeta) { s.BaseAsOf = 1000 },
		func(s *history.RepoMeta) { s.MovedTo, s.GoneAsOf = "org/new", 3000 },
		func(s *history.RepoMeta) { s.GoneAsOf = 2000 },
	}
	var out []history.RepoMeta
	for m := range 1 << len(fields) {
		s := history.NewRepoMeta(history.Repo{Type: history.Model, Name: fmt.Sprintf("org/%d", m)})
		for i, set := range fields {
			if m&(1<<i) != 0 {
				set(&s)
			}
		}
		out = append(out, s)
	}
	return out
}

// someStates returns a few of them.
func someStates() []history.RepoMeta {
	var out []history.RepoMeta
	for i, s := range allStates() {
		if i%97 == 0 {
			out = append(out, s)
		}
	}
	return out
}

func TestStatesComeBack(t *testing.T) {
	f := func(name string, states ...history.RepoMeta) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			if got := collectStates(t, writtenStates(t, states, "")); !reflect.DeepEqual(got, states) {
				t.Errorf("got %v\nwant %v", got, states)
			}
		})
	}
	f("none")
	f("every combination", allStates()...)
	big := history.NewRepoMeta(history.Repo{Type: "", Name: ""})
	big.Total, big.Highest, big.Removed, big.Likes, big.LastMonth = math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64
	big.Base, big.BaseAsOf, big.GoneAsOf = math.MaxInt64, math.MaxInt64, 1
	big.TotalAsOf, big.ListedAsOf, big.RemovedAsOf = math.MaxInt64, math.MinInt64, math.MinInt64
	f("extremes", big)
	a := history.NewRepoMeta(history.Repo{Type: history.Model, Name: "o/n"})
	b := history.NewRepoMeta(history.Repo{Type: history.Dataset, Name: "o/n"})
	f("types that share a name", a, b)

	// More than a page, with nulls on both sides of its end.
	var many []history.RepoMeta
	for i := range pageRows + 100 {
		s := history.NewRepoMeta(history.Repo{Type: history.Model, Name: fmt.Sprint(i)})
		if i%3 != 0 {
			s.Likes, s.ListedAsOf = int64(i), 1
		}
		many = append(many, s)
	}
	f("pages", many...)
}

func TestStatesOfOneRepositoryMerge(t *testing.T) {
	repo := history.Repo{Type: history.Model, Name: "o/n"}
	old, young := history.NewRepoMeta(repo), history.NewRepoMeta(repo)
	old.Total, old.TotalAsOf, old.Removed, old.RemovedAsOf = 10, 1, 5, 1
	young.Total, young.TotalAsOf, young.Likes, young.ListedAsOf = 8, 2, 1, 2
	got := collectStates(t, writtenStates(t, []history.RepoMeta{young, old}, ""))
	if want := []history.RepoMeta{young.Merge(old)}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestCompanionOf(t *testing.T) {
	if got := writtenStates(t, someStates(), "x.parquet").CompanionOf(); got != "x.parquet" {
		t.Errorf("got %q", got)
	}
	if got := writtenStates(t, someStates(), "").CompanionOf(); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestStatesStopEarly(t *testing.T) {
	n := 0
	for range writtenStates(t, someStates(), "").All() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("got %d states", n)
	}
}
