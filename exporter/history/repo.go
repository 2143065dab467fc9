package history

import (
	"cmp"
	"strings"
)

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

// Compare orders repositories by type, then by the bytes of their names.
func (r Repo) Compare(s Repo) int {
	if c := r.Type.Compare(s.Type); c != 0 {
		return c
	}
	return strings.Compare(r.Name, s.Name)
}

// String returns "type org/name", as messages quote a repository.
func (r Repo) String() string { return string(r.Type) + " " + r.Name }
