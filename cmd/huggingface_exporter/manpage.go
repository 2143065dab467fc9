package main

import (
	_ "embed"
	"strings"
	"text/template"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

// useManual makes --help-man print the manual page that packages install. The
// library's own page has no name section that man-db can index, several lines
// where the version should be, and text that roff takes for its own.
func useManual(app *kingpin.Application) {
	app.UsageFuncs(template.FuncMap{"roff": roff, "version": func() string { return version.Version }})
	kingpin.ManPageTemplate = manualTemplate
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, `"`, `\(dq`, "\n", "\n.br\n")

// roff escapes text for a manual page, its lines kept.
func roff(text string) string {
	text = roffEscapes.Replace(text)
	// A line that begins with a dot or an apostrophe would be a request.
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != ".br" && (strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'")) {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// manualTemplate is the manual page, in section 1.
//
//go:embed manual.1.tmpl
var manualTemplate string
