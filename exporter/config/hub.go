package config

import (
	"fmt"
	"regexp"
	"strings"
)

// Hub says what is collected from the Hugging Face Hub, and how it is reached.
type Hub struct {
	// Endpoint is where the Hub is, "" for the variable HF_ENDPOINT or else the
	// Hub itself.
	Endpoint string `yaml:"endpoint" url:"https://huggingface.co"`
	// Token is the access token; TokenFile a file that holds it. Without either, and
	// without an authorization in HTTP, the environment is asked.
	Token     Secret `yaml:"token"`
	TokenFile string `yaml:"token_file"`
	// AllowInsecureToken lets a token, or another authorization, go to another machine
	// without TLS.
	AllowInsecureToken bool `yaml:"allow_insecure_token"`
	// MaxResponseBytes bounds an answer of the Hub, unpacked.
	MaxResponseBytes int `yaml:"max_response_bytes" default:"4294967296" min:"1048576"`
	// MaxMemoryBytes bounds the memory that is built from an answer.
	MaxMemoryBytes int            `yaml:"max_memory_bytes" default:"1073741824" min:"1048576"`
	Timeouts       HubTimeouts    `yaml:"timeouts"`
	Organizations  []Organization `yaml:"organizations"`
	// CollectionsInterval is the time between two requests for the collections of groups.
	CollectionsInterval Duration `yaml:"collections_interval" default:"6h" min:"1m"`
	HTTP                HTTP     `yaml:",inline"`
}

// HubTimeouts are how long the Hub is waited for.
type HubTimeouts struct {
	Connect Duration `yaml:"connect" default:"10s"` // for a connection, TLS included
	Headers Duration `yaml:"headers" default:"1m"`  // for the head of an answer
	Idle    Duration `yaml:"idle" default:"1m"`     // for the next bytes of an answer
}

// Organization is an organization or user that is collected.
type Organization struct {
	Name     string   `yaml:"name"`
	Source   string   `yaml:"source" default:"auto" oneof:"auto publisher_analytics listings"`
	Interval Duration `yaml:"interval" default:"6h" min:"1m"` // between two collections
	// Split has every shard collect a part of the repositories, instead of one shard
	// all: for listings alone.
	Split bool `yaml:"split"`
	// Token and TokenFile stand in for those of Hub.
	Token     Secret `yaml:"token"`
	TokenFile string `yaml:"token_file"`
}

// notInToken is what a bearer token has no place for (RFC 6750).
var notInToken = regexp.MustCompile(`[^A-Za-z0-9._~+/=-]`)

// complete makes file names start from the folder of the configuration, and checks what
// the tags do not say.
func (h *Hub) complete(d *decoder) {
	h.HTTP.complete(d, "hub")
	if strings.Contains(h.Endpoint, "?") {
		d.fault("hub.endpoint", "expected a URL without a query, got %q", h.Endpoint)
	}
	if !h.HTTP.Settings.FollowRedirects {
		d.fault("hub.follow_redirects", "expected true, because the Hub redirects renamed repositories and downloads, got \"false\"")
	}
	h.TokenFile = d.path(h.TokenFile)
	h.checkToken(d, "hub", h.Token, h.TokenFile)
	first := make(map[string]int)
	for i := range h.Organizations {
		o := &h.Organizations[i]
		o.TokenFile = d.path(o.TokenFile)
		path := fmt.Sprintf("hub.organizations[%d]", i)
		if o.Name == "" || strings.ContainsAny(o.Name, "/ \t\n") {
			d.fault(path+".name", "expected the name of an organization or user, got %q", o.Name)
		}
		key := strings.ToLower(o.Name) // the Hub ignores the case
		if j, ok := first[key]; ok {
			d.fault(path+".name", "expected each organization once, got %q again (first in organizations[%d])", o.Name, j)
		} else {
			first[key] = i
		}
		if o.Split && o.Source != "listings" {
			d.fault(path+".split", "expected source: listings with split, because the publisher analytics are a single file, got %q", o.Source)
		}
		h.checkToken(d, path, o.Token, o.TokenFile)
	}
}

// checkToken looks at the token of the section at path. One in a file of its own is looked
// at when it is read, for it may change.
func (h *Hub) checkToken(d *decoder, path string, token Secret, file string) {
	if token.IsSet() && file != "" {
		d.fault(path+".token_file", "expected either token or token_file, got both")
	}
	if (token.IsSet() || file != "") && h.HTTP.Authorizes() {
		d.fault(path+".token", "expected one kind of credentials, got a token and the basic_auth, authorization, or oauth2 of hub")
	}
	if at := notInToken.FindStringIndex(strings.TrimSpace(token.Reveal())); at != nil {
		d.fault(path+".token", "expected a token of only letters, digits, and - . _ ~ + / =, got another character at position %d", at[0]+1)
	}
}

// For returns all that the collecting of an organization depends on: h with no other
// organization.
func (h *Hub) For(o Organization) Hub {
	only := *h
	only.Organizations, only.CollectionsInterval = []Organization{o}, 0
	return only
}
