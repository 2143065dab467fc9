package hub

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Listing is what the Hub's public listing tells of a repository.
type Listing struct {
	Repo history.Repo
	// HubID is the Hub's own id of the repository, which outlives a rename; ""
	// if not told.
	HubID string
	// Downloads is the Hub's count of the last 30 days, DownloadsAllTime of all
	// time, Likes of likes. Each is history.Unknown if not told, as downloads of
	// spaces are.
	Downloads, DownloadsAllTime, Likes int64
	// Private is set for a repository that only its organisation sees, Disabled
	// for one that the Hub has closed.
	Private, Disabled bool
	// Gated is how access has to be asked for: "auto" or "manual", "" if not at
	// all.
	Gated string
	// CreatedAt and LastModified are zero if not told. The Hub has no creation
	// before 2022-03-02, though histories begin earlier.
	CreatedAt, LastModified time.Time
}

// maxPageItems bounds the repositories of a page; the Hub caps it at 1000.
const maxPageItems = 10_000

// rawListing is an element of the array that the Hub sends. Fields are read once
// the name is known, which their errors need.
type rawListing struct {
	HubID            json.RawMessage `json:"_id"`
	Name             json.RawMessage `json:"id"`
	Downloads        json.RawMessage `json:"downloads"`
	DownloadsAllTime json.RawMessage `json:"downloadsAllTime"`
	Likes            json.RawMessage `json:"likes"`
	Private          json.RawMessage `json:"private"`
	Disabled         json.RawMessage `json:"disabled"`
	Gated            json.RawMessage `json:"gated"`
	CreatedAt        json.RawMessage `json:"createdAt"`
	LastModified     json.RawMessage `json:"lastModified"`
}

// decodePage reads a page of a listing, an element at a time, and calls add for
// each. Errors of the text say where it is at fault; errors of r come as they
// are.
func decodePage(r io.Reader, t history.RepoType, add func(Listing)) error {
	d := json.NewDecoder(r)
	if err := expect(d, '['); err != nil {
		return err
	}
	for n := 1; d.More(); n++ {
		if n > maxPageItems {
			return fmt.Errorf("expected a page of at most %d repositories, got more", maxPageItems)
		}
		var raw rawListing
		err := d.Decode(&raw)
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			err = fmt.Errorf("got %s that ends before byte %d", wrong.Value, d.InputOffset()+1)
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("expected a repository as element %d of the array: %w", n, err)
		}
		l, err := raw.listing(t)
		if err != nil {
			return fmt.Errorf("element %d: %w", n, err)
		}
		add(l)
	}
	if err := expect(d, ']'); err != nil {
		return err
	}
	switch _, err := d.Token(); {
	case err == nil:
		return fmt.Errorf("expected nothing after the array, got more before byte %d", d.InputOffset())
	case err != io.EOF:
		return fmt.Errorf("expected nothing after the array: %w", err)
	}
	return nil
}

// expect reads the bracket that opens or closes the array.
func expect(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("expected %q of a JSON array at byte %d: %w", want.String(), d.InputOffset(), err)
	}
	if got != want {
		return fmt.Errorf("expected %q of a JSON array before byte %d, got %v", want.String(), d.InputOffset(), got)
	}
	return nil
}

// listing reads the fields.
func (raw *rawListing) listing(t history.RepoType) (Listing, error) {
	l := Listing{Repo: history.Repo{Type: t}}
	var err error
	if l.Repo.Name, err = text(raw.Name); err == nil && l.Repo.Name == "" {
		err = errors.New("expected a name, got none")
	}
	if err != nil {
		return l, fmt.Errorf("field id: %w", err)
	}
	read := func(field string, parse func() error) {
		if err != nil {
			return
		}
		if err = parse(); err != nil {
			err = fmt.Errorf("%s, field %s: %w", l.Repo, field, err)
		}
	}
	read("_id", func() (err error) { l.HubID, err = text(raw.HubID); return })
	read("downloads", func() (err error) { l.Downloads, err = count(raw.Downloads); return })
	read("downloadsAllTime", func() (err error) { l.DownloadsAllTime, err = count(raw.DownloadsAllTime); return })
	read("likes", func() (err error) { l.Likes, err = count(raw.Likes); return })
	read("private", func() (err error) { l.Private, err = flag(raw.Private); return })
	read("disabled", func() (err error) { l.Disabled, err = flag(raw.Disabled); return })
	read("gated", func() (err error) { l.Gated, err = gate(raw.Gated); return })
	read("createdAt", func() (err error) { l.CreatedAt, err = instant(raw.CreatedAt); return })
	read("lastModified", func() (err error) { l.LastModified, err = instant(raw.LastModified); return })
	return l, err
}

// absent reports whether a field is missing or null.
func absent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// text reads a string, "" if it is absent.
func text(raw json.RawMessage) (string, error) {
	if absent(raw) {
		return "", nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("expected a text, got %s", quoted(raw))
	}
	return s, nil
}

// count reads a whole number from 0 to the largest int64, exactly;
// history.Unknown if it is absent.
func count(raw json.RawMessage) (int64, error) {
	if absent(raw) {
		return history.Unknown, nil
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || raw[0] == '-' {
		return 0, fmt.Errorf("expected a whole number from 0 to 9223372036854775807, got %s", quoted(raw))
	}
	return n, nil
}

// flag reads true or false; false if it is absent.
func flag(raw json.RawMessage) (bool, error) {
	switch {
	case absent(raw), string(raw) == "false":
		return false, nil
	case string(raw) == "true":
		return true, nil
	}
	return false, fmt.Errorf("expected true or false, got %s", quoted(raw))
}

// gate reads false or a word. The Hub has written true as well.
func gate(raw json.RawMessage) (string, error) {
	if gated, err := flag(raw); err == nil {
		if gated {
			return "auto", nil
		}
		return "", nil
	}
	if s, err := text(raw); err == nil {
		return s, nil
	}
	return "", fmt.Errorf("expected false or a word, got %s", quoted(raw))
}

// instant reads a time; the zero time if it is absent or in a form that is not
// known, since no count depends on it.
func instant(raw json.RawMessage) (time.Time, error) {
	s, err := text(raw)
	if err != nil || s == "" {
		return time.Time{}, err
	}
	at, _ := time.Parse(time.RFC3339, s) // the zero time if it is none
	return at.UTC(), nil
}

// quoted returns the start of a JSON value for an error.
func quoted(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 80 {
		return fmt.Sprintf("%.80q...", raw)
	}
	return fmt.Sprintf("%q", raw)
}
