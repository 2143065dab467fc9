package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	httpconfig "github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// VictoriaMetrics says how the engine of that name is reached.
type VictoriaMetrics struct {
	// InsertURL and SelectURL are what the routes of the import and the export are
	// below. Without a SelectURL it is the InsertURL.
	InsertURL string `yaml:"insert_url"`
	SelectURL string `yaml:"select_url"`
	// FlushURL, that of a single node, and FlushURLs, those of the storage nodes of a
	// cluster, make what was written visible; without any an append waits for Visible.
	FlushURL  string   `yaml:"flush_url"`
	FlushURLs []string `yaml:"flush_urls"`
	Visible   Duration `yaml:"visible"`
	// History tells several histories in one engine apart.
	History string `yaml:"history"`
	// Timeout bounds a write, RetryFor how long it is tried again.
	Timeout  Duration `yaml:"timeout"`
	RetryFor Duration `yaml:"retry_for"`
	// BatchBytes is about how much text a write has before it is compressed.
	BatchBytes int `yaml:"batch_bytes"`
	// The credentials are as those of Push.
	Username        string  `yaml:"username"`
	Password        Secret  `yaml:"password"`
	PasswordFile    string  `yaml:"password_file"`
	BearerToken     Secret  `yaml:"bearer_token"`
	BearerTokenFile string  `yaml:"bearer_token_file"`
	TLS             PushTLS `yaml:"tls"`

	dir string // which relative names start from
}

// The bounds of VictoriaMetrics.BatchBytes.
const (
	minBatchBytes = 64 << 10
	maxBatchBytes = 64 << 20
)

func defaultVictoriaMetrics() VictoriaMetrics {
	return VictoriaMetrics{
		FlushURLs:  []string{},
		History:    "default",
		Visible:    Duration(5 * time.Second),
		Timeout:    Duration(time.Minute),
		RetryFor:   Duration(5 * time.Minute),
		BatchBytes: 4 << 20,
		dir:        ".",
	}
}

// complete fills in the files of the secrets, whose relative names start from dir.
func (v *VictoriaMetrics) complete(r reporter, dir string) {
	v.dir = dir
	v.Password = v.Password.orFile(r, "storage.victoriametrics.password", v.PasswordFile, dir)
	v.BearerToken = v.BearerToken.orFile(r, "storage.victoriametrics.bearer_token", v.BearerTokenFile, dir)
}

func (v *VictoriaMetrics) check(r reporter, used bool) {
	const path = "storage.victoriametrics."
	if used && v.InsertURL == "" {
		r.fault(path+"insert_url", "expected a URL like http://localhost:8428, got none")
	}
	type setting struct{ name, value string }
	urls := []setting{{"insert_url", v.InsertURL}, {"select_url", v.SelectURL}, {"flush_url", v.FlushURL}}
	for i, u := range v.FlushURLs {
		name := fmt.Sprintf("flush_urls[%d]", i)
		if u == "" {
			r.fault(path+name, "expected a URL like http://localhost:8428, got none")
		}
		urls = append(urls, setting{name, u})
	}
	for _, u := range urls {
		if u.value == "" {
			continue
		}
		if _, err := pushclient.ParseURL(u.value, "/"); err != nil {
			r.fault(path+u.name, "%s", err)
		}
	}
	minimum := Duration(time.Second)
	for _, d := range []struct {
		name  string
		value Duration
	}{{"visible", v.Visible}, {"timeout", v.Timeout}, {"retry_for", v.RetryFor}} {
		if d.value < minimum {
			r.fault(path+d.name, "expected at least %s, got %q", minimum, d.value)
		}
	}
	if v.History == "" {
		r.fault(path+"history", "expected the name of a history, got none")
	}
	if v.BatchBytes < minBatchBytes || v.BatchBytes > maxBatchBytes {
		r.fault(path+"batch_bytes", "expected a number from %d to %d, got \"%d\"", minBatchBytes, maxBatchBytes, v.BatchBytes)
	}
	if (v.Username != "") != v.Password.IsSet() {
		r.fault(path+"username", "expected username and password (or password_file) together, got one of them")
	}
	if v.Username != "" && v.BearerToken.IsSet() {
		r.fault(path+"bearer_token", "expected either a username with a password or a bearer token, got both")
	}
	if (v.TLS.CertFile != "") != (v.TLS.KeyFile != "") {
		r.fault(path+"tls", "expected cert_file and key_file together, got one of them")
	}
}

// URLs returns what to write to, to read from, and to ask for visibility, which may
// be none. The configuration has been checked.
func (v *VictoriaMetrics) URLs() (insert, query *url.URL, flush []*url.URL, err error) {
	if insert, err = pushclient.ParseURL(v.InsertURL, "/"); err != nil {
		return nil, nil, nil, fmt.Errorf("storage.victoriametrics.insert_url: %w", err)
	}
	query = insert
	if v.SelectURL != "" {
		if query, err = pushclient.ParseURL(v.SelectURL, "/"); err != nil {
			return nil, nil, nil, fmt.Errorf("storage.victoriametrics.select_url: %w", err)
		}
	}
	texts := v.FlushURLs
	if v.FlushURL != "" {
		texts = append([]string{v.FlushURL}, texts...)
	}
	for _, text := range texts {
		u, err := pushclient.ParseURL(text, "/internal/force_flush")
		if err != nil {
			return nil, nil, nil, fmt.Errorf("storage.victoriametrics.flush_urls: %w", err)
		}
		flush = append(flush, u)
	}
	return insert, query, flush, nil
}

// HTTP returns the credentials and the TLS settings.
func (v *VictoriaMetrics) HTTP() httpconfig.HTTPClientConfig {
	c := httpconfig.DefaultHTTPClientConfig
	if v.Username != "" {
		c.BasicAuth = &httpconfig.BasicAuth{
			Username: v.Username, Password: httpconfig.Secret(v.Password.value), PasswordFile: v.Password.file,
		}
	}
	if v.BearerToken.IsSet() {
		c.Authorization = &httpconfig.Authorization{
			Type: "Bearer", Credentials: httpconfig.Secret(v.BearerToken.value), CredentialsFile: v.BearerToken.file,
		}
	}
	within := func(file string) string {
		if file == "" || filepath.IsAbs(file) {
			return file
		}
		return filepath.Join(v.dir, file)
	}
	c.TLSConfig = httpconfig.TLSConfig{
		CAFile: within(v.TLS.CAFile), CertFile: within(v.TLS.CertFile), KeyFile: within(v.TLS.KeyFile),
		InsecureSkipVerify: v.TLS.InsecureSkipVerify,
	}
	return c
}
