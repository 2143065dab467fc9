package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// Hub says what is collected from the Hugging Face Hub, and how it is asked.
type Hub struct {
	// Endpoint is where the Hub is, "" for the variable HF_ENDPOINT or else the
	// Hub itself.
	Endpoint string `yaml:"endpoint"`
	// Token is the access token; TokenFile a file that holds it. After Load, Token
	// stands for both. Without either the environment is asked: hub.ResolveToken.
	Token     Secret `yaml:"token"`
	TokenFile string `yaml:"token_file"`
	// MaxResponseBytes bounds an answer of the Hub, unpacked.
	MaxResponseBytes int            `yaml:"max_response_bytes"`
	Timeouts         HubTimeouts    `yaml:"timeouts"`
	Organizations    []Organization `yaml:"organizations"`
}

// HubTimeouts are how long the Hub is waited for.
type HubTimeouts struct {
	Connect Duration `yaml:"connect"` // for a connection, TLS included
	Headers Duration `yaml:"headers"` // for the head of an answer
	Idle    Duration `yaml:"idle"`    // for the next bytes of an answer
}

// Organization is an organisation or user that is collected.
type Organization struct {
	Name string `yaml:"name"`
	// Source is auto, publisher_analytics or listings: hubsync.Source.
	Source string `yaml:"source"`
	// Interval is the time between two collections, at least a minute.
	Interval Duration `yaml:"interval"`
	// Split has every shard collect a part of the repositories, instead of one shard
	// all: for listings alone.
	Split bool `yaml:"split"`
	// Token and TokenFile stand in for those of Hub.
	Token     Secret `yaml:"token"`
	TokenFile string `yaml:"token_file"`
}

const (
	defaultInterval = Duration(6 * time.Hour)
	minInterval     = Duration(time.Minute)
)

func defaultHub() Hub {
	return Hub{
		MaxResponseBytes: hub.DefaultMaxResponseBytes,
		Timeouts: HubTimeouts{
			Connect: Duration(10 * time.Second),
			Headers: Duration(time.Minute),
			Idle:    Duration(time.Minute),
		},
		Organizations: []Organization{},
	}
}

// complete fills in what organisations leave out, and the files of the secrets,
// whose relative names start from dir.
func (h *Hub) complete(r reporter, dir string) {
	h.Token = h.Token.orFile(r, "hub.token", h.TokenFile, dir)
	for i := range h.Organizations {
		o := &h.Organizations[i]
		if o.Source == "" {
			o.Source = string(hubsync.SourceAuto)
		}
		if o.Interval == 0 {
			o.Interval = defaultInterval
		}
		o.Token = o.Token.orFile(r, fmt.Sprintf("hub.organizations[%d].token", i), o.TokenFile, dir)
	}
}

func (h *Hub) check(r reporter) {
	if _, err := hub.ParseEndpoint(h.Endpoint); err != nil {
		r.fault("hub.endpoint", "%s", err)
	}
	if h.MaxResponseBytes < 1<<20 {
		r.fault("hub.max_response_bytes", "expected a whole number from 1048576, got %q", fmt.Sprint(h.MaxResponseBytes))
	}
	checkToken(r, "hub.token", h.Token)
	first := make(map[string]int)
	for i, o := range h.Organizations {
		path := fmt.Sprintf("hub.organizations[%d]", i)
		if o.Name == "" || strings.ContainsAny(o.Name, "/ \t\n") {
			r.fault(path+".name", "expected the name of an organisation or user, got %q", o.Name)
		}
		key := strings.ToLower(o.Name) // the Hub ignores the case
		if j, ok := first[key]; ok {
			r.fault(path+".name", "expected each organisation once, got %q again (first in organizations[%d])", o.Name, j)
		} else {
			first[key] = i
		}
		if _, err := hubsync.ParseSource(o.Source); err != nil {
			r.fault(path+".source", "%s", err)
		}
		if o.Split && o.Source != string(hubsync.SourceListings) {
			r.fault(path+".split", "expected source: listings with split, for the publisher analytics come as one file, got %q", o.Source)
		}
		if o.Interval < minInterval {
			r.fault(path+".interval", "expected at least %s, got %q", minInterval, o.Interval)
		}
		checkToken(r, path+".token", o.Token)
	}
}

// checkToken looks at a token that the file itself holds; one in a file of its own
// is looked at when it is read, for it may change.
func checkToken(r reporter, path string, s Secret) {
	if _, err := hub.NewToken(s.value, "the configuration"); err != nil {
		r.fault(path, "%s", err)
	}
}

// TokenOf returns the token of an organisation. It reads files and environment
// anew at each call, so that a token that was replaced is used from then on.
func (h *Hub) TokenOf(o Organization, getenv func(string) string) (hub.Token, error) {
	for _, s := range []struct {
		secret Secret
		source string
	}{{o.Token, "the configuration of " + o.Name}, {h.Token, "the configuration"}} {
		if !s.secret.IsSet() {
			continue
		}
		value, err := s.secret.Read()
		if err != nil {
			return hub.Token{}, err
		}
		return hub.NewToken(value, s.source)
	}
	return hub.ResolveToken(hub.TokenLookup{Getenv: getenv})
}

// Fingerprint stands for all that the collecting of an organisation depends on,
// secrets included, and shows none of it.
func (h *Hub) Fingerprint(o Organization) string {
	sum := sha256.New()
	for _, s := range []string{
		h.Endpoint, h.Token.value, h.Token.file, fmt.Sprint(h.MaxResponseBytes, h.Timeouts),
		o.Name, o.Source, o.Interval.String(), strconv.FormatBool(o.Split), o.Token.value, o.Token.file,
	} {
		fmt.Fprintf(sum, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
