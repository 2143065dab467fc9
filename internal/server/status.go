package server

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/version"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/web"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// collectionsRoute shows how the last collections went.
const collectionsRoute = "/debug/collections"

//go:embed pages
var pageFiles embed.FS

// pages has the template of the collections.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"ago":         ago,
	"asset":       func(name string) string { return ".." + web.StaticRoute + web.Asset(name) },
	"duration":    func(d time.Duration) string { return config.Duration(d).String() },
	"full":        fullTime,
	"n":           groupDigits,
	"outcomeName": outcomeName,
	"round":       func(d time.Duration) string { return d.Round(time.Millisecond).String() },
	"words":       func(v any) string { return strings.ReplaceAll(fmt.Sprint(v), "_", " ") },
}).ParseFS(pageFiles, "pages/*.html"))

// groupDigits writes a whole number of any type with its digits in groups.
func groupDigits(v any) string {
	n, _ := strconv.ParseInt(fmt.Sprint(v), 10, 64)
	return textenc.Grouped(n)
}

// ago writes how far a time is from now.
func ago(t time.Time) string {
	if t.IsZero() {
		return "none yet"
	}
	if d := time.Until(t).Round(time.Second); d > 0 {
		return "in " + d.String()
	}
	return time.Since(t).Round(time.Second).String() + " ago"
}

func fullTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// outcomeName returns success, not_modified or failure.
func outcomeName(p hubsync.Past) string {
	switch {
	case !p.OK():
		return "failure"
	case p.NotModified:
		return "not_modified"
	}
	return "success"
}

// analyticsPage is the page at /: publisher analytics, and the state of the exporter.
func (s *Server) analyticsPage() http.Handler {
	links := []web.Link{
		{Address: "metrics", Text: "Metrics"},
		{Address: "api/v1/overview?period=last_month&group_by=repo_type", Text: "Overview (JSON)"},
		{Address: "api/v1/repos?period=last_month&limit=50&trend=30", Text: "Repositories (JSON)"},
		{Address: "api/v1/records", Text: "Records (CSV)"},
		{Address: strings.TrimPrefix(collectionsRoute, "/"), Text: "Collections"},
		{Address: "-/healthy", Text: "Healthy"},
		{Address: "-/ready", Text: "Ready"},
	}
	if s.Pprof {
		links = append(links, web.Link{Address: "debug/pprof/", Text: "Profiles"})
	}
	return web.Handler(s.reader, web.Options{
		Logger:     s.Log,
		Version:    version.Version,
		Loaded:     s.loaded.Load,
		GroupNames: s.groups.Names,
		Timeout:    func() time.Duration { return time.Duration(s.config.Load().Query.Timeout) },
		Collecting: s.collectors,
		Stored:     s.stored,
		Links:      links,
	})
}

// stored says how much the store holds.
func (s *Server) stored(ctx context.Context) string {
	stats, err := s.store.Stats(ctx)
	if err != nil {
		return ""
	}
	text := "Stored: " + textenc.Plural(stats.Records, "daily record", "daily records")
	if stats.OnDisk {
		text += fmt.Sprintf(" in %s (%s bytes)", textenc.Plural(stats.Files, "file", "files"), textenc.Grouped(stats.Bytes))
	}
	return text
}

// collectors are the states of collecting for the page.
func (s *Server) collectors() (out []web.Collector) {
	for _, st := range s.manager.Status() {
		c := web.Collector{Org: st.Org, LastSuccess: st.LastSuccess, Next: st.Next, Running: st.Running}
		if len(st.Recent) > 0 {
			p := st.Recent[0]
			c.Failed = !p.OK()
			switch {
			case c.Failed:
				c.Outcome = fmt.Sprintf("Failed (%s): %s", p.Reason, p.Error)
			case p.NotModified:
				c.Outcome = "Nothing changed"
			default:
				c.Outcome = fmt.Sprintf("%s from %s, %s new and %s changed records", textenc.Repositories(p.Repos),
					strings.ReplaceAll(string(p.Source), "_", " "), textenc.Grouped(p.Change.New), textenc.Grouped(p.Change.Changed))
			}
		}
		out = append(out, c)
	}
	return out
}

// collectionsJSON is the page of the collections for programs.
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
	Removed   int64 `json:"removed"`
	BadRows   int64 `json:"bad_rows"` // that were set aside
	Appeared  int   `json:"appeared"`
	Moved     int   `json:"moved"`
	Gone      int   `json:"gone"`

	Reason      string `json:"reason,omitempty"`
	Implausible string `json:"implausible,omitempty"` // why the answer is not believed, or not all of it
	Error       string `json:"error,omitempty"`
	Note        string `json:"note,omitempty"`
}

func newCollectionsJSON(status []hubsync.Status) collectionsJSON {
	out := collectionsJSON{Organizations: []orgJSON{}}
	for _, st := range status {
		o := orgJSON{
			Name: st.Org, Interval: st.Interval.Seconds(), Running: st.Running,
			LastSuccess: timeOrNil(st.LastSuccess), Next: timeOrNil(st.Next), Collections: []collectionJSON{},
		}
		for _, p := range st.Recent {
			o.Collections = append(o.Collections, collectionJSON{
				Start: p.Start.UTC(), Duration: p.Duration.Seconds(), AsOf: timeOrNil(p.AsOf), Source: string(p.Source), Outcome: outcomeName(p),
				Repos: p.Repos, Records: p.Change.Records, New: p.Change.New, Changed: p.Change.Changed, Unchanged: p.Change.Unchanged,
				Removed: p.Change.Removed, BadRows: p.BadRows.Sum(), Appeared: p.Appeared, Moved: p.Moved, Gone: p.Gone,
				Reason: string(p.Reason), Implausible: string(p.Implausible), Error: p.Error, Note: p.Note,
			})
		}
		out.Organizations = append(out.Organizations, o)
	}
	return out
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// serveCollections answers with the page, or with JSON for format=json or a client that
// accepts that alone.
func (s *Server) serveCollections(w http.ResponseWriter, r *http.Request) {
	accept := r.Header.Get("Accept")
	asJSON := strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
	switch format := r.URL.Query().Get("format"); format {
	case "":
	case "html", "json":
		asJSON = format == "json"
	default:
		writeText(w, http.StatusBadRequest, fmt.Sprintf("format: expected html or json, got %s\n", textenc.Quote(format)))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept")
	var err error
	if status := s.manager.Status(); asJSON {
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		err = enc.Encode(newCollectionsJSON(status))
	} else {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		err = pages.ExecuteTemplate(w, "collections.html", status)
	}
	if err != nil {
		s.Log.Debug("Sending the collections page failed", "err", err)
	}
}
