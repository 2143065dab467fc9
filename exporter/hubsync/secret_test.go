package hubsync

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// The token shows nowhere, also where the Hub writes it into its answers.
func TestTheTokenShowsNowhere(t *testing.T) {
	set := func(header, value string, then fakehub.Fault) fakehub.Fault {
		return func(w http.ResponseWriter, r *http.Request, answer http.Handler) {
			w.Header().Set(header, value)
			then(w, r, answer)
		}
	}
	refuse := func(status int) fakehub.Fault {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("X-Error-Message", "bad token "+token)
			w.WriteHeader(status)
		}
	}
	echoes := []fakehub.Fault{
		unchanged,
		refuse(401), refuse(403), refuse(404), refuse(500),
		fakehub.Status(403, "X-Error-Code", token, "X-Request-Id", token),
		fakehub.Status(429, "Retry-After", token),
		func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(500)
			fmt.Fprintf(w, `{"error": "we do not know %s"}`, token)
		},
		fakehub.RedirectTo("/elsewhere/" + token),
		fakehub.RedirectTo("/login?token=" + token),
		fakehub.RedirectTo("http://" + token + ".invalid/x?token=" + token),
		fakehub.RedirectToItself(),
		fakehub.Reset(-1),
		fakehub.Half(),
		fakehub.LoginPage(),
		fakehub.Link("</x/" + token + `>; rel="next"`),
		fakehub.Link("<%zz" + token + `>; rel="next"`),
		fakehub.Body("text/csv", token+"\n"),
		fakehub.Body("text/csv", "repoType,repoName,total,timestamp,downloads\nmodel,o/m,"+token+",2026-03-01,1\n"),
		fakehub.Body("application/json", fmt.Sprintf(`[{"id": "o/m", "likes": %q}]`, token)),
		fakehub.Body("application/json", fmt.Sprintf(`[{"id": "o/m", %q: `, token)),
		set("Content-Type", token, unchanged),
		set("RateLimit-Policy", token, unchanged),
	}
	texts := map[string]string{}
	for _, source := range []Source{SourceAnalytics, SourceListings, SourceAuto} {
		w := newWorld(t, options{plan: fakehub.Team, source: source, logLevel: slog.LevelDebug})
		day(model, "o/m", 1, 10)(w.hub)
		fill(w.hub, dataset, "o", 1001) // two pages, so that links are followed
		asked := false
		for i, f := range echoes {
			w.hub.Fail(fakehub.On{}, fakehub.Always, f)
			o := w.try(2+i%20, 6)
			if o.Err != nil {
				texts[fmt.Sprintf("error %d of %s", i, source)] = fmt.Sprintf("%v %+v", o.Err, o.Err)
			}
			w.hub.Heal()
		}
		for _, r := range w.hub.Requests() {
			asked = asked || r.Token() == token
		}
		if !asked {
			t.Fatalf("%s: the Hub never got the token: nothing was tested", source)
		}
		texts["log of "+string(source)] = w.log.String()
		texts["metrics of "+string(source)] = w.metricsText()
		texts["status of "+string(source)] = fmt.Sprintf("%+v", w.manager.Status())
	}
	for name, text := range texts {
		if text == "" {
			t.Errorf("%s is empty", name)
		}
		for _, secret := range []string{token, token[3:], base64.StdEncoding.EncodeToString([]byte(token))} {
			for line := range strings.Lines(text) {
				if strings.Contains(strings.ToLower(line), strings.ToLower(secret)) { // a host is in small letters
					t.Errorf("%s shows the token: %s", name, line)
				}
			}
		}
	}
}
