package server

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// admitPublic lets anybody see the badges and charts that badges.public names. They go through
// next like all others, which limits rates and sets headers. Only if it asks for a password are
// they answered nevertheless.
func (s *Server) admitPublic(routes, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.isPublic(r) {
			next.ServeHTTP(w, r)
			return
		}
		asks := &passwordAsked{ResponseWriter: w}
		anybody := r.Clone(r.Context())
		anybody.Header.Del("Authorization")
		next.ServeHTTP(asks, anybody)
		if asks.asked {
			for _, name := range []string{"WWW-Authenticate", "Content-Type"} {
				w.Header().Del(name)
			}
			routes.ServeHTTP(w, anybody)
		}
	})
}

// isPublic reports whether a request is for a badge or chart that badges.public names. It
// takes the path as it was sent, and the parameters as the routes read them.
func (s *Server) isPublic(r *http.Request) bool {
	public := &s.config.Load().Badges
	if len(public.Public) == 0 || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	is := func(route string) bool {
		return r.URL.EscapedPath() == (&url.URL{Path: s.RoutePrefix + route}).EscapedPath()
	}
	var f history.Filter
	switch {
	case is(wire.BadgeRoute):
		q, err := wire.Badge.Decode(r.URL.RawQuery)
		if err != nil {
			return false
		}
		f = q.Filter
	case slices.ContainsFunc([]string{wire.ChartSVGRoute, wire.ChartPNGRoute}, is):
		q, err := wire.Chart.Decode(r.URL.RawQuery)
		if err != nil {
			return false
		}
		f = q.Filter
	default:
		return false
	}
	// Each value has to be public: the share of a repository in a public group may not be. A
	// search could find out the names of repositories.
	return len(f.Repos)+len(f.Orgs)+len(f.Groups) > 0 && f.Search == "" &&
		public.IsPublic("repo", f.Repos) && public.IsPublic("org", f.Orgs) && public.IsPublic("group", f.Groups)
}

// passwordAsked keeps an answer back that asks for a password.
type passwordAsked struct {
	http.ResponseWriter
	asked bool
}

// Unwrap lets http.ResponseController find the connection.
func (p *passwordAsked) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *passwordAsked) WriteHeader(status int) {
	if p.asked = p.asked || status == http.StatusUnauthorized; !p.asked {
		p.ResponseWriter.WriteHeader(status)
	}
}

func (p *passwordAsked) Write(b []byte) (int, error) {
	if p.asked {
		return len(b), nil
	}
	return p.ResponseWriter.Write(b)
}
