package fakehub

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// counted are the columns of an export and the fields of a listing that count downloads.
var counted = map[string]bool{"total": true, "downloads": true, "downloadsAllTime": true}

// Scaled multiplies all downloads, of exports and of listings, by a factor: 0 for a Hub that
// has lost them, 0.5 for one that has lost half. Other answers stay as they are.
func Scaled(factor float64) Fault { return scaled(factor, counted) }

// NoLastMonth has listings tell zeros for the last 30 days, and nothing else wrong.
func NoLastMonth() Fault {
	fault := scaled(0, map[string]bool{"downloads": true})
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		if route, _ := routeOf(r); route == Analytics {
			answer.ServeHTTP(w, r)
			return
		}
		fault(w, r, answer)
	}
}

func scaled(factor float64, names map[string]bool) Fault {
	scale := func(text string) string {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return text // null
		}
		return strconv.FormatInt(int64(factor*float64(n)), 10)
	}
	return Edit(func(content string) string {
		if strings.HasPrefix(content, "[") {
			return scaleListing(content, names, scale)
		}
		return scaleExport(content, names, scale)
	})
}

func scaleListing(content string, names map[string]bool, scale func(string) string) string {
	var page []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(content), &page); err != nil {
		return content
	}
	for _, repo := range page {
		for name, raw := range repo {
			if names[name] {
				repo[name] = json.RawMessage(scale(string(raw)))
			}
		}
	}
	text, err := json.Marshal(page)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func scaleExport(content string, names map[string]bool, scale func(string) string) string {
	rows, err := csv.NewReader(strings.NewReader(content)).ReadAll()
	if err != nil || len(rows) == 0 {
		return content
	}
	for _, row := range rows[1:] {
		for i, name := range rows[0] {
			if names[name] {
				row[i] = scale(row[i])
			}
		}
	}
	var b bytes.Buffer
	_ = csv.NewWriter(&b).WriteAll(rows)
	return b.String()
}

// Frozen answers as the Hub did when it was first asked, its time included, as a cache does
// that keeps answers too long.
func Frozen() Fault {
	var mu sync.Mutex
	kept := map[string]*taken{}
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		mu.Lock()
		t := kept[r.URL.RequestURI()]
		if t == nil {
			t = take(w, r, answer)
			t.header = w.Header().Clone()
			kept[r.URL.RequestURI()] = t
		}
		mu.Unlock()
		maps.Copy(w.Header(), t.header)
		t.send(w, t.Bytes())
	}
}
