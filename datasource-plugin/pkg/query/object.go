package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// grafanas are what Grafana itself writes into a query of any data source: the
// members that all queries have (refId to datasource), those that its frontend
// adds on the way (datasourceId to queryCachingTTL), and those that come from
// where the query stands (timeRange to timeRangeCompare).
var grafanas = []string{
	"refId", "hide", "key", "datasource",
	"datasourceId", "intervalMs", "maxDataPoints", "queryCachingTTL",
	"timeRange", "resultAssertions", "timeRangeCompare",
}

// readObject takes a JSON object apart. Members of Grafana are left out, as are those
// without a value (null, "", []), which an editor leaves where something was cleared.
// encoding/json would take the last of members that come twice.
func readObject(text []byte) (*form, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	token, err := dec.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil, bad("", "expected a JSON object, got nothing")
	case err == nil && token != json.Delim('{'):
		return nil, bad("", "expected a JSON object, got %s", show(bytes.TrimSpace(text)))
	}
	f, seen := &form{values: make(map[string]value)}, make(map[string]bool)
	for err == nil && dec.More() {
		var raw json.RawMessage
		if token, err = dec.Token(); err != nil {
			break
		}
		name, _ := token.(string) // the decoder takes nothing else for a name
		if err = dec.Decode(&raw); err != nil {
			break
		}
		if seen[name] {
			f.bad(name, "expected the member once, got it again: %s", show(raw))
		}
		seen[name] = true
		if v, empty := memberOf(name, raw); !empty && !slices.Contains(grafanas, name) {
			f.values[name] = v
		}
	}
	if err == nil {
		_, err = dec.Token()
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, bad("", "expected a JSON object, got %s: %s", show(bytes.TrimSpace(text)), err)
	}
	if rest := bytes.TrimSpace(text[dec.InputOffset():]); len(rest) > 0 {
		f.bad("", "expected nothing after the JSON object, got %s", show(rest))
	}
	return f, nil
}

// memberOf returns the value of a member.
func memberOf(name string, raw json.RawMessage) (v value, empty bool) {
	var compact bytes.Buffer
	_ = json.Compact(&compact, raw) // the decoder has taken it
	raw = compact.Bytes()
	v = value{field: name, kind: isOther, text: show(raw), raw: raw}
	v.fault = bad(name, "expected a string or a list of strings, got %s", v.text)
	var list []json.RawMessage
	if s, ok := textOf(raw); ok {
		return value{field: name, text: s, items: []string{s}}, s == ""
	}
	switch {
	case string(raw) == "null":
		return v, true
	case raw[0] != '[' || json.Unmarshal(raw, &list) != nil:
		return v, false
	}
	v.kind, v.fault = isList, nil
	for i, raw := range list {
		s, ok := textOf(raw)
		if !ok && v.fault == nil {
			v.fault = bad(v.item(i), "expected a string, got %s", show(raw))
		}
		v.items = append(v.items, s)
	}
	return v, len(list) == 0
}

// textOf returns a JSON string.
func textOf(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false // Unmarshal takes null for a string
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// show returns a JSON value as it came, shortened if it is long.
func show(raw []byte) string {
	s := string(raw)
	if c := textenc.Cut(s); len(c) < len(s) {
		return c + "... (" + strconv.Itoa(len(s)) + " bytes)"
	}
	return s
}
