package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// families are the names that Metrics can switch.
var families = []string{"downloads", "removed", "backdated", "all_time", "last_month", "likes", "org_repos", "group_downloads", "group_all_time", "group_repos"}

func TestParseFaults(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, err := Parse("dir/c.yaml", []byte(text), families...)
		if err == nil {
			t.Errorf("%q: no error, want\n%s", text, strings.Join(want, "\n"))
			return
		}
		for i, line := range want {
			want[i] = "dir/c.yaml:" + line
		}
		if got := err.Error(); got != strings.Join(want, "\n") {
			t.Errorf("%q: got error\n%s\nwant\n%s", text, got, strings.Join(want, "\n"))
		}
		if !IsFault(err) {
			t.Errorf("%q: IsFault is false", text)
		}
	}

	// not YAML, or not one document
	f("files: [", `1: not YAML, here or just below: did not find expected node content`)
	f("metrics:\n  max_repos: 1\n\tx: 1", `2: not YAML, here or just below: found a tab character that violates indentation`)
	f("files: []\n---\nfiles: []\n", `2: expected one YAML document, but a second one starts here`)
	f("files: []\n---\n[\n", `3: not YAML, here or just below: did not find expected node content`)
	f("files: *none", `1: not YAML, here or just below: unknown anchor 'none' referenced`)

	// the root
	f("- files", `1: expected a mapping with hub, files, groups, metrics, web, badges, query, push or storage, got a list`)
	f("\nfiles", `2: expected a mapping with hub, files, groups, metrics, web, badges, query, push or storage, got "files"`)

	// unknown and double fields
	f("file: []", `1: file: unknown field, expected hub, files, groups, metrics, web, badges, query, push or storage`)
	f("metrics:\n  max_repo: 1", `2: metrics.max_repo: unknown field, expected include, exclude, max_repos or families`)
	f("metrics:\n  families:\n    like: true",
		`3: metrics.families.like: unknown field, expected downloads, removed, backdated, all_time, last_month, likes, org_repos, group_downloads, group_all_time or group_repos`)
	f("storage:\n  path: x", `2: storage.path: unknown field, expected engine, queue_bytes, queue_path or victoriametrics`)
	f("dir: x", `1: dir: unknown field, expected hub, files, groups, metrics, web, badges, query, push or storage`)
	f("files: []\nfiles: []", `2: files: given twice, first on line 1`)
	f("metrics:\n  max_repos: 1\n  max_repos: 1", `3: metrics.max_repos: given twice, first on line 2`)
	f("[a]: 1", `1: expected the name of a field, got a list`)
	f("metrics: {<<: {max_repos: 1}}", `1: metrics: expected the name of a field, got a merge key (<<)`)

	// wrong types
	f("files: x.csv", `1: files: expected a list, got "x.csv"`)
	f("files: {a: b}", `1: files: expected a list, got a mapping`)
	f("files:\n- a\n- 5", `3: files[1]: expected a string (quoted if it looks like another type), got "5"`)
	f("files:\n- a\n-\n", `3: files[1]: expected a value, got none`)
	f("files: [[a]]", `1: files[0]: expected a mapping with glob or readings, got a list`)
	f("files: [{globs: a}]", `1: files[0].globs: unknown field, expected glob or readings`)
	f("files: [{readings: {}}]", `1: files[0].glob: expected a glob like exports/*.csv, got none`)
	f("files: [{glob: ''}]", `1: files[0].glob: expected a glob like exports/*.csv, got none`)
	f("files: [{glob: a, readings: {columns: {name: b}, wide: days, day: yesterday, organizations: ['']}}]",
		`1: files[0].readings.columns.name: unknown field, expected repo, repo_type, org, day, total, last_month or likes`,
		`1: files[0].readings.wide: expected total, last_month or likes, got "days"`,
		`1: files[0].readings.day: expected a day like "2024-05-31", in quotes, got "yesterday"`,
		`1: files[0].readings.organizations[0]: expected the name of an organization, got none`)
	f("files: [{glob: a, readings: {columns: {likes: b}, wide: total}}]",
		`1: files[0].readings.columns: expected only the column name for day in a wide CSV, got one for likes: the other columns are repositories`)
	f("metrics: 5", `1: metrics: expected a mapping with include, exclude, max_repos or families, got "5"`)
	f("metrics:\n  max_repos: many", `2: metrics.max_repos: expected a whole number, got "many"`)
	f("metrics:\n  max_repos: '5'", `2: metrics.max_repos: expected a whole number, got "5"`)
	f("metrics:\n  max_repos: 1.5", `2: metrics.max_repos: expected a whole number, got "1.5"`)
	f("metrics:\n  max_repos: 99999999999999999999", `2: metrics.max_repos: expected a whole number, got "99999999999999999999"`)
	f("metrics: {families: {likes: yes}}", `1: metrics.families.likes: expected true or false, got "yes"`)
	f("metrics: {include: [5]}", `1: metrics.include[0]: expected a regular expression (quoted if it looks like another type), got "5"`)
	f("storage: {engine: "+strings.Repeat("x", 100)+"}", `1: storage.engine: expected embedded or victoriametrics, got "`+strings.Repeat("x", 100)+`"`)
	f("metrics: "+strings.Repeat("x", 100), `1: metrics: expected a mapping with include, exclude, max_repos or families, got "`+strings.Repeat("x", 80)+`"... (100 bytes)`)

	// wrong values
	f("files: ['']", `1: files[0]: expected a glob like exports/*.csv, got none`)
	f("files:\n- ok.csv\n- 'a[b'", `3: files[1]: expected a glob like "exports/*.csv", got "a[b" with an unclosed bracket or backslash`)
	f("metrics: {max_repos: 0}", `1: metrics.max_repos: expected a whole number from 1, got "0"`)
	f("metrics: {max_repos: -5}", `1: metrics.max_repos: expected a whole number from 1, got "-5"`)
	f("metrics:\n  exclude:\n  - a\n  - '('", "4: metrics.exclude[1]: expected a regular expression, got \"(\": error parsing regexp: missing closing ): `(`")
	f(`metrics: {include: ['\Qa']}`, "1: metrics.include[0]: expected a regular expression, got \"\\\\Qa\": error parsing regexp: missing closing ): `(?:\\Qa)`")
	f("storage:\n  engine: duckdb", `2: storage.engine: expected embedded or victoriametrics, got "duckdb"`)
	f("storage: {engine: ''}", `1: storage.engine: expected embedded or victoriametrics, got ""`)

	// variables of the environment
	f("hub: {token: '${HF_TOKEN}'}", "1: hub.token: expected the value itself, got ${HF_TOKEN}: environment variables are not expanded; "+
		"remove the field and set HF_TOKEN in the environment, or name a file with hub.token_file")
	f("hub:\n  organizations:\n    - name: a\n      token: pre${T}", "4: hub.organizations[0].token: expected the value itself, got ${T}: environment variables are not expanded; "+
		"name a file that has the secret with hub.organizations[0].token_file")
	f("push: {url: 'http://${HOST}:8428'}", "1: push.url: expected the value itself, got ${HOST}: environment variables are not expanded; "+
		"write the value, or replace the variable before the start, for example with envsubst")
	f("push: {url: 'http://vm:8428', basic_auth: {username: a, password: '${PW}'}}", "1: push.basic_auth.password: expected the value itself, got ${PW}: environment variables are not expanded; "+
		"name a file that has the secret with push.basic_auth.password_file")

	// all faults at once, in the order of the lines
	f("storage:\n  engin: x\nmetrics:\n  max_repos: x\n  families: {likes: 1, x: 2}\nfiles: 1",
		`2: storage.engin: unknown field, expected engine, queue_bytes, queue_path or victoriametrics`,
		`4: metrics.max_repos: expected a whole number, got "x"`,
		`5: metrics.families.likes: expected true or false, got "1"`,
		`5: metrics.families.x: unknown field, expected downloads, removed, backdated, all_time, last_month, likes, org_repos, group_downloads, group_all_time or group_repos`,
		`6: files: expected a list, got "1"`)
	f("storage: {engine: a}\nmetrics: {max_repos: 0}\nfiles: ['']",
		`1: storage.engine: expected embedded or victoriametrics, got "a"`,
		`2: metrics.max_repos: expected a whole number from 1, got "0"`,
		`3: files[0]: expected a glob like exports/*.csv, got none`)
}

