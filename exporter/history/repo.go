package history

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxNameBytes bounds a repository type and a full name, in bytes. Those of the Hub have
// at most 193: two parts of 96 and a slash. What is longer could be kept, but would make
// every page, label and selector that names it as long.
const MaxNameBytes = 256

// WantOfName returns what is expected in place of a repository type or a name that cannot
// be one, "" for one that can. Whether it may be empty is for the caller to say.
func WantOfName(name string) string {
	switch {
	case len(name) > MaxNameBytes:
		return fmt.Sprintf("at most %d bytes", MaxNameBytes)
	case !utf8.ValidString(name):
		return "text in UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "text without control characters"
	}
	return ""
}

// RepoType is the Hub's word for what a repository holds. The set is open: the
// Hub adds types, and one that is not known here is kept as it came.
type RepoType string

// The repository types that the Hub writes today.
const (
	Model   RepoType = "model"
	Dataset RepoType = "dataset"
	Space   RepoType = "space"
)

// rank puts the types in the Hub's own order; unknown ones come after, by name.
func (t RepoType) rank() int {
	switch t {
	case Model:
		return 0
	case Dataset:
		return 1
	case Space:
		return 2
	}
	return 3
}

// Compare orders types as the Hub lists them: model, dataset, space, then any
// other by name. It returns a negative number, zero or a positive number.
func (t RepoType) Compare(u RepoType) int {
	if t == u {
		return 0
	}
	if c := cmp.Compare(t.rank(), u.rank()); c != 0 {
		return c
	}
	return strings.Compare(string(t), string(u))
}

// Repo identifies a repository: a model and a dataset may share a name.
type Repo struct {
	Type RepoType
	// Name is the full name, "org/name"; legacy repositories have no "org/".
	Name string
}

// Org returns the part of the name before the slash, "" for a legacy name.
func (r Repo) Org() string {
	if i := strings.IndexByte(r.Name, '/'); i >= 0 {
		return r.Name[:i]
	}
	return ""
}

// Page returns the address of the repository's page on the Hub at an endpoint like
// "https://huggingface.co". The Hub has models at the root, and each other type below its plural.
func (r Repo) Page(endpoint string) string {
	path := &url.URL{Path: "/" + r.Name}
	if r.Type != Model {
		path.Path = "/" + string(r.Type) + "s/" + r.Name
	}
	return strings.TrimSuffix(endpoint, "/") + path.EscapedPath()
}

// Compare orders repositories by type, then by the bytes of their names.
func (r Repo) Compare(s Repo) int {
	if c := r.Type.Compare(s.Type); c != 0 {
		return c
	}
	return strings.Compare(r.Name, s.Name)
}

// String returns "type org/name", as messages quote a repository.
func (r Repo) String() string { return string(r.Type) + " " + r.Name }
