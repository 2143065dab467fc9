package connection

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/prometheus/common/model"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// The words of the setting "connection".
const (
	kindExporter = "exporter"
	kindHub      = "hub"
)

const (
	defaultRefresh = 6 * time.Hour
	// minRefresh keeps data sources from asking the Hub more often than its
	// numbers change or its limits allow.
	minRefresh         = 10 * time.Minute
	maxRefresh         = 90 * 24 * time.Hour
	defaultMemoryLimit = 512 // MiB
	// The Hub makes an export while one waits for it.
	defaultTimeout, defaultHubTimeout = 30 * time.Second, 2 * time.Minute
)

// settings are those of a data source, checked.
type settings struct {
	kind string
	// url is that of the exporter.
	url *url.URL

	// endpoint is where the Hub is, with the pages of repositories.
	endpoint hub.Endpoint
	// Of the connection to the Hub: whose downloads, as whom, how often, in how many bytes of
	// memory at most.
	organization string
	token        hub.Token
	refresh      time.Duration
	memoryLimit  int64
	groups       []groups.Definition

	// timeout bounds the wait for the head of an answer, and for each further
	// piece of it.
	timeout time.Duration
	http    httpclient.Options
	secrets secrets
}

// parseSettings checks the settings of a data source. Errors begin with the name
// of the setting.
func parseSettings(ctx context.Context, s backend.DataSourceInstanceSettings) (settings, error) {
	m := parseMembers(s.JSONData)
	out := settings{kind: m.text("connection"), timeout: defaultTimeout}
	var err error
	if out.endpoint, err = hub.ParseEndpoint(m.text("endpoint")); err != nil {
		m.fail("endpoint", "%w", err)
	}
	switch out.kind {
	case kindHub:
		out.timeout = defaultHubTimeout
		out.parseHub(m, s.DecryptedSecureJSONData["token"])
	case "", kindExporter:
		out.kind = kindExporter
		if out.url, err = parseURL(strings.TrimSpace(s.URL)); err != nil {
			m.fail("url", "%w", err)
		}
	default:
		m.fail("connection", "expected %s or %s, got %q", kindExporter, kindHub, out.kind)
	}
	if n := m.number("timeout", 0, 0, 24*60*60); n > 0 { // seconds
		out.timeout = time.Duration(n) * time.Second
	}
	if m.checkHTTP(); m.err != nil {
		return out, m.err
	}
	return out, out.parseHTTP(ctx, s, m)
}

// HubURL implements Connection.
func (s *settings) HubURL() string { return s.endpoint.String() }

// parseURL reads the URL of an exporter.
func parseURL(text string) (*url.URL, error) {
	const like = "expected the URL of an exporter like http://localhost:10061, got "
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil, errors.New(like + "none")
	case err != nil && strings.Contains(text, "@"):
		return nil, errors.New(like + "something that is not a URL")
	case err != nil:
		return nil, errors.New(like + shown(text))
	}
	redacted := *u
	redacted.RawQuery, redacted.ForceQuery = "", false
	switch quoted := shown(redacted.Redacted()); {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, errors.New(like + quoted)
	case u.User != nil:
		// What is entered there is no secret to Grafana.
		return nil, fmt.Errorf("expected a URL without user and password, which belong in the basic authentication settings, got %s", quoted)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("expected a URL without query and fragment, got %s", quoted)
	}
	return u, nil
}

func (s *settings) parseHub(m *members, token string) {
	org := m.text("organization")
	if org == "" || org == "." || org == ".." || strings.ContainsFunc(org, func(r rune) bool { return r <= ' ' || r == '/' || r == '\\' || r == 0x7f }) {
		m.fail("organization", "expected the name of an organization on the Hub, as in huggingface.co/NAME, got %q", org)
	}
	s.organization = org
	var err error
	if s.token, err = hub.NewToken(token, "the settings"); err != nil {
		m.fail("token", "%w", err)
	}
	if s.endpoint.IsExposed() && !s.token.IsZero() && !m.flag("allowInsecureToken") {
		m.fail("endpoint", "expected https, since a token is sent, got %s, where all on the way can read it; if it may be so, provision allowInsecureToken: true", s.endpoint)
	}
	s.refresh = m.refresh()
	s.groups = m.groups()
	s.memoryLimit = m.number("memoryLimitMiB", defaultMemoryLimit, 1, 1<<20) << 20
}

// groups reads the groups of repositories: those of an exporter are in its configuration.
func (m *members) groups() (out []groups.Definition) {
	const name = "groups"
	value, ok := m.values[name]
	if !ok {
		return nil
	}
	text, err := json.Marshal(value)
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err = d.Decode(&out); err == nil {
			err = groups.Check(out)
		}
	}
	if err != nil {
		m.fail(name, "expected a list of groups like {name: llama, repos: [org/llama-*]}: %w", err)
	}
	return out
}

// refresh reads the refresh interval: a duration as Go or as Prometheus writes it.
func (m *members) refresh() time.Duration {
	const name = "refreshInterval"
	if v, ok := m.values[name]; ok {
		if _, ok := v.(string); !ok {
			m.fail(name, "expected a string, got %s; a duration has a unit, like 6h or 1d", shown(v))
		}
	}
	text := m.text(name)
	if text == "" {
		return defaultRefresh
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		var p model.Duration
		p, err = model.ParseDuration(text)
		d = time.Duration(p)
	}
	if err != nil || d < minRefresh || d > maxRefresh {
		m.fail(name, "expected a duration like 6h or 1d, from 10m to 90d, got %q", text)
	}
	return d
}

// parseHTTP reads Grafana's own HTTP settings.
func (s *settings) parseHTTP(ctx context.Context, d backend.DataSourceInstanceSettings, m *members) error {
	var err error
	if d.JSONData, err = json.Marshal(m.values); err != nil {
		return fmt.Errorf("jsonData: %w", err)
	}
	if s.http, err = d.HTTPClientOptions(ctx); err != nil {
		return fmt.Errorf("HTTP settings: %w", err)
	}
	// What users of Grafana send to Grafana is nobody else's business.
	s.http.ForwardHTTPHeaders = false
	s.http.Middlewares = []httpclient.Middleware{} // none yet: see newTransport
	user := d.BasicAuthUser
	if s.http.BasicAuth != nil {
		user = s.http.BasicAuth.User
	}
	secrets := d.DecryptedSecureJSONData
	s.secrets = secretsOf(user, secrets)
	if m.flag("tlsAuthWithCACert") && secrets["tlsCACert"] == "" {
		return errors.New("tlsCACert: expected the certificate of a certificate authority because tlsAuthWithCACert is on, got none")
	}
	if m.flag("tlsAuth") && (secrets["tlsClientCert"] == "" || secrets["tlsClientKey"] == "") {
		return errors.New("tlsClientCert, tlsClientKey: expected both because tlsAuth is on, got at most one")
	}
	if _, err := httpclient.GetTLSConfig(s.http); err != nil {
		return fmt.Errorf("tlsCACert, tlsClientCert, tlsClientKey: expected certificates and a key as PEM: %w", err)
	}
	return nil
}
