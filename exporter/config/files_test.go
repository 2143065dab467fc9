package config

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestMatchFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]*") // has what a glob gives a meaning to
	other := t.TempDir()
	for _, name := range []string{"in/2.csv", "in/1.csv", "in/1.csv.gz", "in/note.txt", "in/folder.csv/x.csv"} {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(other, "o.csv"), nil, 0o666); err != nil {
		t.Fatal(err)
	}

	f := func(globs Files, want, wantUnmatched []string) {
		t.Helper()
		c := Default(families...)
		c.dir, c.Files = dir, globs
		files, unmatched, err := c.MatchFiles()
		if err != nil {
			t.Errorf("%v: %v", globs, err)
			return
		}
		var got []string
		for _, file := range files {
			if rel, err := filepath.Rel(dir, file.Name); err == nil && filepath.IsLocal(rel) {
				file.Name = rel
			}
			if file.Readings != nil {
				file.Name += " of " + file.Readings.Wide
			}
			got = append(got, file.Name)
		}
		if !slices.Equal(got, want) || !slices.Equal(unmatched, wantUnmatched) {
			t.Errorf("%v: got %q, without a match %q; want %q, %q", globs, got, unmatched, want, wantUnmatched)
		}
	}
	f(nil, nil, nil)
	f(Files{{Glob: "in/*.csv"}}, []string{"in/1.csv", "in/2.csv"}, nil) // no folder
	f(Files{{Glob: "in/2.csv"}, {Glob: "in/*"}}, []string{"in/1.csv", "in/1.csv.gz", "in/2.csv", "in/note.txt"}, nil)
	total, likes := &Readings{Wide: "total"}, &Readings{Wide: "likes"} // the first set counts
	f(Files{{Glob: "in/1.csv", Readings: total}, {Glob: "in/*.csv"}, {Glob: "in/2.csv", Readings: likes}}, []string{"in/1.csv of total", "in/2.csv"}, nil)
	f(Files{{Glob: "./in/../in/1.csv"}}, []string{"in/1.csv"}, nil)
	f(Files{{Glob: "out/*.csv"}, {Glob: "in/folder.csv"}}, nil, []string{"out/*.csv", "in/folder.csv"})
	f(Files{{Glob: filepath.Join(other, "*.csv")}}, []string{filepath.Join(other, "o.csv")}, nil)
}

func TestAnyOfMatchesTheWholeName(t *testing.T) {
	f := func(name string, want bool, exprs ...string) {
		t.Helper()
		var list []Regexp
		for _, e := range exprs {
			list = append(list, Regexp(e))
		}
		if got := AnyOf(list).MatchString(name); got != want {
			t.Errorf("%q on %q: got %v, want %v", exprs, name, got, want)
		}
	}
	f("org/x", true, "org/x")
	f("org/x2", false, "org/x")
	f("my-org/x", false, "org/x")
	f("my-org/x", true, "org/x", "my-org/.*")
	f("a", true, "a|b")
	f("ab", false, "a|b")
	f("ab", false, "a", "b")
	f("org/x", true, "(?i)ORG/.*")
	f("org/x", false, "(?i)other/.*", "ORG/.*") // a flag stays within its expression
	f("org/x", false, "")
	if AnyOf(nil) != nil {
		t.Error("no expression: want nil")
	}
}
