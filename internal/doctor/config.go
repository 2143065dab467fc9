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
)

// checkConfig loads the configuration file and looks for the files it names.
func (e *examination) checkConfig(context.Context) {
	if e.ConfigFile == "" {
		e.warn("name one with --config.file, unless only imported files are to be served", "no file: nothing is collected")
		e.config = config.Default(exposition.Families()...)
		return
	}
	c, err := config.Load(e.ConfigFile, exposition.Families()...)
	if err != nil {
		advice := "name the right one with --config.file"
		if config.IsFault(err) {
			advice = "mend these; config.example.yaml shows every field"
		} else if errors.Is(err, fs.ErrPermission) {
			advice = "let the user that serve runs as read it"
		}
		e.fail(advice, "%v", err)
		return
	}
	files, unmatched, err := c.MatchFiles()
	if err != nil {
		e.fail("mend the glob", "%v", err)
		return
	}
	e.config = c
	e.ok("%s: %d organizations, %d files to import", e.ConfigFile, len(c.Hub.Organizations), len(files))
	if len(c.Hub.Organizations) == 0 && len(c.Files) == 0 {
		e.warn("name organizations in hub.organizations", "%s names nothing to collect or import", e.ConfigFile)
	}
	for _, glob := range unmatched {
		e.warn("check the name; a relative glob starts from the folder of the configuration file", "files: %q matches no file", glob)
	}
	for _, file := range files {
		f, err := os.Open(file.Name)
		if err != nil {
			e.fail("let the user that serve runs as read it", "files: %v", err)
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
		e.warn("chmod 600 "+file, "%s holds a token, and its mode is %04o: others on this machine may read it", file, mode)
	}
}

// checkWebConfig validates the file of TLS and authentication.
func (e *examination) checkWebConfig(context.Context) {
	if e.WebConfigFile == "" {
		return
	}
	if err := web.Validate(e.WebConfigFile); err != nil {
		e.fail("mend the file of --web.config.file", "%s: %v", e.WebConfigFile, err)
		return
	}
	e.ok("%s: TLS and authentication as it says", e.WebConfigFile)
}

// checkTokens reads the token of each organization.
func (e *examination) checkTokens(context.Context) {
	if e.config == nil {
		return
	}
	reported := make(map[string]bool) // what several organizations share
	h := &e.config.Hub
	for _, o := range h.Organizations {
		t, err := hubclient.Token(h, o, os.Getenv)
		if errors.Is(err, hubclient.ErrInsecure) {
			e.fail("name an endpoint with https", "%s: %v", o.Name, err)
			continue
		}
		if err != nil {
			e.fail("put the token there, or name another place; docs/operations.md has the order of places", "%s: %v", o.Name, err)
			continue
		}
		e.orgs = append(e.orgs, o)
		if err := hubclient.Exposed(h, o, os.Getenv); errors.Is(err, hubclient.ErrInsecure) && !reported[err.Error()] {
			reported[err.Error()] = true
			e.warn("name an endpoint with https", "%s: %v", o.Name, err)
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
			e.warn("check that the whole token was copied", "%s: %s, which does not look like one of the Hub's: those are hf_ with some thirty letters and digits", o.Name, t)
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
		e.ok("%s: none, and its public listings need none", o.Name)
	case hubsync.SourceAnalytics:
		e.fail(advice, "%s: none, and its source publisher_analytics needs one", o.Name)
	default:
		e.warn(advice+"; or source: listings, if that is what is wanted", "%s: none, so only its public listings can be read, which have no history", o.Name)
	}
}
