package config

import (
	"fmt"
	"io"
	"net/url"
	"slices"

	httpconfig "github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// HTTP says how a server is reached: the settings of an HTTP client as Prometheus has
// them, with authorization, TLS, proxy and headers.
type HTTP struct {
	Settings httpconfig.HTTPClientConfig `yaml:",inline" default:"{}"`
}

// Format writes nothing of the settings, whatever the verb: there may be secrets in them.
func (HTTP) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "<HTTP client settings>") }

// Authorizes reports whether requests get an authorization.
func (h *HTTP) Authorizes() bool {
	return h.Settings.BasicAuth != nil || h.Settings.Authorization != nil || h.Settings.OAuth2 != nil
}

// HasSecrets reports whether requests get an authorization, or headers that are secret.
func (h *HTTP) HasSecrets() bool {
	if h.Authorizes() {
		return true
	}
	if h.Settings.HTTPHeaders != nil {
		for _, header := range h.Settings.HTTPHeaders.Headers {
			if len(header.Secrets) > 0 || len(header.Files) > 0 {
				return true
			}
		}
	}
	return false
}

// exposed returns an error if credentials would go to a URL, that of field, which goes to
// another machine without TLS.
func (h *HTTP) exposed(field, text string) error {
	u, err := url.Parse(text)
	// What else is wrong with a URL is said elsewhere.
	if bad := err != nil || text == ""; bad || u.Scheme == "https" || httpx.IsThisMachine(u.Hostname()) || !h.HasSecrets() {
		return nil
	}
	return fmt.Errorf("%s: expected https, since credentials are sent, got %s, where all on the way can read them", field, httpx.ShowURL(u))
}

// Exposed returns what is wrong with each URL of push and storage.victoriametrics to which
// credentials go that can be read on the way: to be warned of.
func (c *Config) Exposed() []error {
	const path = "storage.victoriametrics."
	v := &c.Storage.VictoriaMetrics
	errs := []error{
		c.Push.HTTP.exposed("push.url", c.Push.URL), v.HTTP.exposed(path+"insert_url", v.InsertURL),
		v.HTTP.exposed(path+"select_url", v.SelectURL), v.HTTP.exposed(path+"flush_url", v.FlushURL),
	}
	for i, u := range v.FlushURLs {
		errs = append(errs, v.HTTP.exposed(fmt.Sprintf("%sflush_urls[%d]", path, i), u))
	}
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// complete makes file names start from the folder of the configuration, and looks at the
// settings as a whole. Without a proxy among them those of the environment hold.
func (h *HTTP) complete(d *decoder, path string) {
	s := &h.Settings
	check := func(field string, err error) {
		if err != nil {
			d.fault(path+field, "expected settings that go together, but %s", err)
		}
	}
	check("", s.Validate())
	check(".tls_config", s.TLSConfig.Validate())
	if o := s.OAuth2; o != nil {
		check(".oauth2.tls_config", o.TLSConfig.Validate())
		check(".oauth2", o.ProxyConfig.Validate())
		o.ClientCertificateKeyFile = d.path(o.ClientCertificateKeyFile) // SetDirectory forgets it
		o.ProxyFromEnvironment = o.ProxyURL.URL == nil
	}
	s.ProxyFromEnvironment = s.ProxyURL.URL == nil
	s.SetDirectory(d.dir)
}

// OldHTTP are settings that HTTP has other names for. They are still read.
type OldHTTP struct {
	Username     string               `yaml:"username,omitempty" deprecated:"basic_auth"`
	Password     httpconfig.Secret    `yaml:"password,omitempty" deprecated:"basic_auth"`
	PasswordFile string               `yaml:"password_file,omitempty" deprecated:"basic_auth"`
	TLS          httpconfig.TLSConfig `yaml:"tls,omitempty" deprecated:"tls_config"`
}

// moveTo puts the settings where they belong in h.
func (o *OldHTTP) moveTo(h *HTTP, d *decoder, path string) {
	s, basic, tls := &h.Settings, httpconfig.BasicAuth{Username: o.Username, Password: o.Password, PasswordFile: o.PasswordFile}, o.TLS
	hasBasic, hasTLS := basic != (httpconfig.BasicAuth{}), tls != (httpconfig.TLSConfig{})
	if hasBasic && s.BasicAuth != nil || hasTLS && s.TLSConfig != (httpconfig.TLSConfig{}) {
		d.fault(path, "expected either basic_auth and tls_config or their older names username, password and tls, got both")
	}
	if hasBasic && (o.Username == "" || o.Password == "" && o.PasswordFile == "") {
		d.fault(path+".username", "expected username and password (or password_file) together, got one of them")
	}
	if hasBasic {
		s.BasicAuth = &basic
	}
	if hasTLS {
		s.TLSConfig = tls
	}
}
