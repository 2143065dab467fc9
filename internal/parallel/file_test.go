//go:build unix

package parallel

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	name, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.WriteFile(name, []byte("abcdef"), 0o600), unix.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	f := func(name string, most int64, want string) {
		t.Helper()
		if got, err := ReadFile(name, most); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	f(name, 10, "abcdef")
	f(name, 3, "abc")
	if _, err := ReadFile(filepath.Join(dir, "none"), 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v of a file that is not there", err)
	}
	for range 3 {
		if _, err := readFile(pipe, 10, 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "a pipe without a writer") {
			t.Errorf("got %v of a pipe that nobody writes to", err)
		}
	}
	// One reading waits for all of them, and ends with the first writer.
	got := make(chan string)
	go func() {
		text, err := ReadFile(pipe, 10)
		got <- string(text)
		if err != nil {
			t.Error(err)
		}
	}()
	time.Sleep(20 * time.Millisecond)
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.WriteString("late")
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "late" {
		t.Errorf("got %q of a pipe that was written to", text)
	}
}

func TestAwait(t *testing.T) {
	if got, err := Await(t.Context(), func() (int, error) { return 5, fs.ErrInvalid }); got != 5 || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("got %d, %v", got, err)
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(fs.ErrClosed)
	never := make(chan struct{})
	defer close(never)
	if _, err := Await(ended, func() (int, error) { <-never; return 5, nil }); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("got %v, want the cause of the end", err)
	}
}
