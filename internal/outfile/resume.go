package outfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// resumeVersion is the layout of the file.
const resumeVersion = 1

// saveInterval is how often a Resume is written while it moves. What was done after it is
// done again.
const saveInterval = time.Second

// Resume is how far a command came, as the file of --resume notes it. A nil Resume notes
// nothing.
type Resume struct {
	Version  int                 `json:"version"`
	Settings map[string][]string `json:"settings"`
	Revision string              `json:"revision"` // of the stored history
	Until    time.Time           `json:"until"`
	// Last is the repository up to which everything was done, nil for none.
	Last *history.Repo `json:"last"`

	file  string
	saved time.Time
}

// OpenResume goes on from what a file notes, or writes a new one if there is none: a name
// that cannot be written to is found at once. One of another history or of other settings
// is an error. until is kept in a new file; without a name the Resume is nil.
func OpenResume(w io.Writer, file, command string, settings map[string][]string, revision string, until time.Time) (*Resume, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		r := &Resume{Version: resumeVersion, Settings: settings, Revision: revision, Until: until, file: file}
		return r, r.save()
	}
	if err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	r := &Resume{file: file}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(r); err != nil || r.Version != resumeVersion {
		return nil, fmt.Errorf("--resume: expected a file that %s wrote, or none, got another one in %s", command, file)
	}
	const advice = "; delete the file to start over, or use another one"
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if was, is := r.Settings[name], settings[name]; !slices.Equal(was, is) {
			return nil, fmt.Errorf("--resume: %s is of a %s with --%s=%q, expected the same, got %q%s",
				file, command, name, strings.Join(was, ","), strings.Join(is, ","), advice)
		}
	}
	if r.Revision != revision {
		return nil, fmt.Errorf("--resume: %s is of another state of the stored history (revision %s), which has changed since (%s)%s",
			file, r.Revision, revision, advice)
	}
	fmt.Fprintln(w, r)
	return r, nil
}

// Reached notes that everything up to a repository was done.
func (r *Resume) Reached(repo history.Repo) error {
	if r == nil {
		return nil
	}
	r.Last = &repo
	if time.Since(r.saved) < saveInterval {
		return nil
	}
	return r.save()
}

// Interrupted notes that the command ends with err, says so, and returns err.
func (r *Resume) Interrupted(w io.Writer, err error) error {
	if r == nil {
		return err
	}
	if saveErr := r.save(); saveErr != nil {
		return fmt.Errorf("%w\nand the progress could not be recorded: %w", err, saveErr)
	}
	fmt.Fprintf(w, "%s\nRun the same command again to continue.\n", r)
	return err
}

// Done removes the file.
func (r *Resume) Done() error {
	if r == nil {
		return nil
	}
	return os.Remove(r.file)
}

func (r *Resume) save() error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	err = Replace(r.file, func(f *os.File) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	r.saved = time.Now()
	return nil
}

// String says how far it came.
func (r *Resume) String() string {
	if r.Last == nil {
		return r.file + ": nothing was accepted yet."
	}
	return fmt.Sprintf("%s: everything up to %s was accepted.", r.file, r.Last)
}
