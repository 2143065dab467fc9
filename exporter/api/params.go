package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

const (
	// maxValue is the length of a value in bytes, maxItems the number of items
	// of a list.
	maxValue = 1024
	maxItems = 10_000
)

// params reads the parameters of a request. The first fault is kept, and what
// is read after it does not matter. done tells it, and finds the parameters
// that nothing has asked for.
type params struct {
	values url.Values
	known  []string
	err    error
}

func readParams(rawQuery string) *params {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		err = badParam("", "expected a URL-encoded query, got %s: %s", quote(rawQuery), err)
	}
	return &params{values: values, err: err}
}

// done returns the first fault, or nil.
func (p *params) done() error {
	if p.err != nil {
		return p.err
	}
	var unknown string
	for name := range p.values {
		if !slices.Contains(p.known, name) && (unknown == "" || name < unknown) {
			unknown = name
		}
	}
	if _, ok := p.values[""]; ok || unknown != "" {
		want := "no parameter"
		if len(p.known) > 0 {
			slices.Sort(p.known)
			want = "one of the parameters " + strings.Join(p.known, ", ")
		}
		return badParam(unknown, "expected %s, got %s", want, quote(unknown))
	}
	return nil
}

// bad keeps a fault of a parameter.
func (p *params) bad(field, format string, args ...any) {
	if p.err == nil {
		p.err = badParam(field, format, args...)
	}
}

// get returns the values of a parameter, none of them too long.
func (p *params) get(name string) []string {
	p.known = append(p.known, name)
	values := p.values[name]
	for _, v := range values {
		// A value of a list is as long as its items together; they are looked at one by one.
		if len(v) > maxValue && !isList(name) {
			p.bad(name, "expected at most %d bytes, got %s", maxValue, quote(v))
		}
	}
	return values
}

// single returns the value of a parameter that may be given once.
func (p *params) single(name string) (value string, ok bool) {
	values := p.get(name)
	switch len(values) {
	case 0:
		return "", false
	case 1:
		return values[0], true
	}
	p.bad(name, "expected one value, got %d: %s, %s", len(values), quote(values[0]), quote(values[1]))
	return values[0], true
}

// isList tells the parameters that may be given more than once.
func isList(name string) bool {
	switch name {
	case "repo_type", "org", "repo", "group_by":
		return true
	}
	return false
}

// list returns the items of a parameter that may be repeated, that may hold
// several items with commas between them, or both.
func (p *params) list(name string) []string {
	var items []string
	for _, v := range p.get(name) {
		items = appendItems(items, v)
	}
	if len(items) > maxItems {
		p.bad(name, "expected at most %d items, got %d", maxItems, len(items))
	}
	for _, item := range items {
		if len(item) > maxValue {
			p.bad(name, "expected items of at most %d bytes, got %s", maxValue, quote(item))
		}
	}
	return items
}

// appendItems splits a value at its commas. A backslash takes the meaning from
// a comma or a backslash behind it; names on the Hub hold neither.
func appendItems(items []string, value string) []string {
	if !strings.Contains(value, `\`) {
		return append(items, strings.Split(value, ",")...)
	}
	var item []byte
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && i+1 < len(value) && (value[i+1] == ',' || value[i+1] == '\\'):
			i++
			item = append(item, value[i])
		case c == ',':
			items = append(items, string(item))
			item = item[:0]
		default:
			item = append(item, c)
		}
	}
	return append(items, string(item))
}

var escapeItem = strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace

// parsed returns the value of a parameter as parse reads it, def without one.
// The errors of parse quote the value.
func parsed[T any](p *params, name string, def T, parse func(string) (T, error)) T {
	s, ok := p.single(name)
	if !ok || p.err != nil {
		return def
	}
	if len(s) > maxQuoted { // no such value is as long, and the error of parse quotes it whole
		p.bad(name, "expected at most %d bytes, got %s", maxQuoted, quote(s))
		return def
	}
	v, err := parse(s)
	if err != nil {
		p.bad(name, "%s", err)
		return def
	}
	return v
}

// day returns a day, NoDay without one.
func (p *params) day(name string) history.Day {
	return parsed(p, name, history.NoDay, history.ParseDay)
}

// number returns a whole number from least to most.
func (p *params) number(name string, def, least, most int) int {
	s, ok := p.single(name)
	if !ok {
		return def
	}
	n, err := strconv.ParseUint(s, 10, 62)
	if err != nil || n < uint64(least) || n > uint64(most) {
		p.bad(name, "expected a whole number from %d to %d, got %s", least, most, quote(s))
		return def
	}
	return int(n)
}

// flag returns true or false, false without either.
func (p *params) flag(name string) bool {
	s, _ := p.single(name)
	switch s {
	case "true":
		return true
	case "false":
		return false
	}
	if p.values.Has(name) {
		p.bad(name, "expected true or false, got %s", quote(s))
	}
	return false
}
