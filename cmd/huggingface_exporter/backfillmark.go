package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// markVersion is the layout of the file of a mark.
const markVersion = 1

// markInterval is how often a mark is written while it moves. What was sent after
// it is sent again.
const markInterval = time.Second

// mark is how far a command came, as a file notes it.
type mark struct {
	Version  int                 `json:"version"`
	Settings map[string][]string `json:"settings"`
	Revision string              `json:"revision"` // of the stored history
	Until    time.Time           `json:"until"`
	// Last is the repository up to which everything was taken, nil for none.
	Last *history.Repo `json:"last"`

	command string
	file    string
	found   bool
	saved   time.Time
}

// openMark reads a mark, or returns a new one if there is no such file. One of
// another history or of other settings is an error.
func openMark(file, command string, settings map[string][]string, revision string) (*mark, error) {
	fresh := &mark{Version: markVersion, Settings: settings, Revision: revision, command: command, file: file}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	m := &mark{command: command, file: file, found: true}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil || m.Version != markVersion {
		return nil, fmt.Errorf("--resume: expected a file that %s wrote, or none, got another one in %s", command, file)
	}
	const otherwise = "; delete the file to begin anew, or name another one"
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if was, is := m.Settings[name], settings[name]; !slices.Equal(was, is) {
			return nil, fmt.Errorf("--resume: %s is of a %s with --%s=%q, expected the same, got %q%s",
				file, command, name, strings.Join(was, ","), strings.Join(is, ","), otherwise)
		}
	}
	if m.Revision != revision {
		return nil, fmt.Errorf("--resume: %s is of another state of the stored history (revision %s), which has changed since (%s)%s",
			file, m.Revision, revision, otherwise)
	}
	return m, nil
}

// reached moves the mark.
func (m *mark) reached(r history.Repo) error {
	m.Last = &r
	if time.Since(m.saved) < markInterval {
		return nil
	}
	return m.save()
}

func (m *mark) save() error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	err = replaceFile(m.file, func(f *os.File) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	m.saved = time.Now()
	return nil
}

func (m *mark) remove() error { return os.Remove(m.file) }

// String says how far it came.
func (m *mark) String() string {
	if m.Last == nil {
		return m.file + ": nothing was taken yet."
	}
	return fmt.Sprintf("%s: everything up to %s was taken.", m.file, m.Last)
}
