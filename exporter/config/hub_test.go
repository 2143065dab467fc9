package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestHubFaults(t *testing.T) {
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
		if strings.Contains(err.Error(), "hf_secret") || strings.Contains(err.Error(), "12345") {
			t.Errorf("%q: the error shows a token: %v", text, err)
		}
	}
	const hubFields = "endpoint, token, token_file, allow_insecure_token, max_response_bytes, max_memory_bytes, timeouts, organizations, collections_interval, " + httpFields
	const orgFields = "name, source, interval, split, token or token_file"

	f("hub: x", "1: hub: expected a mapping with "+hubFields+`, got "x"`)
	f("hub: {orgs: []}",
		`1: hub.orgs: unknown field, expected `+hubFields)
	f("hub: {timeouts: {total: 1m}}", `1: hub.timeouts.total: unknown field, expected connect, headers or idle`)
	f("hub: {organizations: [{name: o, org: o}]}", `1: hub.organizations[0].org: unknown field, expected `+orgFields)
	f("hub: {organizations: [{name: o, split: true}]}", `1: hub.organizations[0].split: expected source: listings with split, because the publisher analytics are a single file, got "auto"`)
	f("hub: {organizations: [o]}", `1: hub.organizations[0]: expected a mapping with `+orgFields+`, got "o"`)
	f("hub: {organizations: o}", `1: hub.organizations: expected a list, got "o"`)
	f("hub:\n  organizations:\n    -\n", `3: hub.organizations[0]: expected a value, got none`)

	f("hub: {endpoint: 5}", `1: hub.endpoint: expected a string (quoted if it looks like another type), got "5"`)
	f("hub:\n  endpoint: huggingface.co", `2: hub.endpoint: expected a URL like https://huggingface.co, got "huggingface.co"`)
	f("hub: {endpoint: 'ftp://x'}", `1: hub.endpoint: expected a URL like https://huggingface.co, got "ftp://x"`)
	f("hub: {endpoint: 'https://x/?a=b'}", `1: hub.endpoint: expected a URL without a query, got "https://x/?a=b"`)
	f("hub: {endpoint: 'https://me:hf_secret@x'}", `1: hub.endpoint: expected a URL without user and password, got one with an @ in it (not shown here): set credentials in their own fields`)

	f("hub: {max_response_bytes: 1GB}", `1: hub.max_response_bytes: expected a whole number, got "1GB"`)
	f("hub: {max_response_bytes: 1048575}", `1: hub.max_response_bytes: expected a whole number from 1048576, got "1048575"`)
	f("hub: {max_response_bytes: -1}", `1: hub.max_response_bytes: expected a whole number from 1048576, got "-1"`)
	f("hub: {timeouts: {idle: 30}}", `1: hub.timeouts.idle: expected a duration like 30s, 5m or 6h, got "30"`)
	f("hub: {timeouts: {connect: 0s}}", `1: hub.timeouts.connect: expected a duration like 30s, 5m or 6h, got "0s"`)
	f("hub: {timeouts: {headers: -1s}}", `1: hub.timeouts.headers: expected a duration like 30s, 5m or 6h, got "-1s"`)

	f("hub: {token: 12345}", `1: hub.token: expected a string (quoted if it looks like another type), got something else`)
	f("hub:\n  token: hf_secret\n  token_file: f", `3: hub.token_file: expected either token or token_file, got both`)
	f("hub:\n  organizations:\n    - name: o\n      token: hf_secret\n      token_file: f",
		`5: hub.organizations[0].token_file: expected either token or token_file, got both`)
	f("hub: {organizations: [{name: o, token: [hf_secret]}]}",
		`1: hub.organizations[0].token: expected a string (quoted if it looks like another type), got a list`)

	const twoAuthorizations = "expected one kind of credentials, got a token and the basic_auth, authorization, or oauth2 of hub"
	f("hub:\n  token: hf_secret\n  basic_auth: {username: me, password: hf_secret}", `2: hub.token: `+twoAuthorizations)
	f("hub:\n  bearer_token_file: f\n  token_file: f", `1: hub.token: `+twoAuthorizations)
	f("hub:\n  authorization: {credentials: hf_secret}\n  organizations:\n    - {name: o, token: hf_secret}", `4: hub.organizations[0].token: `+twoAuthorizations)
	f("hub:\n  follow_redirects: false", `2: hub.follow_redirects: expected true, because the Hub redirects renamed repositories and downloads, got "false"`)

	f("hub:\n  organizations:\n    - source: auto", `3: hub.organizations[0].name: expected the name of an organization or user, got ""`)
	f("hub: {organizations: [{name: o/m}]}", `1: hub.organizations[0].name: expected the name of an organization or user, got "o/m"`)
	f("hub: {organizations: [{name: 'an org'}]}", `1: hub.organizations[0].name: expected the name of an organization or user, got "an org"`)
	f("hub:\n  organizations:\n    - name: Acme\n    - name: other\n    - name: acme",
		`5: hub.organizations[2].name: expected each organization once, got "acme" again (first in organizations[0])`)
	f("hub: {organizations: [{name: o, source: csv}]}",
		`1: hub.organizations[0].source: expected auto, publisher_analytics or listings, got "csv"`)
	f("hub: {organizations: [{name: o, interval: 59s}]}", `1: hub.organizations[0].interval: expected at least 1m, got "59s"`)
	f("hub: {organizations: [{name: o, interval: daily}]}",
		`1: hub.organizations[0].interval: expected a duration like 30s, 5m or 6h, got "daily"`)

	f("hub:\n  endpoint: x\n  max_response_bytes: 1\n  organizations:\n    - {name: '', source: x, interval: 1s}\n    - {name: '', token: hf_secret, token_file: f}",
		`2: hub.endpoint: expected a URL like https://huggingface.co, got "x"`,
		`3: hub.max_response_bytes: expected a whole number from 1048576, got "1"`,
		`5: hub.organizations[0].source: expected auto, publisher_analytics or listings, got "x"`,
		`5: hub.organizations[0].interval: expected at least 1m, got "1s"`,
		`5: hub.organizations[0].name: expected the name of an organization or user, got ""`,
		`6: hub.organizations[1].name: expected the name of an organization or user, got ""`,
		`6: hub.organizations[1].name: expected each organization once, got "" again (first in organizations[0])`,
		`6: hub.organizations[1].token_file: expected either token or token_file, got both`)
}

