package server

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// collectionsRoute shows how the last collections went.
const collectionsRoute = "/debug/collections"

//go:embed pages
var pageFiles embed.FS

//go:embed pages/style.css
var pageStyle string

// pages are the templates of the landing page's status and of the collections.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"ago":         ago,
	"css":         func() template.CSS { return template.CSS(pageStyle) },
	"duration":    func(d time.Duration) string { return config.Duration(d).String() },
	"full":        fullTime,
	"link":        func(route string) string { return route }, // each page has one of its own
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

// serveLanding answers with the page that says what there is and where.
func (s *Server) serveLanding(w http.ResponseWriter, r *http.Request) {
	status := struct {
		Stats *history.Stats // nil before the store is loaded
		Orgs  []hubsync.Status
	}{Orgs: s.manager.Status()}
	if s.loaded.Load() {
		if stats, err := s.store.Stats(r.Context()); err == nil {
			status.Stats = &stats
		}
	}
	var text strings.Builder
	err := s.executePage(&text, "status.html", status)
	var page *web.LandingPageHandler
	if err == nil {
		page, err = web.NewLandingPage(web.LandingConfig{
			RoutePrefix: s.LinkPrefix,
			Name:        progName,
			Description: "Publisher analytics of the Hugging Face Hub for Prometheus and Grafana.",
			Version:     template.HTMLEscapeString(version.Info()),
			Links: []web.LandingLinks{
				{Address: "/metrics", Text: "Metrics", Description: "what Prometheus scrapes"},
				{Address: "/api/v1/overview?period=last_month&amp;group_by=repo_type", Text: "Overview", Description: "sums of the last month by repository type, JSON"},
				{Address: "/api/v1/repos?period=last_month&amp;limit=50&amp;trend=30", Text: "Repositories", Description: "the largest of the last month with their trends, JSON"},
				{Address: "/api/v1/records", Text: "Records", Description: "every daily record as CSV, in the Hub's own format"},
				{Address: collectionsRoute, Text: "Collections", Description: "how the last ones of each organization went"},
				{Address: "/-/healthy", Text: "Healthy", Description: "200 while the process runs"},
				{Address: "/-/ready", Text: "Ready", Description: "200 once the stored history is loaded"},
			},
			ExtraHTML: text.String(),
			ExtraCSS:  pageStyle,
			Profiling: strconv.FormatBool(s.Pprof),
		})
	}
	if err != nil {
		s.Log.Error("Cannot write the landing page", "err", err)
		http.Error(w, "the landing page cannot be written; the log says why", http.StatusInternalServerError)
		return
	}
	// It answers the path that its links start with and no other.
	r = r.Clone(r.Context())
	r.URL.Path = s.LinkPrefix + "/"
	page.ServeHTTP(w, r)
}

// executePage writes a page whose links start with the prefix of links.
func (s *Server) executePage(w io.Writer, name string, data any) error {
	t, err := pages.Clone()
	if err != nil {
		return err
	}
	return t.Funcs(template.FuncMap{"link": func(route string) string { return s.LinkPrefix + route }}).ExecuteTemplate(w, name, data)
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
		err = s.executePage(w, "collections.html", status)
	}
	if err != nil {
		s.Log.Debug("The page of the collections was not sent", "err", err)
	}
}
