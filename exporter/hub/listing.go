package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Listing is what the Hub's public listing says of a repository. What has a name in JSON
// is kept under that name in files of listings that wait to be stored.
type Listing struct {
	Repo history.Repo `json:"-"`
	// HubID is the Hub's own id of the repository, which outlives a rename; ""
	// if not reported.
	HubID string `json:"hubID"`
	// Downloads is the Hub's count of the last 30 days, DownloadsAllTime of all
	// time, Likes of likes. Each is history.Unknown if not reported, as downloads of
	// spaces are.
	Downloads        int64 `json:"downloads"`
	DownloadsAllTime int64 `json:"downloadsAllTime"`
	Likes            int64 `json:"likes"`
	// Private is set for a repository that only its organization sees, Disabled
	// for one that the Hub has closed.
	Private  bool `json:"-"`
	Disabled bool `json:"-"`
	// Gated is how access has to be asked for: "auto" or "manual", "" if not at
	// all.
	Gated string `json:"-"`
	// CreatedAt and LastModified are zero if not reported. The Hub has no creation
	// before 2022-03-02, though histories begin earlier.
	CreatedAt    time.Time `json:"-"`
	LastModified time.Time `json:"-"`
}

// NewListing returns a Listing in which nothing but the name is known.
func NewListing(r history.Repo) Listing {
	return Listing{Repo: r, Downloads: history.Unknown, DownloadsAllTime: history.Unknown, Likes: history.Unknown}
}

// Meta returns what is known of the repository by the listing, the total apart.
func (l *Listing) Meta(asOf history.AsOf) history.RepoMeta {
	m := history.NewRepoMeta(l.Repo)
	m.LastMonth, m.Likes, m.HubID, m.ListedAsOf = l.Downloads, l.Likes, l.HubID, asOf
	return m
}

// maxPageItems bounds the repositories of a page; the Hub caps it at 1000.
const maxPageItems = 10_000

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

// rawListing has the fields of an element of the array that the Hub sends. They are read
// once the name is known, which their errors need.
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

func (raw *rawListing) listing(t history.RepoType) (Listing, error) {
	name, err := text(raw.Name)
	switch want := history.WantOfName(name); {
	case err != nil:
	case name == "":
		err = errors.New("expected a name, got none")
	case want != "":
		err = fmt.Errorf("expected %s, got %s", want, textenc.Quote(name))
	}
	if err != nil {
		return Listing{}, fmt.Errorf("field id: %w", err)
	}
	r := fieldReader{repo: history.Repo{Type: t, Name: name}}
	return Listing{
		Repo:             r.repo,
		HubID:            field(&r, "_id", raw.HubID, text),
		Downloads:        field(&r, "downloads", raw.Downloads, count),
		DownloadsAllTime: field(&r, "downloadsAllTime", raw.DownloadsAllTime, count),
		Likes:            field(&r, "likes", raw.Likes, count),
		Private:          field(&r, "private", raw.Private, flag),
		Disabled:         field(&r, "disabled", raw.Disabled, flag),
		Gated:            field(&r, "gated", raw.Gated, gate),
		CreatedAt:        field(&r, "createdAt", raw.CreatedAt, instant),
		LastModified:     field(&r, "lastModified", raw.LastModified, instant),
	}, r.err
}

// expanded are the fields asked for. The Hub refuses a field that a type does
// not have.
func expanded(t history.RepoType) []string {
	fields := []string{"likes", "private", "disabled", "createdAt", "lastModified"}
	if slices.ContainsFunc(listed, func(l listedType) bool { return l.repoType == t && l.downloads }) {
		fields = append(fields, "downloads", "downloadsAllTime", "gated")
	}
	return fields
}

// fieldReader remembers the first error of a field.
type fieldReader struct {
	repo history.Repo
	err  error
}

func field[T any](r *fieldReader, name string, raw json.RawMessage, parse func(json.RawMessage) (T, error)) T {
	v, err := parse(raw)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s, field %s: %w", r.repo, name, err)
	}
	return v
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
		return "", fmt.Errorf("expected a string, got %s", textenc.Quote(string(raw)))
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
		return 0, fmt.Errorf("expected a whole number from 0 to 9223372036854775807, got %s", textenc.Quote(string(raw)))
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
	return false, fmt.Errorf("expected true or false, got %s", textenc.Quote(string(raw)))
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
	return "", fmt.Errorf("expected false or a string, got %s", textenc.Quote(string(raw)))
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
