package fakehub

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// analytics answers the route of the CSV export.
func (h *Hub) analytics(w http.ResponseWriter, r *http.Request, caller *user, name string) {
	if r.URL.RawQuery != "" {
		refuse(w, http.StatusBadRequest, "", "The route takes no parameters")
		return
	}
	if caller == nil {
		refuse(w, http.StatusUnauthorized, "", "Invalid username or password.")
		return
	}
	h.mu.Lock()
	o := h.orgs[name]
	h.mu.Unlock()
	switch {
	case o == nil:
		refuse(w, http.StatusNotFound, "", "Organization not found")
	case caller.refused:
		refuse(w, http.StatusForbidden, "", "The organization's token policy refuses this token.")
	case !slices.Contains(caller.orgs, name):
		refuse(w, http.StatusForbidden, "", "You are not a member of this organization.")
	case o.plan == Free:
		refuse(w, http.StatusForbidden, "", "This feature is part of the Team and Enterprise plans.")
	default:
		h.export(w, r, name)
	}
}

// export sends the CSV, or that nothing changed.
func (h *Hub) export(w http.ResponseWriter, r *http.Request, name string) {
	h.mu.Lock()
	tag := fmt.Sprintf(`W/"%x-%s"`, h.version, name)
	changed := h.changed.UTC().Truncate(time.Second)
	content := h.csv(name)
	h.mu.Unlock()

	offered := h.options.Validators
	if offered&ETag != 0 {
		w.Header().Set("ETag", tag)
	}
	if offered&LastModified != 0 {
		w.Header().Set("Last-Modified", changed.Format(http.TimeFormat))
	}
	if since := r.Header.Get("If-None-Match"); since != "" && offered&ETag != 0 {
		if slices.Contains(strings.Split(since, ", "), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	} else if at, err := http.ParseTime(r.Header.Get("If-Modified-Since")); err == nil && offered&LastModified != 0 {
		if !changed.After(at) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.send(w, r, "text/csv; charset=utf-8", content)
}

// csv writes the export of an organization. The caller holds h.mu.
func (h *Hub) csv(name string) []byte {
	type row struct {
		r *Repo
		d history.Day
	}
	var rows []row
	for _, r := range h.of(func(r *Repo) bool { return r.repo.Org() == name && r.repo.Type != history.Space }) {
		for _, d := range r.recorded() {
			rows = append(rows, row{r, d})
		}
	}
	if !h.options.OrderByRepo {
		slices.SortStableFunc(rows, func(a, b row) int { return int(a.d) - int(b.d) })
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	write := func(fields ...string) { _ = w.Write(fields) }
	write("repoType", "repoName", "total", "timestamp", "downloads")
	for _, x := range rows {
		write(string(x.r.repo.Type), x.r.repo.Name, strconv.FormatInt(x.r.total(), 10),
			x.d.String()+"T00:00:00.000Z", strconv.FormatInt(x.r.days[x.d], 10))
	}
	w.Flush()
	return b.Bytes()
}
