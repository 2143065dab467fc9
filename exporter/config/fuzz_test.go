package config

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// FuzzParse reads anything as a configuration: every fault names the file, a line
// and what is wrong, and none quotes a secret; what is taken gives, printed, the
// same configuration again.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	for _, text := range []string{
		"",
		"hub: {token: sesame, organizations: [{name: a, interval: 1h}, {name: b, source: listings, token_file: t}]}",
		"files: &a [x.csv]\nmetrics: {include: *a, max_repos: 7}\n",
		"metrics: {exclude: ['(']}\n---\n{}",
		"push: {url: 'http://u:p@h', username: x, password: sesame, bearer_token: sesame}",
		"storage: {engine: victoriametrics, victoriametrics: {insert_url: 'http://h', password: sesame}}",
		"a: &a [*a, *a]\n<<: *a\n",
		"hub: {token: [sesame]}\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("dir/c.yaml", text, families...)
		if err != nil {
			if !IsFault(err) {
				t.Fatalf("%q: expected faults, got %v", text, err)
			}
			for _, e := range err.(Errors) {
				if e.File != "dir/c.yaml" || e.Line < 1 || e.Message == "" {
					t.Errorf("%q: got the fault %+v", text, e)
				}
			}
			return
		}
		printed, err := c.YAML()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := Parse("dir/c.yaml", printed, families...)
		if err != nil {
			// A secret is printed masked, and the mask is no token.
			if strings.Contains(string(printed), masked) {
				return
			}
			t.Fatalf("%q: what was printed cannot be read: %v\n%s", text, err, printed)
		}
		if twice, err := again.YAML(); err != nil || !bytes.Equal(printed, twice) {
			t.Fatalf("%q: printed\n%s\nand then, %v,\n%s", text, printed, err, twice)
		}
	})
}
