package config

import (
	"strings"
	"testing"
)

func TestGroupFaults(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, err := Parse("c.yaml", []byte(text), families...)
		got := ""
		if err != nil {
			got = err.Error()
		}
		for i, line := range want {
			want[i] = "c.yaml:" + line
		}
		if got != strings.Join(want, "\n") {
			t.Errorf("%q: got error\n%s\nwant\n%s", text, got, strings.Join(want, "\n"))
		}
	}
	f("groups: [{name: a b, repos: [x, org/x, 'org/*', 'model:*/x-[0-9]?'], collections: [org/title-64f9a55bb3115b4f513ec026]}]")
	f("groups: [{name: a, repos: [x]}, {name: A, repos: [x]}]")
	f("groups: {a: b}", `1: groups: expected a list, got a mapping`)
	f("groups: [{name: a, repo: x}]", `1: groups[0].repo: unknown field, expected name, repos or collections`)
	f("groups: [{repos: [x]}]", `1: groups[0].name: expected the name of a group, got none`)
	f("groups: [{name: a, repos: [x]}, {name: a, repos: [y]}]", `1: groups[1].name: expected each group once, got "a" again (first in groups[0])`)
	f("groups: [{name: \"a\\nb\", repos: [x]}]", `1: groups[0].name: expected at most 128 bytes without control characters, got "a\nb"`)
	f("groups: [{name: a}]", `1: groups[0].repos: expected repos or collections in the group, got none`)
	const want = `expected a name or glob of repositories like org/name, org/* or model:org/*, got `
	f("groups:\n- name: a\n  repos: ['org/[', '', ':x', 'model:', 'x']",
		`3: groups[0].repos[0]: `+want+`"org/["`, `3: groups[0].repos[1]: `+want+`""`, `3: groups[0].repos[2]: `+want+`":x"`, `3: groups[0].repos[3]: `+want+`"model:"`)
	const slug = `expected the slug of a collection like org/title-64f9a55bb3115b4f513ec026, got `
	f("groups:\n- name: a\n  collections: ['https://hf.co/collections/a/b', a, 'a/b c']",
		`3: groups[0].collections[0]: `+slug+`"https://hf.co/collections/a/b"`, `3: groups[0].collections[1]: `+slug+`"a"`, `3: groups[0].collections[2]: `+slug+`"a/b c"`)
}
