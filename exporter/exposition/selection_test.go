package exposition

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// names returns the repositories of a list, in order.
func (l *countList) names() []string {
	var out []string
	for _, block := range l.blocks {
		for _, c := range block {
			out = append(out, c.Repo.String())
		}
	}
	return out
}

func TestLargestReposStay(t *testing.T) {
	unknown := downloads("a/unknown", history.Unknown)
	f := func(limit int, counts []history.Counts, over int, want ...string) {
		t.Helper()
		s, err := Options{MaxRepos: limit}.settings()
		if err != nil {
			t.Fatal(err)
		}
		sel := s.selectCounts(ordered(counts...))
		if got := sel.repos.names(); !slices.Equal(got, want) || sel.over != over {
			t.Errorf("limit %d: got %q and %d over, expected %q and %d", limit, got, sel.over, want, over)
		}
	}
	counts := []history.Counts{downloads("a/1", 10), downloads("a/2", 30), downloads("a/3", 20), downloads("b", 20), unknown}
	f(0, counts, 0, "model a/1", "model a/2", "model a/3", "model a/unknown", "model b") // the default
	f(-1, counts, 0, "model a/1", "model a/2", "model a/3", "model a/unknown", "model b")
	f(5, counts, 0, "model a/1", "model a/2", "model a/3", "model a/unknown", "model b")
	f(4, counts, 1, "model a/1", "model a/2", "model a/3", "model b")
	f(3, counts, 2, "model a/2", "model a/3", "model b")
	f(2, counts, 3, "model a/2", "model a/3") // of two with 20 the first
	f(1, counts, 4, "model a/2")
	f(1, nil, 0)

	// A tie between types goes to the model.
	dataset := downloads("a/1", 10)
	dataset.Repo.Type = history.Dataset
	f(1, []history.Counts{dataset, downloads("z/1", 10)}, 1, "model z/1")
}

// Selecting while reading gives what sorting all would.
func TestLargestOfMany(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	f := func(n, limit int, values int64) {
		t.Helper()
		counts := make([]history.Counts, n)
		for i := range counts {
			counts[i] = downloads(fmt.Sprintf("a/%06d", i), rng.Int64N(values)-1) // -1 is Unknown
		}
		s, err := Options{MaxRepos: limit}.settings()
		if err != nil {
			t.Fatal(err)
		}
		sel := s.selectCounts(slices.Values(counts))

		want := slices.Clone(counts)
		slices.SortStableFunc(want, func(a, b history.Counts) int { return cmp.Compare(b.Downloads, a.Downloads) })
		want = want[:min(n, limit)]
		slices.SortFunc(want, func(a, b history.Counts) int { return a.Repo.Compare(b.Repo) })
		var names []string
		for _, c := range want {
			names = append(names, c.Repo.String())
		}
		if !slices.Equal(sel.repos.names(), names) {
			t.Errorf("%d repositories, limit %d, %d values: wrong selection", n, limit, values)
		}
		if sel.over != n-len(names) {
			t.Errorf("%d repositories, limit %d: %d over, expected %d", n, limit, sel.over, n-len(names))
		}
		for i, block := range sel.repos.blocks {
			if len(block) != blockRepos && i < len(sel.repos.blocks)-1 {
				t.Errorf("%d repositories, limit %d: block %d has %d of them", n, limit, i, len(block))
			}
		}
	}
	for _, values := range []int64{1, 2, 100, 1 << 40} {
		f(1, 1, values)
		f(pruneSlack, 1, values)
		f(pruneSlack+2, 1, values)
		f(3*pruneSlack+5, 1, values)
		f(20_000, 10, values)
		f(20_000, 5_000, values)
		f(20_000, blockRepos, values)
		f(20_000, 2*blockRepos, values)
		f(20_000, 12_000, values)
		f(20_000, 19_999, values)
		f(20_000, 20_000, values)
		f(20_000, 20_001, values)
	}
}

func TestOrgsAreCountedWhole(t *testing.T) {
	p, _ := newPage(t, Options{MaxRepos: 1})
	of := func(typ history.RepoType, name string) history.Counts {
		c := downloads(name, 1)
		c.Repo.Type = typ
		return c
	}
	// Legacy names lie between those of organizations; "a-b/" sorts before "a/".
	p.Update(ordered(
		of(history.Model, "a-b/1"), of(history.Model, "a/1"), of(history.Model, "a/2"), of(history.Model, "b"),
		of(history.Model, "c/1"), of(history.Model, "d"), of(history.Model, "a"), of(history.Model, "c/2"),
		of(history.Dataset, "a/1"), of("kernel", "a/1"), of(history.Space, "z/1"),
	), Stored{})
	want := []string{
		`huggingface_org_repos{repo_type="model",org=""} 3`,
		`huggingface_org_repos{repo_type="model",org="a"} 2`,
		`huggingface_org_repos{repo_type="model",org="a-b"} 1`,
		`huggingface_org_repos{repo_type="model",org="c"} 2`,
		`huggingface_org_repos{repo_type="dataset",org="a"} 1`,
		`huggingface_org_repos{repo_type="space",org="z"} 1`,
		`huggingface_org_repos{repo_type="kernel",org="a"} 1`,
	}
	if got := samples(t, p, "huggingface_org_repos"); !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
	if got := samples(t, p, "huggingface_repo_"); len(got) != 1 {
		t.Errorf("expected one repository, got %q", got)
	}
}
