package main

import (
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
const manualTemplate = `{{define "Flags"}}{{range .Flags}}{{if not .Hidden}}.TP
\fB{{if .Short}}\-{{.Short|Char}}, {{end}}\-\-{{.Name|roff}}{{if not .IsBoolFlag}}={{.FormatPlaceHolder|roff}}{{end}}\fR
{{.Help|roff}}
{{end}}{{end}}{{end -}}
{{define "Arguments"}}{{range .Args}}{{if not .Hidden}} {{if not .Required}}[{{end}}{{.Name|roff}}{{if .Value|IsCumulative}}...{{end}}{{if not .Required}}]{{end}}{{end}}{{end}}{{end -}}
.TH "{{.App.Name}}" 1 "" "{{.App.Name}} {{version|roff}}" "User Commands"
.SH NAME
{{.App.Name}} \- publisher analytics of the Hugging Face Hub for Prometheus and Grafana
.SH SYNOPSIS
.B {{.App.Name}}
.RI [ flags ]
.RI [ command ]
.RI [ arguments ]
.SH DESCRIPTION
Collects how often the models and datasets of organisations on the Hugging Face Hub are downloaded, keeps the daily
history in a folder of Parquet files, shows it to Prometheus as counters, answers questions about it over HTTP, and
gives the same CSV out again. Without a command it runs
.BR serve .
.SH OPTIONS
{{template "Flags" .App}}.SH COMMANDS
{{range .App.FlattenedCommands}}{{if not .Hidden}}.SS "{{.FullCommand|roff}}{{template "Arguments" .}}"
{{.Help|roff}}
{{with .HelpLong}}.PP
{{.|roff}}
{{end}}{{template "Flags" .}}{{end}}{{end}}.SH ENVIRONMENT
.TP
.B HF_TOKEN, HUGGING_FACE_HUB_TOKEN
The access token for the Hub, where the configuration names none.
.TP
.B HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME
Where the Hub's own token file is looked for after that.
.TP
.B HF_ENDPOINT
The address of the Hub, where the configuration names none.
.TP
.B HTTPS_PROXY, HTTP_PROXY, NO_PROXY
The proxy for requests.
.SH FILES
.TP
.I /etc/huggingface_exporter/config.yaml
The configuration of the service that packages install.
.TP
.I /etc/default/huggingface_exporter
More flags and the environment of that service.
.TP
.I /var/lib/huggingface_exporter
Its history.
.SH SIGNALS
.TP
.B SIGHUP
.B serve
reads its configuration again.
.TP
.B SIGTERM, SIGINT
.B serve
lets requests end, for eight seconds at the most, and ends. A second one ends it at once.
.SH EXIT STATUS
0 if all was done, 1 if not; the reason is on standard error.
.SH SEE ALSO
.BR prometheus (1),
https://github.com/huggingface\-exporter/huggingface_exporter
`
