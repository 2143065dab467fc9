package history

import (
	"errors"
	"slices"
	"testing"
)

func TestRowsOfAndCollect(t *testing.T) {
	a, b := Repo{Model, "acme/a"}, Repo{Dataset, "acme/a"}
	var records []Record
	for i := range 2*BlockRows + 3 {
		r := Record{Repo: a, Total: 7, Day: Day(i), Downloads: int64(i) * 2}
		if i%3 == 0 {
			r.Repo, r.Total = b, Unknown
		}
		records = append(records, r)
	}
	v := Version{Observed, 5}
	got, err := Collect(RowsOf(v, records...))
	if err != nil || !slices.Equal(got, records) {
		t.Fatalf("expected the %d records again, got %d, %v", len(records), len(got), err)
	}

	var lengths []int
	for rows := range RowsOf(v, records...) {
		lengths = append(lengths, rows.Len())
		if rows.Version != v || len(rows.Repos) != 2 {
			t.Errorf("expected version %v and 2 repositories, got %v and %d", v, rows.Version, len(rows.Repos))
		}
	}
	if want := []int{BlockRows, BlockRows, 3}; !slices.Equal(lengths, want) {
		t.Errorf("expected blocks of %v rows, got %v", want, lengths)
	}
	for range RowsOf(v, records...) {
		break // asking for more after this would panic
	}
	if got, err := Collect(RowsOf(v)); err != nil || got != nil {
		t.Errorf("expected nothing, got %v, %v", got, err)
	}
}

func TestCollectKeepsNothingOfABrokenStream(t *testing.T) {
	broken := errors.New("broken")
	got, err := Collect(func(yield func(*Rows, error) bool) {
		rows := &Rows{Repos: []RepoTotal{{}}}
		rows.Append(0, 1, 2)
		if yield(rows, nil) {
			yield(nil, broken)
		}
	})
	if got != nil || err != broken {
		t.Errorf("expected only the error, got %v, %v", got, err)
	}
}

func TestLines(t *testing.T) {
	rows := &Rows{Repos: []RepoTotal{{}}, FirstLine: 12}
	rows.Append(0, 1, 2)
	rows.Append(0, 2, 2)
	if got := rows.Line(1); got != 13 {
		t.Errorf("expected line 13, got %d", got)
	}
	rows.Reset()
	if rows.Len() != 0 || len(rows.Repos) != 1 {
		t.Errorf("expected no rows and the dictionary, got %d and %d", rows.Len(), len(rows.Repos))
	}
	rows.Append(0, 1, 2)
	if got := rows.Line(0); got != 0 {
		t.Errorf("expected no line, got %d", got)
	}
}

func TestPage(t *testing.T) {
	f := func(endpoint string, repoType RepoType, name, want string) {
		t.Helper()
		if got := (Repo{repoType, name}).Page(endpoint); got != want {
			t.Errorf("expected %s, got %s", want, got)
		}
	}
	const hub = "https://huggingface.co"
	f(hub, "model", "org/name", "https://huggingface.co/org/name")
	f(hub, "model", "gpt2", "https://huggingface.co/gpt2")
	f(hub, "dataset", "org/name", "https://huggingface.co/datasets/org/name")
	f(hub, "space", "org/name", "https://huggingface.co/spaces/org/name")
	f(hub, "kernel", "org/a.b_c-d", "https://huggingface.co/kernels/org/a.b_c-d")
	f(hub, "model", "org/a?b#c d", "https://huggingface.co/org/a%3Fb%23c%20d")
	f("https://hub.example.org/mirror/", "dataset", "org/name", "https://hub.example.org/mirror/datasets/org/name")
}
