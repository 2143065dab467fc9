package config

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	httpconfig "github.com/prometheus/common/config"
	"gopkg.in/yaml.v3"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// PushRoute is where the page goes if push.url has no path: VictoriaMetrics's route
// for the text format.
const PushRoute = "/api/v1/import/prometheus"

// Push says where the page /metrics is pushed to, beside scrapes or in place of
// them.
type Push struct {
	// URL is the receiver's, "" for no push.
	URL string `yaml:"url"`
	// Interval is the time between two pushes, Timeout how long one may take.
	Interval Duration `yaml:"interval"`
	Timeout  Duration `yaml:"timeout"`
	// ExtraLabels are added to each sample.
	ExtraLabels Labels `yaml:"extra_labels"`
	// Username and Password, or BearerToken, or none are what the receiver wants to
	// see. The files stand in for the values; after Load, Password and BearerToken
	// stand for both.
	Username        string  `yaml:"username"`
	Password        Secret  `yaml:"password"`
	PasswordFile    string  `yaml:"password_file"`
	BearerToken     Secret  `yaml:"bearer_token"`
	BearerTokenFile string  `yaml:"bearer_token_file"`
	TLS             PushTLS `yaml:"tls"`

	dir string // which relative names start from
}

// PushTLS says how the receiver is known, and how it knows the exporter.
type PushTLS struct {
	CAFile             string `yaml:"ca_file"`
	CertFile           string `yaml:"cert_file"`
	KeyFile            string `yaml:"key_file"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify"`
}

func defaultPush() Push {
	return Push{Interval: Duration(time.Minute), Timeout: Duration(30 * time.Second), ExtraLabels: Labels{}, dir: "."}
}

// complete fills in the files of the secrets, whose relative names start from dir.
func (p *Push) complete(r reporter, dir string) {
	p.dir = dir
	p.Password = p.Password.orFile(r, "push.password", p.PasswordFile, dir)
	p.BearerToken = p.BearerToken.orFile(r, "push.bearer_token", p.BearerTokenFile, dir)
}

func (p *Push) check(r reporter) {
	if p.URL != "" {
		if _, err := pushclient.ParseURL(p.URL, PushRoute); err != nil {
			r.fault("push.url", "%s", err)
		}
	}
	if minimum := Duration(time.Second); p.Interval < minimum {
		r.fault("push.interval", "expected at least %s, got %q", minimum, p.Interval)
	}
	if (p.Username != "") != p.Password.IsSet() {
		r.fault("push.username", "expected username and password (or password_file) together, got one of them")
	}
	if p.Username != "" && p.BearerToken.IsSet() {
		r.fault("push.bearer_token", "expected either a username with a password or a bearer token, got both")
	}
	if (p.TLS.CertFile != "") != (p.TLS.KeyFile != "") {
		r.fault("push.tls", "expected cert_file and key_file together, got one of them")
	}
	for _, name := range slices.Sorted(maps.Keys(p.ExtraLabels)) {
		switch {
		case !labelName.MatchString(name) || strings.HasPrefix(name, "__"):
			r.fault("push.extra_labels", "expected the name of a label, as job, got %q", name)
		case slices.Contains([]string{"repo_type", "org", "repo"}, name):
			r.fault("push.extra_labels", "expected a label that repositories do not have of their own, got %q", name)
		case p.ExtraLabels[name] == "":
			r.fault("push.extra_labels", "expected a value for the label %s, got none", name)
		}
	}
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Target returns where to push to and with what credentials, and a nil URL for no
// push. The configuration has been checked.
func (p *Push) Target() (*url.URL, httpconfig.HTTPClientConfig, error) {
	c := httpconfig.DefaultHTTPClientConfig
	if p.URL == "" {
		return nil, c, nil
	}
	u, err := pushclient.ParseURL(p.URL, PushRoute)
	if err != nil {
		return nil, c, fmt.Errorf("push.url: %w", err)
	}
	if p.Username != "" {
		c.BasicAuth = &httpconfig.BasicAuth{
			Username: p.Username, Password: httpconfig.Secret(p.Password.value), PasswordFile: p.Password.file,
		}
	}
	if p.BearerToken.IsSet() {
		c.Authorization = &httpconfig.Authorization{
			Type: "Bearer", Credentials: httpconfig.Secret(p.BearerToken.value), CredentialsFile: p.BearerToken.file,
		}
	}
	c.TLSConfig = httpconfig.TLSConfig{
		CAFile: p.within(p.TLS.CAFile), CertFile: p.within(p.TLS.CertFile), KeyFile: p.within(p.TLS.KeyFile),
		InsecureSkipVerify: p.TLS.InsecureSkipVerify,
	}
	return u, c, nil
}

// within returns the name of a file, a relative one from the folder of the
// configuration.
func (p *Push) within(file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(p.dir, file)
}

// Labels are labels of samples by name.
type Labels map[string]string

// UnmarshalYAML reads a mapping of texts.
func (l *Labels) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("expected a mapping of labels to their values, as {job: huggingface}, got %s", quote(n))
	}
	labels := make(Labels)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		for _, part := range []*yaml.Node{key, value} {
			if part.Kind != yaml.ScalarNode || part.ShortTag() != "!!str" {
				return fmt.Errorf("expected a text (in quotes, if it looks like something else), got %s", quote(part))
			}
		}
		if _, ok := labels[key.Value]; ok {
			return fmt.Errorf("expected each label once, got %q twice", key.Value)
		}
		labels[key.Value] = value.Value
	}
	*l = labels
	return nil
}
