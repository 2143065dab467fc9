// Package health asks a running exporter how it is, and is what the exporter knows such a
// request by when it otherwise wants a password.
package health

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	httpconfig "github.com/prometheus/common/config"
	"github.com/prometheus/exporter-toolkit/web"
	"gopkg.in/yaml.v3"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

const (
	// HealthyRoute answers 200 while the process is running.
	HealthyRoute = "/-/healthy"
	// ReadyRoute answers 200 once the stored history can be asked for.
	ReadyRoute = "/-/ready"
)

// UnixPrefix is what the address of a Unix socket starts with.
const UnixPrefix = "unix://"

// maxAnswer bounds how much of an answer is read, in bytes.
const maxAnswer = 4 << 10

// scheme is the authentication scheme of Authorization.
const scheme = "Web-Config "

// Authorization returns the value of a header that proves that its sender can read the
// file of --web.config.file: that file has hashes of passwords only, so whoever has just
// the file could not log in. It is good for the routes of this package alone.
func Authorization(webConfigFile string) (string, error) {
	text, err := os.ReadFile(webConfigFile)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, text)
	mac.Write([]byte("huggingface_exporter healthcheck"))
	return scheme + hex.EncodeToString(mac.Sum(nil)), nil
}

// Admits reports whether a request for the health of the exporter proves that its sender
// can read the file of --web.config.file. prefix stands before the routes.
func Admits(r *http.Request, prefix, webConfigFile string) bool {
	given := r.Header.Get("Authorization")
	if path := strings.TrimPrefix(r.URL.Path, prefix); path != HealthyRoute && path != ReadyRoute || !strings.HasPrefix(given, scheme) {
		return false
	}
	want, err := Authorization(webConfigFile)
	return err == nil && hmac.Equal([]byte(given), []byte(want))
}

// Options say whom to ask, and how.
type Options struct {
	// Address is where the exporter listens, as --web.listen-address has it.
	Address string
	// RoutePrefix stands before the routes, "" for nothing.
	RoutePrefix string
	// WebConfigFile is the exporter's file of TLS and authentication, "" for none.
	WebConfigFile string
	// HTTPConfigFile has the settings of an HTTP client as Prometheus has them, "" for none:
	// for an exporter that wants a certificate of its clients.
	HTTPConfigFile string
	// Route is HealthyRoute or ReadyRoute.
	Route   string
	Timeout time.Duration
}

// Check asks once and returns what the exporter says, or an error unless it is well.
func Check(ctx context.Context, o Options) (string, error) {
	network, address, host, err := dialTo(o.Address)
	if err != nil {
		return "", err
	}
	client, err := newClient(o.HTTPConfigFile)
	if err != nil {
		return "", err
	}
	protocol, authorization := "http", ""
	if o.WebConfigFile != "" {
		isTLS, err := hasTLS(o.WebConfigFile)
		if err != nil {
			return "", err
		}
		if isTLS {
			protocol = "https"
		}
		if authorization, err = Authorization(o.WebConfigFile); err != nil {
			return "", err
		}
	}
	transport, err := httpconfig.NewRoundTripperFromConfig(client, "healthcheck", httpconfig.WithKeepAlivesDisabled(),
		httpconfig.WithDialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}))
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, protocol+"://"+host+o.RoutePrefix+o.Route, nil)
	if err != nil {
		return "", err
	}
	if authorization != "" && client.BasicAuth == nil && client.Authorization == nil && client.OAuth2 == nil {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := transport.RoundTrip(req) // follows no redirect
	if err != nil {
		return "", fmt.Errorf("%s: %w", o.Address, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("%s: %w", o.Address, err)
	}
	text := strings.TrimSpace(string(body))
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return "", fmt.Errorf("%s%s: expected status 200, got %s: name the file of --web.config.file that serve has, or one with credentials by --http.config.file",
			o.Address, o.Route, resp.Status)
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%s%s: expected status 200, got %s: %s", o.Address, o.Route, resp.Status, text)
	}
	return text, nil
}

// dialTo returns where to connect to for an address to listen on, and the host of requests.
func dialTo(listen string) (network, address, host string, err error) {
	if path, ok := strings.CutPrefix(listen, UnixPrefix); ok {
		return "unix", path, "localhost", nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil || strings.Contains(host, "/") {
		return "", "", "", fmt.Errorf("expected an address like :10061, 127.0.0.1:10061 or unix:///run/exporter.sock, got %q", listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	host = net.JoinHostPort(host, port)
	return "tcp", host, host, nil
}

// newClient returns the settings of the HTTP client. Unless a file says otherwise the
// certificate of the exporter is not verified, as kubelet does not: it is the exporter's
// own machine that is asked, by an address that no certificate is for.
func newClient(file string) (httpconfig.HTTPClientConfig, error) {
	if file != "" {
		return pushclient.LoadHTTPConfig(file)
	}
	return httpconfig.HTTPClientConfig{TLSConfig: httpconfig.TLSConfig{InsecureSkipVerify: true, MinVersion: httpconfig.TLSVersion(tls.VersionTLS12)}}, nil
}

// hasTLS reports whether a file of --web.config.file turns TLS on.
func hasTLS(webConfigFile string) (bool, error) {
	text, err := os.ReadFile(webConfigFile)
	if err != nil {
		return false, err
	}
	var c struct {
		TLS web.TLSConfig `yaml:"tls_server_config"`
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		return false, fmt.Errorf("%s: expected the file of --web.config.file that serve has: %w", webConfigFile, err)
	}
	return c.TLS.IsEnabled(), nil
}
