package fakehub

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLimit is where the Hub caps a page.
const maxLimit = 1000

// fields are what each listing can be asked to expand.
var fields = map[Route]string{
	Models: " author baseModels cardData childrenModelCount config createdAt disabled downloads downloadsAllTime gated gguf" +
		" inference inferenceProviderMapping lastModified library_name likes mask_token model-index pipeline_tag private" +
		" resourceGroup safetensors sha siblings spaces tags transformersInfo trendingScore usedStorage widgetData xetEnabled ",
	Datasets: " author cardData citation createdAt description disabled downloads downloadsAllTime gated lastModified likes" +
		" paperswithcode_id private resourceGroup sha siblings tags trendingScore usedStorage xetEnabled ",
	Spaces: " author cardData createdAt datasets disabled lastModified likes models private resourceGroup runtime sdk sha" +
		" siblings subdomain tags trendingScore usedStorage xetEnabled ",
}

// query is what a listing was asked for.
type query struct {
	author string
	limit  int
	expand []string
	after  *cursor
}

// cursor is where a page begins: after the repository that it names.
type cursor struct {
	CreatedAt time.Time `json:"createdAt"`
	ID        string    `json:"_id"`
	Page      int       `json:"page"` // of the page that begins there, from 2
}

// parse reads the parameters and refuses what the Hub, or this stand-in, does
// not have.
func parse(route Route, values url.Values) (q query, err error) {
	q.limit = maxLimit
	for name, given := range values {
		if name != "expand" && len(given) != 1 {
			return q, fmt.Errorf("%s has to be given once", name)
		}
		switch v := given[0]; name {
		case "author":
			q.author = v
		case "limit":
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 {
				return q, fmt.Errorf("limit %q is no number from 1", v)
			}
			q.limit = min(n, maxLimit)
		case "sort":
			if v != "createdAt" {
				return q, fmt.Errorf("sort %q is not known here, only createdAt", v)
			}
		case "expand":
			for _, field := range given {
				if field == "" || strings.Contains(field, " ") || !strings.Contains(fields[route], " "+field+" ") {
					return q, fmt.Errorf("expand %q is none of%s", field, fields[route])
				}
			}
			q.expand = given
		case "cursor":
			c, err := parseCursor(v)
			if err != nil {
				return q, err
			}
			q.after = &c
		default:
			return q, fmt.Errorf("%q is not known", name)
		}
	}
	return q, nil
}

func parseCursor(s string) (c cursor, err error) {
	text, err := base64.URLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(text, &c) != nil {
		return c, errors.New("cursor is none of mine")
	}
	return c, nil
}

// pageOf returns the number of the page that a request asks for, from 1.
func pageOf(r *http.Request) int {
	c, err := parseCursor(r.URL.Query().Get("cursor"))
	if err != nil {
		return 1
	}
	return c.Page
}

// listing answers a listing: newest first, then by id.
func (h *Hub) listing(w http.ResponseWriter, r *http.Request, caller *user, route Route) {
	q, err := parse(route, r.URL.Query())
	if err != nil {
		refuse(w, http.StatusBadRequest, "", "Invalid option: "+err.Error())
		return
	}
	h.mu.Lock()
	var all []*Repo
	for _, x := range h.repos {
		org := x.repo.Org()
		if x.repo.Type == route.repoType() && (q.author == "" || org == q.author) && (!x.private || caller.sees(org)) {
			all = append(all, x)
		}
	}
	newest := func(at time.Time, id string, b *Repo) int {
		return cmp.Or(b.created.Compare(at), strings.Compare(b.id, id))
	}
	slices.SortFunc(all, func(a, b *Repo) int { return newest(a.created, a.id, b) })
	if c := q.after; c != nil {
		all = slices.DeleteFunc(all, func(b *Repo) bool { return newest(c.CreatedAt, c.ID, b) >= 0 })
	}
	more := len(all) > q.limit
	page := []map[string]any{}
	var last cursor
	for _, x := range all[:min(len(all), q.limit)] {
		page = append(page, x.listed(route, q.expand))
		last = cursor{CreatedAt: x.created, ID: x.id, Page: pageOf(r) + 1}
	}
	h.mu.Unlock()

	if more {
		w.Header().Set("Link", "<"+h.nextURL(r, last)+`>; rel="next"`)
	}
	content, err := json.Marshal(page)
	if err != nil {
		panic(err)
	}
	h.send(w, r, "application/json; charset=utf-8", content)
}

// nextURL returns the absolute URL of the page after the one that r asks for.
func (h *Hub) nextURL(r *http.Request, c cursor) string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	values := r.URL.Query()
	values.Set("cursor", base64.URLEncoding.EncodeToString(text))
	base := strings.TrimRight(h.options.PublicURL, "/")
	if base == "" {
		base = "http://" + r.Host
		if r.TLS != nil {
			base = "https://" + r.Host
		}
	}
	return base + r.URL.Path + "?" + values.Encode()
}

// hubTime is how the Hub writes a time.
const hubTime = "2006-01-02T15:04:05.000Z"

// listed returns a repository as a listing shows it: id and _id, and the fields
// asked for, or the usual ones if none was.
func (r *Repo) listed(route Route, expand []string) map[string]any {
	var gated any = false
	if r.gated != "" {
		gated = r.gated
	}
	all := map[string]any{
		"author":       r.repo.Org(),
		"createdAt":    r.created.Format(hubTime),
		"disabled":     r.disabled,
		"lastModified": r.created.Format(hubTime),
		"likes":        r.likes,
		"private":      r.private,
		"tags":         []string{},
	}
	if route != Spaces {
		all["downloads"] = r.month()
		all["downloadsAllTime"] = r.total()
		all["gated"] = gated
	}
	shown := map[string]any{"_id": r.id, "id": r.repo.Name}
	if len(expand) == 0 {
		shown["modelId"] = r.repo.Name
		expand = []string{"createdAt", "downloads", "likes", "private", "tags"}
	}
	for _, field := range expand {
		if v, ok := all[field]; ok {
			shown[field] = v
		}
	}
	return shown
}
