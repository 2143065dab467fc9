package connection

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

func TestSettingsOfAnExporter(t *testing.T) {
	f := func(url, jsonData string, want func(settings) bool) {
		t.Helper()
		got, err := parseSettings(context.Background(), backend.DataSourceInstanceSettings{
			URL: url, JSONData: []byte(jsonData), BasicAuthEnabled: true, BasicAuthUser: "u",
			DecryptedSecureJSONData: map[string]string{"basicAuthPassword": password, "httpHeaderValue1": secret},
		})
		if err != nil {
			t.Errorf("%s %s: %v", url, jsonData, err)
			return
		}
		if got.kind != kindExporter || got.http.BasicAuth.Password != password || got.http.ForwardHTTPHeaders || !want(got) {
			t.Errorf("%s %s: unexpected %+v", url, jsonData, got)
		}
	}
	defaults := func(s settings) bool {
		return s.timeout == 30*time.Second && s.http.TLS == nil && len(s.http.Header) == 0
	}
	f("http://localhost:10061", "", defaults)
	f("http://localhost:10061", "{}", defaults)
	f("http://localhost:10061", "null", defaults)
	f("http://localhost:10061", `{"connection":"exporter"}`, defaults)
	f("http://localhost:10061", `{"connection":null,"timeout":null,"tlsSkipVerify":null,"url":null,"httpHeaderName1":null,"serverName":null}`, defaults)
	f("http://localhost:10061", `{"timeout":"","tlsAuth":"","tlsSkipVerify":"false"}`, defaults)
	// Members that Grafana or a later version adds, and those of the other connection.
	f("http://localhost:10061", `{"pdcInjected":true,"x":{"y":[1]},"organization":"","refreshInterval":"0s"}`, defaults)
	f(" https://example.org/prefix/ ", `{}`, func(s settings) bool { return s.url.String() == "https://example.org/prefix/" })
	f("http://[::1]:9090", `{"timeout":5}`, func(s settings) bool { return s.timeout == 5*time.Second })
	f("http://x", `{"timeout":"5","tlsSkipVerify":"true","httpHeaderName1":"X-Key"}`, func(s settings) bool {
		return s.timeout == 5*time.Second && s.http.TLS.InsecureSkipVerify && s.http.Header.Get("X-Key") == secret
	})
	f("http://x", `{"timeout":0}`, defaults)
	f("http://x", `{}`, func(s settings) bool { return s.HubURL() == "https://huggingface.co" })
	f("http://x", `{"endpoint":"https://hub.example.org/mirror/"}`, func(s settings) bool { return s.HubURL() == "https://hub.example.org/mirror" })
	f("http://x", `{"timeout":1e1}`, func(s settings) bool { return s.timeout == 10*time.Second })
}

func TestSettingsOfTheHub(t *testing.T) {
	f := func(jsonData string, want settings) {
		t.Helper()
		got, err := parseSettings(context.Background(), backend.DataSourceInstanceSettings{
			JSONData: []byte(jsonData), DecryptedSecureJSONData: map[string]string{"token": " " + token + "\n"},
		})
		if err != nil {
			t.Errorf("%s: %v", jsonData, err)
			return
		}
		if got.kind != kindHub || got.organization != want.organization || got.endpoint.String() != want.endpoint.String() ||
			got.refresh != want.refresh || got.memoryLimit != want.memoryLimit || got.timeout != want.timeout || got.token.IsZero() {
			t.Errorf("%s: expected %+v, got %+v", jsonData, want, got)
		}
	}
	want := settings{organization: "acme", refresh: 6 * time.Hour, memoryLimit: 512 << 20, timeout: 2 * time.Minute}
	f(`{"connection":"hub","organization":"acme"}`, want)
	f(`{"connection":"hub","organization":" acme ","endpoint":"https://huggingface.co/","refreshInterval":"","memoryLimitMiB":""}`, want)
	want.refresh = 24 * time.Hour
	f(`{"connection":"hub","organization":"acme","refreshInterval":"1d"}`, want)
	want.refresh = 36 * time.Hour
	f(`{"connection":"hub","organization":"acme","refreshInterval":"1d12h"}`, want)
	want.refresh = 90 * time.Minute
	f(`{"connection":"hub","organization":"acme","refreshInterval":"1.5h"}`, want)
	want.refresh, want.memoryLimit, want.timeout = 10*time.Minute, 2<<20, 7*time.Second
	f(`{"connection":"hub","organization":"acme","refreshInterval":"10m","memoryLimitMiB":"2","timeout":7}`, want)
}

