// Package examples_test checks that the example exports are what their README says.
package examples_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSixRows(t *testing.T) {
	want := strings.Join([]string{
		"repoType,repoName,total,timestamp,downloads",
		"model,huggingface/CodeBERTa-small-v1,4362460,2021-01-22T00:00:00.000Z,4",
		"model,huggingface/CodeBERTa-small-v1,4362460,2021-01-23T00:00:00.000Z,7",
		"model,huggingface/CodeBERTa-small-v1,4362460,2021-01-24T00:00:00.000Z,2",
		"dataset,huggingface/documentation-images,2167284,2021-11-27T00:00:00.000Z,3",
		"dataset,huggingface/documentation-images,2167284,2021-11-28T00:00:00.000Z,18",
		"dataset,huggingface/documentation-images,2167284,2021-11-29T00:00:00.000Z,7",
		"",
	}, "\n")
	if got := string(read(t, "six-rows.csv")); got != want {
		t.Errorf("expected %q\ngot %q", want, got)
	}
}

func TestSyntheticIsWhatItsCommandMakes(t *testing.T) {
	var want bytes.Buffer
	if err := synthetic.Write(&want, synthetic.Options{Repos: 40, Days: 1096, Seed: 3, Org: "acme"}); err != nil {
		t.Fatal(err)
	}
	got := read(t, "synthetic.csv")
	if !bytes.Equal(got, want.Bytes()) {
		n := 0
		for n < min(len(got), want.Len()) && got[n] == want.Bytes()[n] {
			n++
		}
		t.Errorf("synthetic.csv differs from what generate makes at byte %d of %d", n, len(got))
	}
	readme := string(read(t, "README.md"))
	for _, s := range []string{
		"generate --repos 40 --days 1096 --seed 3 --org acme",
		"37,242 records", "2023-01-01 to 2025-12-31",
	} {
		if !strings.Contains(readme, s) {
			t.Errorf("expected the README to say %q", s)
		}
	}
	lines := bytes.Split(bytes.TrimSuffix(got, []byte("\n")), []byte("\n"))
	if n := len(lines) - 1; n != 37_242 {
		t.Errorf("expected 37242 records, got %d", n)
	}
	for line, want := range map[int]string{1: ",2023-01-01T", len(lines) - 1: ",2025-12-31T"} {
		if !bytes.Contains(lines[line], []byte(want)) {
			t.Errorf("line %d: expected a day %s, got %s", line+1, want, lines[line])
		}
	}
}
