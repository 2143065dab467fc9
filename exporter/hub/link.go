package hub

import "strings"

// nextLink returns the target of the first link of relation "next" in the values
// of the header Link, "" if there is none.
func nextLink(values []string) string {
	for _, v := range values {
		for v != "" {
			var target string
			var next, ok bool
			target, next, v, ok = cutLink(v)
			if ok && next {
				return target
			}
		}
	}
	return ""
}

// cutLink reads the link that s starts with, `<target>; param; param="..."`, and
// returns what comes after the comma that ends it. Something else than a link is
// skipped up to the next comma.
func cutLink(s string) (target string, next bool, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t,")
	if !strings.HasPrefix(s, "<") {
		_, rest = cutQuoted(s, ',')
		return "", false, rest, false
	}
	target, s, ok = strings.Cut(s[1:], ">")
	if !ok {
		return "", false, "", false
	}
	params, rest := cutQuoted(s, ',')
	rel := false // only the first rel of a link counts
	for params != "" {
		var param string
		param, params = cutQuoted(params, ';')
		name, value, _ := strings.Cut(param, "=")
		if rel || !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		rel = true
		value = strings.TrimSpace(value)
		if quoted, ok := unquote(value); ok {
			value = quoted
		}
		for word := range strings.FieldsSeq(value) {
			next = next || strings.EqualFold(word, "next")
		}
	}
	return strings.TrimSpace(target), next, rest, true
}

// cutQuoted cuts s at the first sep that is not within double quotes.
func cutQuoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// unquote returns the content of a string in double quotes.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}
