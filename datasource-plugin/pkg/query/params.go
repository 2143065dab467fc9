package query

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// varPrefix begins the parameters that Grafana writes for dashboard variables.
const varPrefix = "var-"

// params reads the parameters of a URL. The first fault is kept, and what is
// read after it does not matter. done tells it, and finds the parameters that
// nothing has asked for.
//
// The rules are those of the exporter's HTTP API, so that a link can be moved
// from one to the other. They are written down here once more because they have
// more to do: dashboard variables stand in for parameters.
type params struct {
	values url.Values
	// variables lets parameters come from dashboard variables: "var-org" stands
	// for "org" where there is no "org", and every other "var-" is let through.
	variables bool
	known     []string
	fault     *Error
}

func readParams(rawQuery string, variables bool) *params {
	p := &params{variables: variables}
	var err error
	if p.values, err = url.ParseQuery(rawQuery); err != nil {
		p.bad("", "expected a URL-encoded query, got %s: %s", quote(rawQuery), err)
	}
	return p
}

// bad keeps a fault of a parameter.
func (p *params) bad(field, format string, args ...any) {
	if p.fault == nil {
		p.fault = bad(field, format, args...)
	}
}

// done returns the first fault, or nil.
func (p *params) done() error {
	if p.fault != nil {
		return p.fault
	}
	unknown, found := "", false
	for name := range p.values {
		if slices.Contains(p.known, name) || p.variables && strings.HasPrefix(name, varPrefix) {
			continue
		}
		if !found || name < unknown {
			unknown, found = name, true
		}
	}
	if found {
		slices.Sort(p.known)
		return bad(unknown, "expected one of the parameters %s, got %s", strings.Join(p.known, ", "), quote(unknown))
	}
	return nil
}

// get returns the values of a parameter and the name that it has in the URL. A
// variable that is empty selects nothing in Grafana: it counts as absent.
func (p *params) get(name string) (field string, values []string) {
	p.known = append(p.known, name)
	if values = p.values[name]; len(values) > 0 || !p.variables {
		return name, values
	}
	values = p.values[varPrefix+name]
	if !slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
		return name, nil
	}
	return varPrefix + name, values
}

// single returns the value of a parameter that may be given once.
func (p *params) single(name string) (field, value string, ok bool) {
	field, values := p.get(name)
	if len(values) == 0 {
		return field, "", false
	}
	if len(values) > 1 {
		p.bad(field, "expected one value, got %d: %s, %s", len(values), quote(values[0]), quote(values[1]))
	}
	if len(values[0]) > maxText {
		p.bad(field, "expected at most %d bytes, got %s", maxText, quote(values[0]))
	}
	return field, values[0], true
}

// list returns the items of a parameter that may be repeated, that may hold
// several items with commas between them, or both; nil if they select all.
func (p *params) list(name string) (field string, items []string) {
	field, values := p.get(name)
	for _, v := range values {
		items = appendItems(items, v)
	}
	if len(items) > maxItems {
		p.bad(field, "expected at most %d items, got %d", maxItems, len(items))
		return field, nil
	}
	if _, fault := checkItems(items); fault != nil {
		p.bad(field, "%s", fault.Message)
	}
	if slices.Contains(items, all) {
		return field, nil
	}
	return field, items
}

// appendItems splits a value at its commas. A backslash takes the meaning from
// a comma or a backslash behind it; names on the Hub hold neither.
func appendItems(items []string, value string) []string {
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

// filter reads the parameters repo_type, org, search and, if it may be there, repo.
func (p *params) filter(withRepos bool) history.Filter {
	fields := make(map[string]string)
	var types, orgs, repos []string
	fields["repoTypes"], types = p.list("repo_type")
	_, orgs = p.list("org")
	if withRepos {
		fields["repos"], repos = p.list("repo")
	}
	field, search, _ := p.single("search")
	if h := hint(search); h != "" {
		p.bad(field, "expected a part of a name, got %s%s", quote(search), h)
	}
	return filterOf(types, orgs, repos, search, func(list string, _ int, format string, args ...any) {
		p.bad(fields[list], format, args...)
	})
}

// choice returns the value of a parameter as parse reads it, def without one.
// The errors of parse quote the value.
func choice[T any](p *params, name string, def T, parse func(string) (T, error)) T {
	field, s, ok := p.single(name)
	if !ok || p.fault != nil {
		return def
	}
	v, err := parse(s)
	if err != nil {
		p.bad(field, "%s%s", err, hint(s))
		return def
	}
	return v
}

// number returns a whole number from least to most.
func (p *params) number(name string, def, least, most int) int {
	field, s, ok := p.single(name)
	if !ok {
		return def
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || int(n) < least || int(n) > most {
		p.bad(field, "expected a whole number from %d to %d, got %s", least, most, quote(s))
		return def
	}
	return int(n)
}
