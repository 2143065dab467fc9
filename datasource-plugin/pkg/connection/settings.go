package connection

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/prometheus/common/model"

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
	defaultMemoryLimit = 512 << 20 // bytes
	// The Hub makes an export while one waits for it.
	defaultTimeout, defaultHubTimeout = 30 * time.Second, 2 * time.Minute
)

// settings are those of a data source, checked.
type settings struct {
	kind string
	// url is that of the exporter.
	url *url.URL

	// The Hub's: whose downloads, where, as whom, how often, in how many bytes of
	// memory at most.
	organization string
	endpoint     hub.Endpoint
	token        hub.Token
	refresh      time.Duration
	memoryLimit  int64

	// timeout bounds the wait for the head of an answer, and for each further
	// piece of it.
	timeout time.Duration
	http    httpclient.Options
	secrets secrets
}

// parseSettings checks the settings of a data source. Errors begin with the name
// of the setting.
func parseSettings(ctx context.Context, s backend.DataSourceInstanceSettings) (settings, error) {
	var out settings
	m, err := parseMembers(s.JSONData)
	if err != nil {
		return out, err
	}
	if out.kind, err = m.text("connection"); err != nil {
		return out, err
	}
	switch out.kind {
	case kindHub:
		err = out.parseHub(m, s.DecryptedSecureJSONData)
	case "", kindExporter:
		out.kind = kindExporter
		err = out.parseExporter(s.URL)
	default:
		err = fmt.Errorf("connection: expected %s or %s, got %q", kindExporter, kindHub, out.kind)
	}
	if err != nil {
		return out, err
	}
	if err := out.parseTimeout(m); err != nil {
		return out, err
	}
	return out, out.parseHTTP(ctx, s, m)
}

func (s *settings) parseExporter(text string) error {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	switch {
	case text == "":
		return fmt.Errorf("url: expected the URL of an exporter like http://localhost:10061, got none")
	case err != nil && strings.Contains(text, "@"):
		return fmt.Errorf("url: expected the URL of an exporter like http://localhost:10061, got something that is no URL")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return fmt.Errorf("url: expected the URL of an exporter like http://localhost:10061, got %s", shownURL(text))
	case u.User != nil:
		// What is entered there is no secret to Grafana.
		return fmt.Errorf("url: expected a URL without user and password, which belong to the basic authentication, got %s", shownURL(text))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("url: expected a URL without query and fragment, got %s", shownURL(text))
	}
	s.url = u
	return nil
}

// shownURL quotes what may be a URL without the password and query in it.
func shownURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return shown(text)
	}
	u.RawQuery, u.ForceQuery = "", false
	return shown(u.Redacted())
}

func (s *settings) parseHub(m members, secrets map[string]string) error {
	org, err := m.text("organization")
	if err != nil {
		return err
	}
	if org == "" || org == "." || org == ".." || strings.ContainsFunc(org, func(r rune) bool { return r <= ' ' || r == '/' || r == '\\' || r == 0x7f }) {
		return fmt.Errorf("organization: expected the name of an organization on the Hub, as in huggingface.co/NAME, got %q", org)
	}
	s.organization = org
	endpoint, err := m.text("endpoint")
	if err != nil {
		return err
	}
	if s.endpoint, err = hub.ParseEndpoint(endpoint); err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	if s.token, err = hub.NewToken(secrets["token"], "the settings"); err != nil {
		return fmt.Errorf("token: %w", err)
	}
	if s.refresh, err = m.refresh(); err != nil {
		return err
	}
	s.memoryLimit = defaultMemoryLimit
	if n, ok, err := m.number("memoryLimitMiB", 1, 1<<20); err != nil {
		return err
	} else if ok {
		s.memoryLimit = n << 20
	}
	return nil
}

// refresh reads the refresh interval: a duration as Go or as Prometheus writes it.
func (m members) refresh() (time.Duration, error) {
	const name = "refreshInterval"
	text, err := m.text(name)
	if err != nil {
		return 0, fmt.Errorf("%w; a duration has a unit, like 6h or 1d", err)
	}
	if text == "" {
		return defaultRefresh, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		var p model.Duration
		p, err = model.ParseDuration(text)
		d = time.Duration(p)
	}
	if err != nil || d < minRefresh || d > maxRefresh {
		return 0, fmt.Errorf("%s: expected a duration like 6h or 1d, from 10m to 90d, got %q", name, text)
	}
	return d, nil
}

func (s *settings) parseTimeout(m members) error {
	s.timeout = defaultTimeout
	if s.kind == kindHub {
		s.timeout = defaultHubTimeout
	}
	n, ok, err := m.number("timeout", 0, 24*60*60) // seconds
	if err != nil {
		return err
	}
	if ok && n > 0 {
		s.timeout = time.Duration(n) * time.Second
	}
	return nil
}

// parseHTTP reads Grafana's own HTTP settings.
func (s *settings) parseHTTP(ctx context.Context, d backend.DataSourceInstanceSettings, m members) error {
	if err := m.checkHTTP(); err != nil {
		return err
	}
	var err error
	if d.JSONData, err = json.Marshal(m); err != nil {
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
	if m["tlsAuthWithCACert"] == true && secrets["tlsCACert"] == "" {
		return fmt.Errorf("tlsCACert: expected the certificate of an authority, since tlsAuthWithCACert is on, got none")
	}
	if m["tlsAuth"] == true && (secrets["tlsClientCert"] == "" || secrets["tlsClientKey"] == "") {
		return fmt.Errorf("tlsClientCert, tlsClientKey: expected both, since tlsAuth is on, got not both")
	}
	if _, err := httpclient.GetTLSConfig(s.http); err != nil {
		return fmt.Errorf("tlsCACert, tlsClientCert, tlsClientKey: expected certificates and a key as PEM: %w", err)
	}
	return nil
}