func TestHubDefaults(t *testing.T) {
	f := func(text string, want Hub) {
		t.Helper()
		c, err := Parse("c.yaml", []byte(text), families...)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		if c.Hub.Organizations == nil {
			c.Hub.Organizations = []Organization{} // which is as good
		}
		if !reflect.DeepEqual(c.Hub, want) {
			t.Errorf("%q: got\n%+v\nwant\n%+v", text, c.Hub, want)
		}
	}
	defaults := func(change func(*Hub)) Hub {
		h := Hub{
			MaxResponseBytes: 4 << 30,
			MaxMemoryBytes:   1 << 30,
			Timeouts:         HubTimeouts{Connect: Duration(10 * time.Second), Headers: Duration(time.Minute), Idle: Duration(time.Minute)},
			Organizations:    []Organization{},

			CollectionsInterval: Duration(6 * time.Hour),

			HTTP: Default().Hub.HTTP,
		}
		h.HTTP.Settings.ProxyFromEnvironment = true
		change(&h)
		return h
	}
	six := Duration(6 * time.Hour)
	f("", defaults(func(*Hub) {}))
	f("hub:", defaults(func(*Hub) {}))
	f("hub: {organizations: , timeouts: , token: , endpoint: }", defaults(func(*Hub) {}))
	f("hub: {timeouts: {idle: 5s}}", defaults(func(h *Hub) { h.Timeouts.Idle = Duration(5 * time.Second) }))
	f("hub: {organizations: [{name: o}, {name: p, source: listings, interval: 1d}, {name: q, interval: , source: }]}", defaults(func(h *Hub) {
		h.Organizations = []Organization{
			{Name: "o", Source: "auto", Interval: six},
			{Name: "p", Source: "listings", Interval: Duration(24 * time.Hour)},
			{Name: "q", Source: "auto", Interval: six},
		}
	}))
	f("hub: {organizations: [{name: o, interval: 1m}]}", defaults(func(h *Hub) {
		h.Organizations = []Organization{{Name: "o", Source: "auto", Interval: Duration(time.Minute)}}
	}))
}

// Whatever prints a configuration shows no token of it.
func TestPrintedHubShowsNoToken(t *testing.T) {
	c, err := Parse("c.yaml", []byte("hub: {token: hf_secret_all, organizations: [{name: o, token: hf_secret_own}, {name: p, token_file: p.token}]}"), families...)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"YAML": mustYAML(t, c), "%v": fmt.Sprintf("%v", c.Hub), "%+v": fmt.Sprintf("%+v", c.Hub), "%#v": fmt.Sprintf("%#v", c.Hub)} {
		if strings.Contains(text, "secret_") || !strings.Contains(text, "name: o") && what == "YAML" {
			t.Errorf("%s shows a token, or nothing:\n%s", what, text)
		}
	}
}

// What check-config prints is a configuration again, also where a secret is in a
// file.
func TestPrintedConfigurationCanBeRead(t *testing.T) {
	const text = "hub:\n  token_file: hub.token\n  organizations:\n    - name: acme\n      token_file: acme.token\n"
	c, err := Parse("dir/c.yaml", []byte(text), families...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("dir/c.yaml", []byte(mustYAML(t, c)), families...); err != nil {
		t.Errorf("%v\nin what was printed:\n%s", err, mustYAML(t, c))
	}
}

func TestTokenThatCannotBeOneIsAFault(t *testing.T) {
	_, err := Parse("c.yaml", []byte("hub:\n  organizations:\n    - name: acme\n      token: \"hf_se cret\"\n"), families...)
	const want = "c.yaml:4: hub.organizations[0].token: expected a token of only letters, digits, and - . _ ~ + / =, got another character at position 6"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
