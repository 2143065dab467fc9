package query

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	// maxText is the length of a value in bytes, that of an item is of names;
	// maxItems the number of items of a list.
	maxText  = 1024
	maxItems = 10_000

	// all is the value of a dashboard variable whose option All is chosen.
	all = "$__all"
)

// value is a member of a JSON object, or a parameter of a URL.
type value struct {
	field string // its name in errors
	kind  kind
	text  string   // the text, or what errors show of another kind
	items []string // the same as a list
	fault *Error   // why it is no list
	raw   json.RawMessage
}

// kind is what a value is.
type kind int

const (
	isText kind = iota
	isList
	isOther
)

// item returns the name of an item of a list in errors.
func (v value) item(i int) string {
	if v.kind == isList {
		return v.field + "[" + strconv.Itoa(i) + "]"
	}
	return v.field
}

// form reads the values of a query. The first fault is kept, and what is read after
// it does not matter; done returns it.
type form struct {
	values    map[string]value
	known     []string
	queryType Type   // "" in a URL
	what      string // the kind of query, as its values that decide it have it
	fault     *Error
}

func (f *form) get(name string) (value, bool) {
	f.known = append(f.known, name)
	v, ok := f.values[name]
	return v, ok
}

// has reports whether there is a value.
func (f *form) has(name string) bool { return f.values[name].field != "" }

// bad keeps a fault.
func (f *form) bad(field, format string, args ...any) {
	if f.fault == nil {
		f.fault = bad(field, format, args...)
	}
}

// done returns the first fault, or that of a value that nothing has asked for.
func (f *form) done() error {
	slices.Sort(f.known)
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		switch known := strings.Join(f.known, ", "); {
		case slices.Contains(f.known, name):
		case f.queryType == "":
			f.bad(name, "expected one of the parameters %s, got %s", known, textenc.Quote(name))
		default:
			f.bad(name, "expected no such member in a query of %s, got %s; remove it, or use one of %s", f.what, f.values[name].shown(), known)
		}
	}
	if f.fault == nil {
		return nil
	}
	f.fault.Type = f.queryType
	return f.fault
}

// shown returns a value as errors show it.
func (v value) shown() string {
	if v.kind == isText {
		return textenc.Quote(v.text)
	}
	return v.text
}

// text returns a text.
func (f *form) text(name string) (field, text string, ok bool) {
	v, ok := f.get(name)
	switch {
	case !ok:
		return name, "", false
	case v.kind != isText && f.queryType == "" && len(v.items) > 1:
		f.bad(v.field, "expected one value, got %s", v.text)
	case v.kind != isText:
		f.bad(v.field, "expected a string, got %s", v.text)
	case len(v.text) > maxText:
		f.bad(v.field, "expected at most %d bytes, got %s", maxText, textenc.Quote(v.text))
	}
	return v.field, v.text, f.fault == nil
}

// number returns a whole number from least to most. It may stand in a text: that is
// what a dashboard variable makes of it.
func (f *form) number(name string, def, least, most int64) int64 {
	v, ok := f.get(name)
	if !ok {
		return def
	}
	n, err := strconv.ParseUint(v.text, 10, 63)
	if err != nil || int64(n) < least || int64(n) > most {
		f.bad(v.field, "expected a whole number from %d to %d, got %s%s", least, most, v.shown(), hint(v.text))
		return def
	}
	return int64(n)
}

// items returns the items of a list, nil if they select all. want is what an item
// that is empty should have been, "" if it may be.
func (f *form) items(name, want string) []string {
	v, ok := f.get(name)
	items := v.items
	switch {
	case !ok:
		return nil
	case v.fault != nil:
		f.bad(v.fault.Field, "%s", v.fault.Message)
		return nil
	case len(items) > maxItems:
		f.bad(v.field, "expected at most %d items, got %d", maxItems, len(items))
		return nil
	}
	for i, item := range items {
		switch {
		case len(item) > history.MaxNameBytes:
			f.bad(v.item(i), "expected at most %d bytes, got %s", history.MaxNameBytes, textenc.Quote(item))
		case item != all && (strings.Contains(item, "$") || strings.Contains(item, "[[")): // which no name has
			f.bad(v.item(i), "expected a name, got %s%s", textenc.Quote(item), hint(item))
		case item == "" && want != "" && !slices.Contains(items, all):
			f.bad(v.item(i), `expected %s, got ""`, want)
		}
	}
	if slices.Contains(items, all) {
		return nil
	}
	return items
}

// filter reads the selection of repositories; a query without a list of them has ""
// for its name.
func (f *form) filter(types, orgs, repos, groups, search string) history.Filter {
	var filter history.Filter
	for _, t := range f.items(types, "a repository type like model") {
		filter.RepoTypes = append(filter.RepoTypes, history.RepoType(t))
	}
	filter.Orgs = f.items(orgs, "")
	if repos != "" {
		filter.Repos = f.items(repos, "a full name like org/name")
	}
	if groups != "" {
		filter.Groups = f.items(groups, "the name of a group")
	}
	field, text, _ := f.text(search)
	if h := hint(text); h != "" {
		// Nothing would be found, and nothing would say why.
		f.bad(field, "expected a part of a name, got %s%s", textenc.Quote(text), h)
	}
	filter.Search = text
	return filter
}

// word returns the one of some words that a value is, def without the value.
func word[T ~string](f *form, name string, def T, words ...T) T {
	return parsed(f, name, def, func(s string) (T, error) {
		if slices.Contains(words, T(s)) {
			return T(s), nil
		}
		return def, fmt.Errorf("expected %s, got %s", alternatives(words), textenc.Quote(s))
	})
}

func alternatives[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return textenc.Alternatives(texts)
}

// parsed returns a value as parse reads it, def without one. The errors of parse
// quote the value.
func parsed[T any](f *form, name string, def T, parse func(string) (T, error)) T {
	field, s, ok := f.text(name)
	if !ok {
		return def
	}
	v, err := parse(s)
	if err != nil {
		f.bad(field, "%s%s", err, hint(s))
		return def
	}
	return v
}

// Error says what is wrong with a query.
type Error struct {
	// Type is that of the query, "" if that is not known.
	Type Type
	// Field is the member of the query or the parameter of the URL, an item of
	// a list with its index as in "orgs[3]". It is "" if the fault is of the whole.
	Field string
	// Message says what was expected and quotes what came, without the field.
	Message string
}

// Error returns the fault with its field and the type of the query.
func (e *Error) Error() string {
	what := "query"
	if e.Type != "" {
		what = string(e.Type) + " query"
	}
	if e.Field != "" {
		what += ", field " + e.Field
	}
	return what + ": " + e.Message
}

func bad(field, format string, args ...any) *Error {
	return &Error{Field: textenc.Cut(field), Message: fmt.Sprintf(format, args...)}
}

// variable matches the three ways to write a dashboard variable.
var variable = regexp.MustCompile(`\$\w+|\$\{[^}]*\}|\[\[[^\]]*\]\]`)

// hint explains a value that is still the variable that should have been
// replaced by one, and is "" for every other value.
func hint(value string) string {
	if !variable.MatchString(value) {
		return ""
	}
	return ": nothing has put a value in the place of this variable; alert rules have no dashboard variables"
}