func TestSettingsRefused(t *testing.T) {
	f := func(url, jsonData string, secrets map[string]string, want string) {
		t.Helper()
		_, err := Open(context.Background(), backend.DataSourceInstanceSettings{URL: url, JSONData: []byte(jsonData), DecryptedSecureJSONData: secrets})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s %s: expected the error %s, got %v", url, jsonData, want, err)
			return
		}
		wantNoSecret(t, err.Error())
	}
	exporter := func(url, want string) {
		t.Helper()
		f(url, "{}", nil, "url: expected "+want)
	}
	exporter("", "the URL of an exporter like http://localhost:10061, got none")
	exporter("localhost:9090", `the URL of an exporter like http://localhost:10061, got "localhost:9090"`)
	exporter("ftp://x", `the URL of an exporter like http://localhost:10061, got "ftp://x"`)
	exporter("http://:80", `the URL of an exporter like http://localhost:10061, got "http://:80"`)
	exporter("http://x/?a="+secret, "a URL without query and fragment, got \"http://x/\"")
	exporter("http://u:"+password+"@x/", "a URL without user and password, which belong in the basic authentication settings")
	exporter("http://u:"+password+"@x y/", "the URL of an exporter like http://localhost:10061, got something that is not a URL")

	member := func(jsonData, want string) {
		t.Helper()
		f("http://x", jsonData, nil, want)
	}
	member(`[1]`, "jsonData: expected a JSON object")
	member(`{"connection":"grafana"}`, `connection: expected exporter or hub, got "grafana"`)
	member(`{"connection":1}`, `connection: expected a string, got 1`)
	member(`{"timeout":"soon"}`, `timeout: expected a whole number from 0 to 86400, got "soon"`)
	member(`{"timeout":-1}`, `timeout: expected a whole number from 0 to 86400, got -1`)
	member(`{"timeout":1.5}`, `timeout: expected a whole number from 0 to 86400, got 1.5`)
	member(`{"tlsSkipVerify":"yes"}`, `tlsSkipVerify: expected true or false, got "yes"`)
	member(`{"tlsSkipVerify":1}`, `tlsSkipVerify: expected true or false, got 1`)
	member(`{"httpHeaderName1":{"a":1}}`, `httpHeaderName1: expected a string, got {"a":1}`)
	member(`{"basicAuth":true,"basicAuthUser":5}`, `basicAuthUser: expected a string, got 5`)
	member(`{"tlsAuth":true}`, "tlsClientCert, tlsClientKey: expected both")
	member(`{"tlsAuthWithCACert":true}`, "tlsCACert: expected the certificate of a certificate authority")
	f("http://x", `{"tlsAuthWithCACert":true}`, map[string]string{"tlsCACert": secret}, "tlsCACert, tlsClientCert, tlsClientKey: expected certificates and a key as PEM")
	f("http://x", `{"tlsAuth":true}`, map[string]string{"tlsClientCert": secret, "tlsClientKey": secret}, "expected certificates and a key as PEM")

	hub := func(members, want string) {
		t.Helper()
		f("", `{"connection":"hub",`+members+`}`, map[string]string{"token": token}, want)
	}
	hub(`"organization":""`, `organization: expected the name of an organization on the Hub, as in huggingface.co/NAME, got ""`)
	hub(`"organization":"acme","groups":{"name":"a"}`, `groups: expected a list of groups like {name: llama, repos: [org/llama-*]}`)
	hub(`"organization":"acme","groups":[{"name":"a","repo":[]}]`, `unknown field "repo"`)
	hub(`"organization":"acme","groups":[{"name":"a"},{"name":"a"}]`, `expected a name that no other group has, got "a"`)
	hub(`"organization":"acme","groups":[{"name":"a","repos":["acme/["]}]`, `expected a name or glob of repositories like org/name, org/* or model:org/*, got "acme/["`)
	hub(`"organization":"acme","groups":[{"name":"a","repos":[":acme/x"]}]`, `expected a name or glob of repositories like org/name, org/* or model:org/*, got ":acme/x"`)
	hub(`"organization":"a/b"`, `got "a/b"`)
	hub(`"organization":".."`, `got ".."`)
	hub(`"organization":"acme","endpoint":"huggingface.co"`, `endpoint: expected a URL like https://huggingface.co, got "huggingface.co"`)
	hub(`"organization":"acme","endpoint":"http://mirror"`, `endpoint: expected https, since a token is sent, got http://mirror`)
	hub(`"organization":"acme","refreshInterval":"5m"`, `refreshInterval: expected a duration like 6h or 1d, from 10m to 90d, got "5m"`)
	hub(`"organization":"acme","refreshInterval":"-1h"`, `got "-1h"`)
	hub(`"organization":"acme","refreshInterval":"daily"`, `got "daily"`)
	hub(`"organization":"acme","refreshInterval":"100y"`, `got "100y"`)
	hub(`"organization":"acme","refreshInterval":6`, `refreshInterval: expected a string, got 6; a duration has a unit, like 6h or 1d`)
	hub(`"organization":"acme","memoryLimitMiB":0`, `memoryLimitMiB: expected a whole number from 1 to 1048576, got 0`)
	hub(`"organization":"acme","memoryLimitMiB":true`, `memoryLimitMiB: expected a whole number from 1 to 1048576, got true`)
	f("", `{"connection":"hub","organization":"acme"}`, map[string]string{"token": token + " " + secret}, "token: expected a token of only letters")
}
