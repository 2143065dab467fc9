package fakehub

import (
	"fmt"
	"net/http"
)

// Status refuses with a status and headers, given as names and values in turn.
func Status(status int, header ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		set(w, header)
		refuse(w, status, w.Header().Get("X-Error-Code"), http.StatusText(status))
	}
}

func set(w http.ResponseWriter, header []string) {
	for i := 0; i+1 < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
}

// TooMany answers 429 without saying anything of the limit; header may add
// Retry-After.
func TooMany(header ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Del("RateLimit")
		w.Header().Del("RateLimit-Policy")
		set(w, header)
		refuse(w, http.StatusTooManyRequests, "", "Too many requests")
	}
}

// TooManyFor answers 429 with headers that say that nothing is left for so many
// seconds.
func TooManyFor(bucket string, seconds int) Fault {
	return TooMany("RateLimit", fmt.Sprintf(`"%s";r=0;t=%d`, bucket, seconds),
		"RateLimit-Policy", fmt.Sprintf(`"fixed window";"%s";q=500;w=300`, bucket))
}

// LoginPage answers with the login page, and status 200.
func LoginPage() Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { page(w, http.StatusOK, "Log In") }
}

// RedirectToLogin sends the caller to the login page.
func RedirectToLogin() Fault { return RedirectTo("/login?next=%2Fsettings") }

// RedirectTo sends the caller to another URL.
func RedirectTo(url string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, url, http.StatusFound)
	}
}

// RedirectToItself sends the caller back to where it is. Added with Always it is
// a loop.
func RedirectToItself() Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusFound)
	}
}
