package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// config looks at the configuration file.
func (d *doctor) config(file string) (*config.Config, error) {
	if file == "" {
		d.add(warning, "config", "name one with --config.file, unless only imported files are to be served", "no file: nothing is collected")
		return config.Default(), nil
	}
	c, err := config.Load(file)
	switch {
	case config.IsFault(err):
		d.add(bad, "config", "mend these; config.example.yaml shows every field", "%v", err)
		return nil, err
	case errors.Is(err, fs.ErrPermission):
		d.add(bad, "config", "let the user that serve runs as read it", "%v", err)
		return nil, err
	case err != nil:
		d.add(bad, "config", "name the right one with --config.file", "%v", err)
		return nil, err
	}
	files, unmatched, err := c.MatchFiles()
	if err != nil {
		d.add(bad, "config", "mend the glob", "%v", err)
		return nil, err
	}
	d.ok("config", "%s: %d organisations, %d files to import", file, len(c.Hub.Organizations), len(files))
	if len(c.Hub.Organizations) == 0 && len(c.Files) == 0 {
		d.add(warning, "config", "name organisations in hub.organizations", "%s names nothing to collect or import", file)
	}
	for _, glob := range unmatched {
		d.add(warning, "config", "check the name; a relative glob starts from the folder of the configuration file", "files: %q matches no file", glob)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			d.add(bad, "config", "let the user that serve runs as read it", "files: %v", err)
			continue
		}
		f.Close()
	}
	if holdsToken(&c.Hub) {
		d.secretFile(file, "config")
	}
	return c, nil
}

// holdsToken reports whether the configuration itself holds a token.
func holdsToken(h *config.Hub) bool {
	return h.Token.IsSet() && h.TokenFile == "" ||
		slices.ContainsFunc(h.Organizations, func(o config.Organization) bool { return o.Token.IsSet() && o.TokenFile == "" })
}

// secretFile warns of a file with a secret in it that others may read.
func (d *doctor) secretFile(file, check string) {
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS == "windows" { // what is wrong with it is told elsewhere
		return
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		d.add(warning, check, "chmod 600 "+file, "%s holds a token, and its mode is %04o: others on this machine may read it", file, mode)
	}
}

// webConfig looks at the file of TLS and authentication.
func (d *doctor) webConfig(file string) {
	if file == "" {
		return
	}
	if err := web.Validate(file); err != nil {
		d.add(bad, "config", "mend the file of --web.config.file", "%s: %v", file, err)
		return
	}
	d.ok("config", "%s: TLS and authentication as it says", file)
}

// tokens looks at the token of each organisation, and returns those that can be
// asked for.
func (d *doctor) tokens(configFile string, h *config.Hub) []config.Organization {
	var usable []config.Organization
	told := make(map[string]bool) // what is the same for several is told once
	for _, o := range h.Organizations {
		t, err := h.TokenOf(o, os.Getenv)
		if err != nil {
			d.add(bad, "token", "put the token there, or name another place; docs/operations.md has the order of places", "%s: %v", o.Name, err)
			continue
		}
		usable = append(usable, o)
		if t.IsZero() {
			d.noToken(o)
			continue
		}
		file := tokenFile(configFile, h, o, t)
		key := t.String() + file
		if told[key] {
			continue
		}
		told[key] = true
		from := t.String()
		if file != "" {
			from = "a token from " + file
		}
		if t.IsUsual() {
			d.ok("token", "%s: %s", o.Name, from)
		} else {
			d.add(warning, "token", "check that the whole token was copied", "%s: %s, which does not look like one of the Hub's: those are hf_ with some thirty letters and digits", o.Name, from)
		}
		if file != "" {
			d.secretFile(file, "token")
		}
	}
	return usable
}

// noToken says what an organisation without a token means.
func (d *doctor) noToken(o config.Organization) {
	const do = "set hub.token_file, or HF_TOKEN in the environment of serve, to a token of a member of the organisation"
	switch hubsync.Source(o.Source) {
	case hubsync.SourceListings:
		d.ok("token", "%s: none, and its public listings need none", o.Name)
	case hubsync.SourceAnalytics:
		d.add(bad, "token", do, "%s: none, and its source publisher_analytics needs one", o.Name)
	default:
		d.add(warning, "token", do+"; or source: listings, if that is what is wanted", "%s: none, so only its public listings can be read, which have no history", o.Name)
	}
}

// tokenFile returns the name of the file that a token is from, "" for none.
func tokenFile(configFile string, h *config.Hub, o config.Organization, t hub.Token) string {
	file := o.TokenFile
	if file == "" && !o.Token.IsSet() {
		file = h.TokenFile
	}
	switch {
	case file == "" && !o.Token.IsSet() && !h.Token.IsSet() && filepath.IsAbs(t.Source()):
		return t.Source() // the Hub's own
	case file == "", filepath.IsAbs(file):
		return file
	}
	return filepath.Join(filepath.Dir(configFile), file)
}
