package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
)

// collectionsRoute shows how the last collections went.
const collectionsRoute = "/debug/collections"

// collectionsJSON is that page for programs.
type collectionsJSON struct {
	Organizations []orgJSON `json:"organizations"`
}

type orgJSON struct {
	Name        string           `json:"name"`
	Interval    float64          `json:"interval_seconds"`
	Running     bool             `json:"running"`
	LastSuccess *time.Time       `json:"last_success"`
	Next        *time.Time       `json:"next"`
	Collections []collectionJSON `json:"collections"` // the newest first
}

type collectionJSON struct {
	Start    time.Time  `json:"start"`
	Duration float64    `json:"duration_seconds"`
	AsOf     *time.Time `json:"as_of"` // the Hub's time
	Source   string     `json:"source"`
	Outcome  string     `json:"outcome"` // success, not_modified or failure

	Repos     int   `json:"repos"`
	Records   int64 `json:"records"`
	New       int64 `json:"new"`
	Changed   int64 `json:"changed"`
	Unchanged int64 `json:"unchanged"`
	Corrected int64 `json:"corrected"`
	Appeared  int   `json:"appeared"`
	Moved     int   `json:"moved"`
	Gone      int   `json:"gone"`

	Reason string `json:"reason,omitempty"`
	Error  string `json:"error,omitempty"`
}

func collectionsOf(status []hubsync.Status) collectionsJSON {
	out := collectionsJSON{Organizations: []orgJSON{}}
	for _, st := range status {
		o := orgJSON{
			Name: st.Org, Interval: st.Interval.Seconds(), Running: st.Running,
			LastSuccess: timeOf(st.LastSuccess), Next: timeOf(st.Next), Collections: []collectionJSON{},
		}
		for i := range st.Recent {
			o.Collections = append(o.Collections, collectionOf(&st.Recent[i]))
		}
		out.Organizations = append(out.Organizations, o)
	}
	return out
}

func collectionOf(p *hubsync.Past) collectionJSON {
	c := collectionJSON{
		Start: p.Start.UTC(), Duration: p.Duration.Seconds(), AsOf: timeOf(p.AsOf), Source: string(p.Source), Outcome: "success",
		Repos: p.Repos, Records: p.Change.Records, New: p.Change.New, Changed: p.Change.Changed, Unchanged: p.Change.Unchanged,
		Corrected: p.Change.Corrected, Appeared: p.Appeared, Moved: p.Moved, Gone: p.Gone,
		Reason: string(p.Reason), Error: p.Error,
	}
	switch {
	case !p.OK():
		c.Outcome = "failure"
	case p.NotModified:
		c.Outcome = "not_modified"
	}
	return c
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// serveCollections answers with the page, or with JSON for format=json or who
// accepts that alone.
func (s *server) serveCollections(w http.ResponseWriter, r *http.Request) {
	status := s.collects.manager.Status()
	accept := r.Header.Get("Accept")
	asJSON := strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
	switch format := r.URL.Query().Get("format"); format {
	case "":
	case "html", "json":
		asJSON = format == "json"
	default:
		text(http.StatusBadRequest, fmt.Sprintf("format: expected html or json, got %.80q\n", format)).ServeHTTP(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept")
	if asJSON {
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(collectionsOf(status)) // the client has gone
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := collectionsPage.Execute(w, collectionsView(status, time.Now())); err != nil {
		s.log.Debug("The page of the collections was not taken", "err", err)
	}
}

// orgView is an organisation as the page shows it.
type orgView struct {
	Name, Interval    string
	LastSuccess, Next instant
	Rows              []collectionView
}

type collectionView struct {
	collectionJSON
	At   instant
	Took string
}

func collectionsView(status []hubsync.Status, now time.Time) []orgView {
	var out []orgView
	for _, st := range status {
		v := orgView{Name: st.Org, Interval: config.Duration(st.Interval).String(), LastSuccess: instantOf(st.LastSuccess, now), Next: instant{Short: "under way"}}
		if !st.Running {
			v.Next = instantOf(st.Next, now)
		}
		for i := range st.Recent {
			p := &st.Recent[i]
			v.Rows = append(v.Rows, collectionView{collectionJSON: collectionOf(p), At: instantOf(p.Start, now), Took: p.Duration.Round(time.Millisecond).String()})
		}
		out = append(out, v)
	}
	return out
}

var collectionsPage = template.Must(template.New("collections").Funcs(template.FuncMap{
	"n":    func(v int) string { return grouped(int64(v)) },
	"n64":  grouped,
	"word": func(s string) string { return strings.ReplaceAll(s, "_", " ") },
}).Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>Collections - ` + progName + `</title>
<style>` + collectionsCSS + landingCSS + `</style>
</head>
<body>
<header><h1><a href="/">` + progName + `</a> · Collections</h1></header>
<main>
<p>The last collections of each organisation since this process collects it, the newest first. <a href="` + collectionsRoute + `?format=json">As JSON</a></p>
{{range .}}<h2 id="{{.Name}}">{{.Name}}</h2>
<p>Every {{.Interval}}. Next: <span title="{{.Next.Full}}">{{.Next.Short}}</span>. Last success: <span title="{{.LastSuccess.Full}}">{{.LastSuccess.Short}}</span>.</p>
{{if .Rows}}<table>
<tr><th>Start</th><th>Took</th><th>Source</th><th>Outcome</th><th>Repos</th><th>Records</th><th>New</th><th>Changed</th><th>Taken back</th><th>Appeared</th><th>Moved</th><th>Gone</th></tr>
{{range .Rows}}<tr class="{{.Outcome}}"><td title="{{.At.Full}}">{{.At.Short}}</td><td class="number">{{.Took}}</td><td>{{word .Source}}</td>` +
	`<td>{{word .Outcome}}{{if .Reason}} ({{.Reason}}){{end}}</td>` +
	`{{if eq .Outcome "success"}}<td class="number">{{n .Repos}}</td><td class="number">{{n64 .Records}}</td><td class="number">{{n64 .New}}</td><td class="number">{{n64 .Changed}}</td>` +
	`<td class="number">{{n64 .Corrected}}</td><td class="number">{{n .Appeared}}</td><td class="number">{{n .Moved}}</td><td class="number">{{n .Gone}}</td>{{else}}<td colspan="8"></td>{{end}}</tr>
{{if .Error}}<tr class="error"><td colspan="12"><code>{{.Error}}</code></td></tr>
{{end}}{{end}}</table>{{else}}<p>None has ended yet.</p>{{end}}
{{else}}<p>The configuration names no organisation to collect.</p>
{{end}}</main>
</body>
</html>
`))

const collectionsCSS = `
body { font-family: -apple-system, BlinkMacSystemFont, Segoe UI, Roboto, Helvetica Neue, Arial, Noto Sans, Liberation Sans, sans-serif; margin: 0; }
header { color: #fff; padding: 1rem; }
header a { color: inherit; text-decoration: none; }
main { padding: 1rem; }
main table { font-size: .9rem; }
main td { white-space: nowrap; }
tr.error td { white-space: normal; }
tr.failure td { border-bottom: none; color: #b42318; }
tr.error code { white-space: pre-wrap; overflow-wrap: anywhere; color: #b42318; }
tr.not_modified td { color: #57606a; }
@media (prefers-color-scheme: dark) { tr.failure td, tr.error code { color: #ff7b72; } tr.not_modified td { color: #8b949e; } }
`
