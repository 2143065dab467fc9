// Package hubclient makes clients of the Hub as the configuration says: their token or
// other authorization, TLS, proxy and timeouts.
package hubclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	httpconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// Options returns what a client of an organization is made of. An error tells of an
// endpoint in the environment or of certificates that cannot be used.
func Options(h *config.Hub, o config.Organization, getenv func(string) string) (hub.Options, error) {
	endpoint, err := hub.ResolveEndpoint(h.Endpoint, getenv)
	if err != nil {
		return hub.Options{}, err
	}
	if err := Exposed(h, o, getenv); errors.Is(err, ErrInsecure) && !h.AllowInsecureToken {
		return hub.Options{}, allowing(err) // other errors are those of each request
	}
	timeouts := hub.Timeouts{
		Connect: time.Duration(h.Timeouts.Connect),
		TLS:     time.Duration(h.Timeouts.Connect),
		Headers: time.Duration(h.Timeouts.Headers),
		Idle:    time.Duration(h.Timeouts.Idle),
	}
	transport, err := newTransport(timeouts, &h.HTTP.Settings)
	if err != nil {
		return hub.Options{}, fmt.Errorf("hub.tls_config: %w", err)
	}
	return hub.Options{
		Endpoint:          endpoint,
		Token:             func() (hub.Token, error) { return Token(h, o, getenv) },
		UserAgent:         hub.UserAgent(version.Version),
		Transport:         transport,
		EndpointTransport: withCredentials(transport, &h.HTTP.Settings),
		Timeouts:          timeouts,
		MaxResponseBytes:  int64(h.MaxResponseBytes),
		MaxMemoryBytes:    int64(h.MaxMemoryBytes),
	}, nil
}

// ErrInsecure tells of a token or another authorization that would go to another machine
// without TLS.
var ErrInsecure = errors.New("expected https, because credentials are sent")

// Exposed returns ErrInsecure, explained, if requests for an organization have credentials
// that can be read on the way, allowed or not.
func Exposed(h *config.Hub, o config.Organization, getenv func(string) string) error {
	endpoint, err := hub.ResolveEndpoint(h.Endpoint, getenv)
	if err != nil || !endpoint.IsExposed() { // for else no token has to be read now
		return err
	}
	t, err := lookUp(h, o, getenv)
	if err != nil {
		return err
	}
	return exposed(h, t, endpoint)
}

// allowing adds how to allow it to an error of credentials without TLS.
func allowing(err error) error {
	return fmt.Errorf("%w; to allow this, set hub.allow_insecure_token: true", err)
}

func exposed(h *config.Hub, t hub.Token, endpoint hub.Endpoint) error {
	if !endpoint.IsExposed() || t.IsZero() && !h.HTTP.HasSecrets() {
		return nil
	}
	return fmt.Errorf("hub.endpoint: %w, got %s, where others on the network can read them", ErrInsecure, endpoint)
}

// Token returns the token of an organization. It reads files and environment anew at each
// call, so that a token that was replaced is used from then on. There is none where the
// Hub is asked with another authorization. Credentials that can be read on the way are
// refused unless the configuration allows them.
func Token(h *config.Hub, o config.Organization, getenv func(string) string) (hub.Token, error) {
	t, err := lookUp(h, o, getenv)
	if err != nil || h.AllowInsecureToken {
		return t, err
	}
	if endpoint, bad := hub.ResolveEndpoint(h.Endpoint, getenv); bad == nil { // else nothing is sent
		if err := exposed(h, t, endpoint); err != nil {
			return hub.Token{}, allowing(err)
		}
	}
	return t, nil
}

func lookUp(h *config.Hub, o config.Organization, getenv func(string) string) (hub.Token, error) {
	l := hub.TokenLookup{Token: o.Token.Reveal(), File: o.TokenFile, Getenv: getenv, Source: "the configuration of " + o.Name}
	if !o.Token.IsSet() && o.TokenFile == "" {
		if h.HTTP.Authorizes() {
			return hub.Token{}, nil
		}
		l.Token, l.File, l.Source = h.Token.Reveal(), h.TokenFile, ""
	}
	return hub.ResolveToken(l)
}

// newTransport returns a transport with the TLS settings and the proxy of c. Certificates
// in files are read again when they change.
func newTransport(t hub.Timeouts, c *httpconfig.HTTPClientConfig) (http.RoundTripper, error) {
	tlsConfig, err := httpconfig.NewTLSConfig(&c.TLSConfig)
	if err != nil {
		return nil, err
	}
	proxy, connectHeader := c.ProxyConfig, c.GetProxyConnectHeader()
	return httpconfig.NewTLSRoundTripper(tlsConfig, httpconfig.TLSRoundTripperSettings{
		CA:   secret(httpconfig.Secret(c.TLSConfig.CA), c.TLSConfig.CAFile),
		Cert: secret(httpconfig.Secret(c.TLSConfig.Cert), c.TLSConfig.CertFile),
		Key:  secret(c.TLSConfig.Key, c.TLSConfig.KeyFile),
	}, func(tlsConfig *tls.Config) (http.RoundTripper, error) {
		transport := hub.NewTransport(t)
		transport.TLSClientConfig = tlsConfig
		transport.Proxy, transport.ProxyConnectHeader = proxy.Proxy(), connectHeader
		transport.ForceAttemptHTTP2 = c.EnableHTTP2
		return transport, nil
	})
}

// withCredentials returns a transport that adds the authorization and the headers of c. A
// request that has an Authorization already keeps it.
func withCredentials(next http.RoundTripper, c *httpconfig.HTTPClientConfig) http.RoundTripper {
	if a := c.Authorization; a != nil {
		next = httpconfig.NewAuthorizationCredentialsRoundTripper(a.Type, secret(a.Credentials, a.CredentialsFile), next)
	}
	if b := c.BasicAuth; b != nil {
		next = httpconfig.NewBasicAuthRoundTripper(secret(httpconfig.Secret(b.Username), b.UsernameFile), secret(b.Password, b.PasswordFile), next)
	}
	if c.OAuth2 != nil {
		o := *c.OAuth2 // which the library changes
		credential := secret(o.ClientSecret, o.ClientSecretFile)
		if o.GrantType != "" && o.GrantType != "client_credentials" {
			credential = secret(o.ClientCertificateKey, o.ClientCertificateKeyFile)
		}
		next = httpconfig.NewOAuth2RoundTripper(credential, &o, next)
	}
	if c.HTTPHeaders != nil {
		next = httpconfig.NewHeadersRoundTripper(c.HTTPHeaders, next)
	}
	return next
}

// secret reads a value that is given as it is or in a file; nil for neither.
func secret(text httpconfig.Secret, file string) httpconfig.SecretReader {
	switch {
	case text != "":
		return httpconfig.NewInlineSecret(string(text))
	case file != "":
		return fileSecret(file)
	}
	return nil
}

// maxSecretFile bounds a file with a secret, or with certificates.
const maxSecretFile = 1 << 20

// fileSecret is the name of a file with a secret. It is read at each use, for as long as
// the request lasts that needs it.
type fileSecret string

// Fetch implements httpconfig.SecretReader.
func (f fileSecret) Fetch(ctx context.Context) (string, error) {
	text, err := parallel.Await(ctx, func() ([]byte, error) { return parallel.ReadFile(string(f), maxSecretFile) })
	return strings.TrimSpace(string(text)), err
}

// Description implements httpconfig.SecretReader.
func (f fileSecret) Description() string { return "file " + string(f) }

// Immutable implements httpconfig.SecretReader.
func (fileSecret) Immutable() bool { return false }
