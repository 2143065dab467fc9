package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "out.csv")
	check := func(when, want string, files int) {
		t.Helper()
		got, err := os.ReadFile(name)
		if err != nil && want != "" || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", when, got, err, want)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != files {
			t.Errorf("%s: got files %v, %v, want %d", when, entries, err, files)
		}
	}
	text := func(s string) func(*os.File) error {
		return func(f *os.File) error {
			_, err := f.WriteString(s)
			return err
		}
	}

	cut := errors.New("cut off")
	fails := func(f *os.File) error {
		_, _ = f.WriteString("half")
		return cut
	}
	if err := Replace(name, fails); !errors.Is(err, cut) {
		t.Errorf("got %v, want %v", err, cut)
	}
	check("a failure with no file before it", "", 0)
	if err := Replace(name, text("one")); err != nil {
		t.Error(err)
	}
	check("a new file", "one", 1)
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := Replace(name, fails); !errors.Is(err, cut) {
		t.Errorf("got %v, want %v", err, cut)
	}
	check("a failure", "one", 1)
	if err := Replace(name, func(f *os.File) error {
		check("while it is written", "one", 2)
		return text("two")(f)
	}); err != nil {
		t.Error(err)
	}
	check("a replaced file", "two", 1)
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o640 {
		t.Errorf("got mode %v, %v, want that of the file before", info.Mode(), err)
	}

	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, text("three")); err != nil {
		t.Error(err)
	}
	check("through a link", "three", 1)
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is %v, %v", info.Mode(), err)
	}

	if err := Replace("/dev/null", text("x")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().IsRegular() {
		t.Fatal("/dev/null was replaced")
	}
	if err := Replace(dir, text("x")); err == nil {
		t.Error("a folder was replaced")
	}
	if err := Replace(filepath.Join(dir, "none", "x"), text("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: got %v", err)
	}
}
