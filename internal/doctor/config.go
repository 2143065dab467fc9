package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/exposition"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/internal/hubclient"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// checkConfig loads the configuration file and looks for the files it names.
func (e *examination) checkConfig(context.Context) {
	if e.ConfigFile == "" {
		e.warn("set --config.file, unless you only serve imported files", "no configuration file: nothing is collected")
		e.config = config.Default(exposition.Families()...)
		return
	}
	c, err := config.Load(e.ConfigFile, exposition.Families()...)
	if err != nil {
		advice := "set --config.file to the right file"
		if config.IsFault(err) {
			advice = "fix these errors; config.example.yaml shows every field"
		} else if errors.Is(err, fs.ErrPermission) {
			advice = "make it readable for the user of serve"
		}
		e.fail(advice, "%v", err)
		return
	}
	files, unmatched, err := c.MatchFiles()
	if err != nil {
		e.fail("fix the glob", "%v", err)
		return
	}
	e.config = c
	e.ok("%s: %s, %s to import", e.ConfigFile, textenc.Plural(len(c.Hub.Organizations), "organization", "organizations"), textenc.Plural(len(files), "file", "files"))
	if len(c.Hub.Organizations) == 0 && len(c.Files) == 0 {
		e.warn("add organizations to hub.organizations", "%s configures nothing to collect or import", e.ConfigFile)
	}
	for _, glob := range unmatched {
		e.warn("check the glob; a relative glob is relative to the configuration file", "files: %q matches no file", glob)
	}
	for _, file := range files {
		f, err := os.Open(file.Name)
		if err != nil {
			e.fail("make it readable for the user of serve", "files: %v", err)
			continue
		}
		f.Close()
	}
	if c.Hub.Token.IsSet() || slices.ContainsFunc(c.Hub.Organizations, func(o config.Organization) bool { return o.Token.IsSet() }) {
		e.checkSecretFile(e.ConfigFile)
	}
}

// checkSecretFile warns of a file with a secret in it that others may read.
func (e *examination) checkSecretFile(file string) {
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS == "windows" { // reading it reports the error
		return
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		e.warn("chmod 600 "+file, "%s contains a token and has mode %04o: others on this machine can read it", file, mode)
	}
}

// checkWebConfig validates the file of TLS and authentication.
func (e *examination) checkWebConfig(context.Context) {
	if e.WebConfigFile == "" {
		return
	}
	if err := web.Validate(e.WebConfigFile); err != nil {
		e.fail("fix the file of --web.config.file", "%s: %v", e.WebConfigFile, err)
		return
	}
	e.ok("%s: valid", e.WebConfigFile)
}

// checkTokens reads the token of each organization.
func (e *examination) checkTokens(context.Context) {
	if e.config == nil {
		return
	}
	for _, err := range e.config.Exposed() {
		e.warn("name a URL with https", "%v", err)
	}
	reported := make(map[string]bool) // what several organizations share
	h := &e.config.Hub
	for _, o := range h.Organizations {
		t, err := hubclient.Token(h, o, os.Getenv)
		if errors.Is(err, hubclient.ErrInsecure) {
			e.fail("use an https endpoint", "%s: %v", o.Name, err)
			continue
		}
		if err != nil {
			e.fail("put the token there, or configure another source; see Tokens in docs/operations.md", "%s: %v", o.Name, err)
			continue
		}
		e.orgs = append(e.orgs, o)
		if err := hubclient.Exposed(h, o, os.Getenv); errors.Is(err, hubclient.ErrInsecure) && !reported[err.Error()] {
			reported[err.Error()] = true
			e.warn("use an https endpoint", "%s: %v", o.Name, err)
		}
		if t.IsZero() {
			e.reportNoToken(o)
			continue
		}
		source := t.Source()
		if reported[source] {
			continue
		}
		reported[source] = true
		if t.IsUsual() {
			e.ok("%s: %s", o.Name, t)
		} else {
			e.warn("check that the token is complete", "%s: %s, which does not look like a token of the Hub: those are hf_ and about 30 letters and digits", o.Name, t)
		}
		if source == o.TokenFile || source == h.TokenFile || filepath.IsAbs(source) {
			e.checkSecretFile(source)
		}
	}
}

// reportNoToken says what an organization without a token means.
func (e *examination) reportNoToken(o config.Organization) {
	const advice = "set hub.token_file, or HF_TOKEN in the environment of serve, to a token of a member of the organization"
	switch hubsync.Source(o.Source) {
	case hubsync.SourceListings:
		e.ok("%s: no token; public listings need none", o.Name)
	case hubsync.SourceAnalytics:
		e.fail(advice, "%s: no token, but source publisher_analytics needs one", o.Name)
	default:
		e.warn(advice+"; or set source: listings", "%s: no token, so only public listings can be read, which have no history", o.Name)
	}
}
