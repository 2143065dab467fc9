package health

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const users = "basic_auth_users: {prom: $2a$04$VKcUSe1c7qjg0YyQ1WRSFO2vpdZSRZ2fpT2RfWyBHkUiQWfuKJDdq}\n"

func TestAdmits(t *testing.T) {
	file, same, other := write(t, "a", users), write(t, "b", users), write(t, "c", users+"#\n")
	f := func(want bool, path, prefix, theirs, ours string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if theirs != "" {
			authorization, err := Authorization(theirs)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", authorization)
		}
		if got := Admits(r, prefix, ours); got != want {
			t.Errorf("%s with the prefix %q: got %v, want %v", path, prefix, got, want)
		}
	}
	f(true, HealthyRoute, "", file, file)
	f(true, ReadyRoute, "", file, same)
	f(true, "/hf"+ReadyRoute, "/hf", file, file)
	f(false, "/hf"+ReadyRoute, "", file, file)
	f(false, ReadyRoute, "", other, file)
	f(false, ReadyRoute, "", "", file)
	f(false, ReadyRoute, "", file, file+".gone")
	for _, path := range []string{"/", "/metrics", "/-/reload", "/-/healthy/", "/-/healthy/../../metrics", "//-/healthy"} {
		f(false, path, "", file, file)
	}
}

func TestCheck(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch user, _, _ := r.BasicAuth(); {
		case r.URL.Path == HealthyRoute:
			_, _ = w.Write([]byte("running\n"))
		case r.URL.Path == "/hf"+ReadyRoute && strings.HasPrefix(r.Header.Get("Authorization"), scheme):
			_, _ = w.Write([]byte("admitted\n"))
		case r.URL.Path == "/hf"+ReadyRoute && user == "prom":
			_, _ = w.Write([]byte("logged in\n"))
		case r.URL.Path == ReadyRoute:
			http.Error(w, "loading", http.StatusServiceUnavailable)
		case r.URL.Path == "/moved"+HealthyRoute:
			http.Redirect(w, r, HealthyRoute, http.StatusFound)
		case r.URL.Path == "/slow"+HealthyRoute:
			<-r.Context().Done()
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	plain, withTLS := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer withTLS.Close()
	socket, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	overSocket := &http.Server{Handler: handler}
	go func() { _ = overSocket.Serve(socket) }()
	defer overSocket.Close()

	f := func(want string, o Options) {
		t.Helper()
		if o.Address == "" {
			o.Address = plain.Listener.Addr().String()
		}
		if o.Route == "" {
			o.Route = HealthyRoute
		}
		if o.Timeout == 0 {
			o.Timeout = time.Minute
		}
		got, err := Check(t.Context(), o)
		if err != nil {
			got = "failed: " + err.Error()
		}
		if strings.HasPrefix(got, "failed") != strings.HasPrefix(want, "failed") || !strings.Contains(got, strings.TrimPrefix(want, "failed: ")) {
			t.Errorf("%+v: got %q, want %q", o, got, want)
		}
	}
	_, port, _ := net.SplitHostPort(plain.Listener.Addr().String())
	f("running", Options{})
	f("running", Options{Address: ":" + port})
	f("running", Options{Address: "0.0.0.0:" + port})
	f("running", Options{Address: UnixPrefix + socket.Addr().String()})
	f("failed: expected status 200, got 503 Service Unavailable: loading", Options{Route: ReadyRoute})
	f("failed: expected status 200, got 302 Found", Options{RoutePrefix: "/moved"})
	f("failed: deadline exceeded", Options{RoutePrefix: "/slow", Timeout: 50 * time.Millisecond})
	f("failed: expected an address like :10061", Options{Address: "http://localhost:1"})
	f("failed: connect", Options{Address: UnixPrefix + "/none"})

	file := write(t, "web.yaml", users)
	f("failed: name the file of --web.config.file that serve has", Options{RoutePrefix: "/hf", Route: ReadyRoute})
	f("admitted", Options{RoutePrefix: "/hf", Route: ReadyRoute, WebConfigFile: file})
	client := write(t, "client.yaml", "basic_auth: {username: prom, password: open sesame}\n")
	f("logged in", Options{RoutePrefix: "/hf", Route: ReadyRoute, WebConfigFile: file, HTTPConfigFile: client})
	f("failed: none.yaml", Options{WebConfigFile: "none.yaml"})
	f("failed: none.yaml", Options{HTTPConfigFile: "none.yaml"})
	f("failed: expected the file of --web.config.file that serve has", Options{WebConfigFile: write(t, "bad.yaml", "tls_server_config: [\n")})

	at := withTLS.Listener.Addr().String()
	tlsFile := write(t, "tls.yaml", "tls_server_config: {cert_file: a.pem, key_file: b.pem}\n")
	f("running", Options{Address: at, WebConfigFile: tlsFile})
	f("failed: certificate", Options{Address: at, WebConfigFile: tlsFile, HTTPConfigFile: client})
	f("failed: HTTPS", Options{Address: at})
}
