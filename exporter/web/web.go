// Package web is publisher analytics as a page: what the Hub shows to publishers, over any
// history.Reader, without Grafana. The page is rendered by the server and can be read
// without JavaScript. Its URL has the parameters of the HTTP API and holds the whole state of
// a view. All links are relative, so that the page may be below any path.
package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Options are what the page needs in addition to a history.
type Options struct {
	// Logger takes what went wrong on the server's side.
	Logger *slog.Logger
	// Version is that of the exporter.
	Version string
	// Loaded reports whether the history can be asked.
	Loaded func() bool
	// Collecting returns the state of each organization that is collected.
	Collecting func() []Collector
	// Stored returns a sentence on how much is stored, "" if that is not known.
	Stored func(context.Context) string
	// GroupNames returns the names of the groups of the configuration, nil for none.
	GroupNames func() []string
	// Links go to the footer.
	Links []Link
	// Timeout returns how long a view may take to be found, 0 for no bound.
	Timeout func() time.Duration
}

// Collector is the state of collecting an organization.
type Collector struct {
	Org string
	// Outcome is how the last collection ended, "" if none has.
	Outcome string
	Failed  bool
	// LastSuccess and Next are zero if there is none. Running has no Next.
	LastSuccess, Next time.Time
	Running           bool
}

// Link is a link relative to the page.
type Link struct{ Address, Text string }

// StaticRoute is the path below which the page's style and script are.
const StaticRoute = "/static/"

// hubURL is where the Hub shows repositories to people.
const hubURL = "https://huggingface.co"

//go:embed templates static
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"ago":     ago,
	"count":   func(n int) string { return number(int64(n)) },
	"asset":   func(name string) string { return "static/" + Asset(name) },
	"day":     func(d history.Day) string { return d.Time().Format("Jan 2, 2006") },
	"hubPage": func(r history.Repo) string { return r.Page(hubURL) },
	"n":       number,
	"plural":  textenc.Plural[int],
	"short":   textenc.Short,
	"time":    fullTime,
}).ParseFS(files, "templates/*.html"))

// asset is a static file. Its name in links changes with its content, so that browsers keep
// it for good.
type asset struct {
	content []byte
	hashed  string
}

var assets = func() map[string]asset {
	all := make(map[string]asset)
	entries, err := files.ReadDir("static")
	if err != nil {
		panic(err) // they are embedded
	}
	for _, e := range entries {
		content, err := files.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		ext := path.Ext(e.Name())
		all[e.Name()] = asset{content, e.Name()[:len(e.Name())-len(ext)] + "-" + hex.EncodeToString(sum[:6]) + ext}
	}
	return all
}()

// Asset returns the name below StaticRoute of style.css, page.js or icon.svg.
func Asset(name string) string { return assets[name].hashed }

// Static serves the style and the script.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, a := range assets {
			switch path.Base(r.URL.Path) {
			case a.hashed:
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			case name:
				w.Header().Set("Cache-Control", "no-cache")
			default:
				continue
			}
			http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.content))
			return
		}
		http.NotFound(w, r)
	})
}

// Handler serves the page.
func Handler(store history.Reader, o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		v := &view{Options: o}
		if !o.Loaded() {
			v.Loading = true
			v.render(w, http.StatusOK)
			return
		}
		if o.Timeout != nil && o.Timeout() > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, o.Timeout())
			defer cancel()
		}
		status, err := v.answer(ctx, store, r.URL.Query())
		if err != nil {
			o.Logger.Warn("The page cannot be shown", "query", textenc.Quote(r.URL.RawQuery), "err", err)
		}
		v.Store = o.Stored(ctx)
		v.render(w, status)
	})
}

func (v *view) render(w http.ResponseWriter, status int) {
	v.Collectors = v.Collecting()
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, "page.html", v); err != nil {
		v.Logger.Error("The page cannot be rendered", "err", err)
		http.Error(w, "The page cannot be rendered. The log has the reason.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// number writes a count, a dash if it is unknown.
func number(n int64) string {
	if n == history.Unknown {
		return "–"
	}
	return textenc.Grouped(n)
}

// ago writes how far a time is from now.
func ago(t time.Time) string {
	d := time.Until(t)
	in, suffix := "in ", ""
	if d < 0 {
		d, in, suffix = -d, "", " ago"
	}
	switch {
	case d < time.Minute:
		return in + strconv.Itoa(int(d/time.Second)) + " s" + suffix
	case d < time.Hour:
		return in + strconv.Itoa(int(d/time.Minute)) + " min" + suffix
	case d < 48*time.Hour:
		return in + strconv.Itoa(int(d/time.Hour)) + " h" + suffix
	}
	return in + strconv.Itoa(int(d/(24*time.Hour))) + " days" + suffix
}

func fullTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
