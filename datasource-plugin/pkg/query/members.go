package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxText is the length of a value, or of an item of a list, in bytes;
	// maxItems the number of items of a list.
	maxText  = 1024
	maxItems = 10_000

	// all is the value of a dashboard variable whose option All is chosen.
	all = "$__all"
)

// ours are the members of the query model.
var ours = []string{
	"format", "groupBy", "interval", "least", "limit", "offset", "order", "orgs", "period", "queryType",
	"repoTypes", "repos", "search", "sort", "trend", "values", "version",
}

// grafanas are what Grafana itself writes into a query of any data source: the
// members that all queries have (refId to datasource), those that its frontend
// adds on the way (datasourceId to queryCachingTTL), and those that come from
// where the query stands (timeRange to timeRangeCompare).
var grafanas = []string{
	"refId", "hide", "key", "datasource",
	"datasourceId", "intervalMs", "maxDataPoints", "queryCachingTTL",
	"timeRange", "resultAssertions", "timeRangeCompare",
}

// members reads the members of a query. The first fault is kept, and what is
// read after it does not matter. done tells it, and finds the members that
// nothing has asked for.
type members struct {
	raw   map[string]json.RawMessage
	asked []string
	fault *Error
}

// readMembers takes a JSON object apart. Members without a value (null, "", [])
// are left out if they are ours: an editor leaves them where something was cleared.
func readMembers(text []byte) *members {
	m := &members{raw: make(map[string]json.RawMessage)}
	dec := json.NewDecoder(bytes.NewReader(text))
	open, err := dec.Token()
	switch {
	case errors.Is(err, io.EOF):
		m.fault = bad("", "expected a JSON object, got nothing")
		return m
	case err == nil && open != json.Delim('{'):
		m.fault = bad("", "expected a JSON object, got %s", show(bytes.TrimSpace(text)))
		return m
	}
	seen := make(map[string]bool)
	for err == nil && dec.More() {
		var name json.Token
		if name, err = dec.Token(); err != nil {
			break
		}
		key, _ := name.(string) // the decoder takes nothing else for a name
		var value json.RawMessage
		if err = dec.Decode(&value); err != nil {
			break
		}
		if seen[key] {
			m.bad(key, "expected the member once, got it again: %s", show(value))
		}
		seen[key] = true
		m.keep(key, value)
	}
	if err == nil {
		_, err = dec.Token()
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		// What was found before in an object that is none is not worth telling.
		m.fault = bad("", "expected a JSON object, got %s: %s", show(bytes.TrimSpace(text)), err)
		return m
	}
	if rest := bytes.TrimSpace(text[dec.InputOffset():]); len(rest) > 0 {
		m.bad("", "expected nothing after the JSON object, got %s", show(rest))
	}
	return m
}

func (m *members) keep(key string, value json.RawMessage) {
	if !slices.Contains(ours, key) {
		if !slices.Contains(grafanas, key) {
			m.bad(key, "expected one of the members %s, got %s", strings.Join(ours, ", "), quote(key))
		}
		return
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, value) // the decoder has taken it
	switch compact.String() {
	case "null", `""`, "[]":
		return
	}
	m.raw[key] = compact.Bytes()
}

// bad keeps a fault of a member.
func (m *members) bad(field, format string, args ...any) {
	if m.fault == nil {
		m.fault = bad(field, format, args...)
	}
}

// done returns the first fault, or nil. what says in what kind of query a member
// that nothing has asked for does not belong.
func (m *members) done(what string) error {
	if m.fault != nil {
		return m.fault
	}
	for _, name := range ours {
		if raw, ok := m.raw[name]; ok && !slices.Contains(m.asked, name) {
			return bad(name, "expected no such member in a query of %s, got %s; remove it", what, show(raw))
		}
	}
	return nil
}

func (m *members) get(name string) (raw json.RawMessage, ok bool) {
	m.asked = append(m.asked, name)
	raw, ok = m.raw[name]
	return raw, ok
}

// text returns a string, "" without one.
func (m *members) text(name string) string {
	raw, ok := m.get(name)
	if !ok {
		return ""
	}
	s, ok := textOf(raw)
	switch {
	case !ok:
		m.bad(name, "expected a string, got %s", show(raw))
	case len(s) > maxText:
		m.bad(name, "expected at most %d bytes, got %s", maxText, quote(s))
	}
	return s
}

// list returns the items of a list of strings, or the one string; nil if they
// select all.
func (m *members) list(name string) []string {
	raw, ok := m.get(name)
	if !ok {
		return nil
	}
	if s, ok := textOf(raw); ok {
		return m.items([]string{s}, func(int) string { return name })
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		m.bad(name, "expected a string or a list of strings, got %s", show(raw))
		return nil
	}
	if len(list) > maxItems {
		m.bad(name, "expected at most %d items, got %d", maxItems, len(list))
		return nil
	}
	field := func(i int) string { return name + "[" + strconv.Itoa(i) + "]" }
	items := make([]string, len(list))
	for i, raw := range list {
		if items[i], ok = textOf(raw); !ok {
			m.bad(field(i), "expected a string, got %s", show(raw))
		}
	}
	return m.items(items, field)
}

func (m *members) items(items []string, field func(i int) string) []string {
	i, fault := checkItems(items)
	if fault != nil {
		m.bad(field(i), "%s", fault.Message)
		return nil
	}
	if slices.Contains(items, all) {
		return nil
	}
	return items
}

// number returns a whole number from least to most. It may stand in a string:
// that is what a template variable makes of it.
func (m *members) number(name string, def, least, most int64) int64 {
	raw, ok := m.get(name)
	if !ok {
		return def
	}
	digits, isText := textOf(raw)
	if !isText {
		digits = string(raw)
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || int64(n) < least || int64(n) > most {
		m.bad(name, "expected a whole number from %d to %d, got %s%s", least, most, show(raw), hint(digits))
		return def
	}
	return int64(n)
}

// textOf returns a JSON string.
func textOf(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false // Unmarshal takes null for a string
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// word returns the one of some words that a member has, def without the member.
func word[T ~string](m *members, name string, def T, words ...T) T {
	s := m.text(name)
	switch {
	case s == "":
		return def
	case slices.Contains(words, T(s)):
		return T(s)
	}
	m.bad(name, "expected %s, got %s%s", orWords(words), quote(s), hint(s))
	return def
}

// parsed returns the value of a member as parse reads it, def without one. The
// errors of parse quote the value.
func parsed[T any](m *members, name string, def T, parse func(string) (T, error)) T {
	s := m.text(name)
	if s == "" || m.fault != nil {
		return def
	}
	v, err := parse(s)
	if err != nil {
		m.bad(name, "%s%s", err, hint(s))
		return def
	}
	return v
}
