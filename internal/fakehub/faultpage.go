package fakehub

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// Link puts another value in place of the Link header of a page that has one.
func Link(value string) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		t := take(w, r, answer)
		if w.Header().Get("Link") != "" {
			w.Header().Set("Link", value)
		}
		t.send(w, t.Bytes())
	}
}

// LinkHost has the link to the next page point to another host: a scheme and a
// host, like "https://huggingface.co".
func LinkHost(base string) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		t := take(w, r, answer)
		if link := w.Header().Get("Link"); link != "" {
			u, err := url.Parse(link[1 : len(link)-len(`>; rel="next"`)])
			if err != nil {
				panic(err)
			}
			w.Header().Set("Link", "<"+base+u.RequestURI()+`>; rel="next"`)
		}
		t.send(w, t.Bytes())
	}
}

// EmptyPage answers with a page of nothing and a link to the page that was asked
// for.
func EmptyPage() Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Link", "<http://"+r.Host+r.URL.RequestURI()+`>; rel="next"`)
		Body("application/json", "[]")(w, r, nil)
	}
}

// FirstPage answers with the first page and its link, whatever page was asked
// for. On page 2 and once it is a page that comes twice, with Always a circle.
func FirstPage() Fault {
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		first := r.Clone(r.Context())
		values := first.URL.Query()
		values.Del("cursor")
		first.URL.RawQuery = values.Encode()
		t := take(w, first, answer)
		t.send(w, t.Bytes())
	}
}

// Overlap has each page begin with the last rows of the page before it, as a
// cursor that repeats does.
func Overlap(rows int) Fault {
	var mu sync.Mutex
	last := map[string][]json.RawMessage{} // by route and author
	return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
		t := take(w, r, answer)
		var page []json.RawMessage
		if err := json.Unmarshal(t.Bytes(), &page); err != nil {
			panic(err)
		}
		mu.Lock()
		key := r.URL.Path + " " + r.URL.Query().Get("author")
		before := last[key]
		last[key] = page[max(len(page)-rows, 0):]
		mu.Unlock()
		if pageOf(r) > 1 {
			page = append(slices.Clip(before), page...)
		}
		content, err := json.Marshal(page)
		if err != nil {
			panic(err)
		}
		t.send(w, content)
	}
}
