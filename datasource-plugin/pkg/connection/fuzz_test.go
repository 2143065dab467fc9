package connection

import (
	"context"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// FuzzSettings reads anything as the settings of a data source: they are refused
// by an error that names a setting and shows no secret, or a connection can be made
// of them.
func FuzzSettings(f *testing.F) {
	for _, jsonData := range []string{
		"", "null", "{}", `{"connection":"exporter","timeout":"5","tlsSkipVerify":"true","httpHeaderName1":"X-Key"}`,
		`{"connection":"hub","organization":"acme","endpoint":"http://h/p","refreshInterval":"1d12h","memoryLimitMiB":64}`,
		`{"connection":"hub","organization":"../x"}`, `{"timeout":1e99}`, `{"tlsAuth":true}`, `[`, `{"a":{"b":[1]}}`,
	} {
		f.Add("http://localhost:10061/p", jsonData, "grafana")
	}
	f.Add("http://"+password+"@h", "{}", "")
	f.Add(" https://[::1]:9090/?x=1#y", "{}", "u")
	f.Fuzz(func(t *testing.T, url, jsonData, user string) {
		told := map[string]string{"basicAuthPassword": password, "httpHeaderValue1": secret, "token": token}
		s, err := parseSettings(context.Background(), backend.DataSourceInstanceSettings{
			URL: url, JSONData: []byte(jsonData), BasicAuthEnabled: user != "", BasicAuthUser: user, DecryptedSecureJSONData: told,
		})
		if err != nil {
			for _, secret := range told {
				// What stands in a setting that is no secret is quoted.
				if strings.Contains(err.Error(), secret) && !strings.Contains(url+jsonData+user, secret) {
					t.Errorf("%q, %q: the error shows a secret: %v", url, jsonData, err)
				}
			}
			if !strings.Contains(err.Error(), ": ") || len(err.Error()) > 4096 {
				t.Errorf("%q, %q: got the error %v", url, jsonData, err)
			}
			return
		}
		origin := s.url
		if s.kind == kindHub {
			if s.organization == "" || strings.ContainsAny(s.organization, "/\\ \n") || s.refresh < minRefresh || s.refresh > maxRefresh || s.memoryLimit <= 0 {
				t.Errorf("%q: got %+v", jsonData, s)
			}
			return
		}
		if origin.User != nil || origin.Hostname() == "" || s.timeout <= 0 || s.http.ForwardHTTPHeaders {
			t.Errorf("%q, %q: got %+v", url, jsonData, s)
		}
		made, err := newTransport(s, origin, surroundings{})
		if err != nil {
			t.Fatalf("%q, %q: %v", url, jsonData, err)
		}
		made.CloseIdleConnections()
	})
}