func TestParseValues(t *testing.T) {
	f := func(text string, change func(*Config)) {
		t.Helper()
		got, err := Parse("c.yaml", []byte(text), families...)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		want := Default(families...)
		change(want)
		if g, w := mustYAML(t, got), mustYAML(t, want); g != w {
			t.Errorf("%q: got\n%s\nwant\n%s", text, g, w)
		}
	}
	defaults := func(*Config) {}
	f("", defaults)
	f("# nothing\n", defaults)
	f("---\n", defaults)
	f("{}", defaults)
	f("files:\nmetrics:\nstorage:\n", defaults)
	f("metrics: {max_repos: , families: , include: }\nstorage: {engine: null}", defaults)
	f("files: [a/*.csv, '/b/x.csv.gz']", func(c *Config) { c.Files = Files{{Glob: "a/*.csv"}, {Glob: "/b/x.csv.gz"}} })
	f("files: [{glob: a.csv}, {glob: b, readings: {}}, {glob: c, readings: {wide: total, columns: {day: when}, organizations: [o], repo_type: dataset, day: '2024-05-31'}}]", func(c *Config) {
		c.Files = Files{{Glob: "a.csv"}, {Glob: "b", Readings: &Readings{}},
			{Glob: "c", Readings: &Readings{Wide: "total", Columns: Columns{"day": "when"}, Organizations: []string{"o"}, RepoType: "dataset", Day: "2024-05-31"}}}
	})
	f("files: &f [a]\nmetrics:\n  include: *f", func(c *Config) {
		c.Files = Files{{Glob: "a"}}
		c.Metrics.Include = []Regexp{"a"}
	})
	f("metrics: {max_repos: 0x10}", func(c *Config) { c.Metrics.MaxRepos = 16 })
	f("metrics: {families: {likes: false}}", func(c *Config) { c.Metrics.Families["likes"] = false })
	f("storage: {engine: embedded}", defaults)
}

func TestLoadWithoutFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "none.yaml")
	_, err := Load(name, families...)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), name) {
		t.Errorf("got %v, want an error that names %s", err, name)
	}
	if IsFault(err) {
		t.Error("a missing file is not a fault of its content")
	}
}

// What is printed is a configuration file and means the same.
func TestYAMLRoundTrip(t *testing.T) {
	c, err := Parse("c.yaml", []byte("files: [a.csv, {glob: b, readings: {columns: {repo: name}}}]\nmetrics: {include: ['org/.*'], exclude: [x, y], max_repos: 3, families: {likes: false}}"), families...)
	if err != nil {
		t.Fatal(err)
	}
	text := mustYAML(t, c)
	again, err := Parse("c.yaml", []byte(text), families...)
	if err != nil {
		t.Fatalf("%v, in\n%s", err, text)
	}
	if !reflect.DeepEqual(again, c) {
		t.Errorf("got %+v, want %+v", again, c)
	}
}

func mustYAML(t *testing.T, c *Config) string {
	t.Helper()
	text, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
