package fakehub

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Route names a part of the API, as hub.Route does.
type Route string

// The routes. Other is everything else: the login page, and what is not found.
const (
	Analytics   Route = "publisher_analytics"
	Models      Route = "models"
	Datasets    Route = "datasets"
	Spaces      Route = "spaces"
	Overview    Route = "overview"
	Collections Route = "collections"
	Other       Route = "other"
)

// routeOf returns the route of a path, and the organization or slug in it.
func routeOf(r *http.Request) (route Route, org string) {
	switch path := r.URL.Path; path {
	case "/api/models":
		return Models, r.URL.Query().Get("author")
	case "/api/datasets":
		return Datasets, r.URL.Query().Get("author")
	case "/api/spaces":
		return Spaces, r.URL.Query().Get("author")
	default:
		rest, ok := strings.CutPrefix(path, "/organizations/")
		org, ok2 := strings.CutSuffix(rest, "/settings/publisher-analytics/download-breakdown")
		if ok && ok2 && org != "" && !strings.Contains(org, "/") {
			return Analytics, org
		}
		if slug, ok := strings.CutPrefix(path, "/api/collections/"); ok {
			return Collections, slug
		}
		for _, kind := range []string{"organizations", "users"} {
			rest, ok := strings.CutPrefix(path, "/api/"+kind+"/")
			org, ok2 := strings.CutSuffix(rest, "/overview")
			if ok && ok2 && org != "" && !strings.Contains(org, "/") {
				return Overview, org
			}
		}
		return Other, ""
	}
}

// repoType returns what a listing lists.
func (r Route) repoType() history.RepoType {
	switch r {
	case Models:
		return history.Model
	case Datasets:
		return history.Dataset
	}
	return history.Space
}

// ServeHTTP answers as the Hub does, unless a fault is due.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", h.options.Now().UTC().Format(http.TimeFormat))
	route, org := routeOf(r)
	noted := &noter{ResponseWriter: w}
	request := h.note(r, route, org)
	defer func() { h.done(request, noted.status) }()
	w = noted

	if !h.count(w, r, route) {
		refuse(w, http.StatusTooManyRequests, "", "You have reached your rate limit.")
		return
	}
	if f := h.due(r, route, org); f != nil {
		f(w, r, http.HandlerFunc(h.answer))
		return
	}
	h.answer(w, r)
}

// answer answers without faults and limits.
func (h *Hub) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "", "Method not allowed")
		return
	}
	caller, ok := h.caller(r)
	if !ok {
		refuse(w, http.StatusUnauthorized, "", "Invalid credentials in Authorization header")
		return
	}
	switch route, org := routeOf(r); {
	case route == Analytics:
		h.analytics(w, r, caller, org)
	case route == Overview:
		h.overview(w, r, org)
	case route == Collections:
		h.collection(w, r, caller, org)
	case route != Other:
		h.listing(w, r, caller, route)
	case r.URL.Path == "/login":
		page(w, http.StatusOK, "Log In")
	default:
		page(w, http.StatusNotFound, "404")
	}
}

// overview says who an organization is. There are no users here.
func (h *Hub) overview(w http.ResponseWriter, r *http.Request, name string) {
	h.mu.Lock()
	_, ok := h.orgs[name]
	h.mu.Unlock()
	if !ok || !strings.HasPrefix(r.URL.Path, "/api/organizations/") {
		refuse(w, http.StatusNotFound, "", "No such organization or user")
		return
	}
	h.send(w, r, "application/json; charset=utf-8", []byte(`{"name":"`+name+`","type":"org"}`))
}

// bearer returns the token of a request, "" if it has none.
func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// caller returns who asks: nil for an anonymous caller, false for a token that
// is not known.
func (h *Hub) caller(r *http.Request) (*user, bool) {
	if r.Header.Get("Authorization") == "" {
		return nil, true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	u, ok := h.users[bearer(r)]
	if !ok {
		return nil, false
	}
	known := *u
	return &known, true
}

// sees reports whether the caller is of the organization and not refused by it.
func (u *user) sees(org string) bool {
	return u != nil && !u.refused && slices.Contains(u.orgs, org)
}

// refuse answers with an error as the Hub writes it.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Request-Id", fmt.Sprintf("Root=1-%08x", rand.Uint32()))
	if code != "" {
		w.Header().Set("X-Error-Code", code)
	}
	w.Header().Set("X-Error-Message", message)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message})
}

// page answers with a page for people.
func page(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!doctype html>\n<html><head><title>%s</title></head><body>%s</body></html>\n", title, title)
}

// send answers with a content, packed if the caller takes that.
func (h *Hub) send(w http.ResponseWriter, r *http.Request, contentType string, content []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Add("Vary", "Accept-Encoding")
	if !h.options.NoGzip && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(content)
		_ = z.Close()
		content = packed.Bytes()
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	_, _ = w.Write(content)
}

// Request is a request that came.
type Request struct {
	At     time.Time
	Route  Route
	Org    string
	Method string
	// Host and URL are as the request had them; URL has no host.
	Host, URL string
	Header    http.Header
	// Status is that of the answer, 0 until it is sent, or if none was.
	Status int
}

// Token returns the bearer token that was sent, "" for none.
func (r Request) Token() string {
	return bearer(&http.Request{Header: r.Header})
}

func (h *Hub) note(r *http.Request, route Route, org string) *Request {
	request := &Request{
		At: h.options.Now(), Route: route, Org: org, Method: r.Method,
		Host: r.Host, URL: r.URL.RequestURI(), Header: r.Header.Clone(),
	}
	if h.options.Done == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.log = append(h.log, request)
	}
	return request
}

func (h *Hub) done(r *Request, status int) {
	h.mu.Lock()
	r.Status = status
	done := *r
	h.mu.Unlock()
	if h.options.Done != nil {
		h.options.Done(done)
	}
}

// Requests returns every request since the last ForgetRequests, in the order
// they came; none with Options.Done.
func (h *Hub) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]Request, len(h.log))
	for i, r := range h.log {
		all[i] = *r
	}
	return all
}

// ForgetRequests empties the list of requests.
func (h *Hub) ForgetRequests() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = nil
}

// noter notes the status of an answer.
type noter struct {
	http.ResponseWriter
	status int
}

func (n *noter) WriteHeader(status int) {
	if n.status == 0 {
		n.status = status
	}
	n.ResponseWriter.WriteHeader(status)
}

func (n *noter) Write(p []byte) (int, error) {
	if n.status == 0 {
		n.status = http.StatusOK
	}
	return n.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController through.
func (n *noter) Unwrap() http.ResponseWriter { return n.ResponseWriter }
