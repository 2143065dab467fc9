package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestSecretIsMasked(t *testing.T) {
	const value = "hf_abcdef"
	type section struct {
		Token Secret
		At    *Secret
		List  []Secret
	}
	s := Secret{value}
	holder := section{Token: s, At: &s, List: []Secret{s}}

	f := func(how, got string) {
		t.Helper()
		if strings.Contains(got, "abc") || strings.Contains(got, fmt.Sprintf("%x", "abc")) {
			t.Errorf("%s shows the secret: %s", how, got)
		}
		if !strings.Contains(got, masked) && !strings.Contains(got, `\u003csecret\u003e`) {
			t.Errorf("%s does not say %s: %s", how, masked, got)
		}
	}
	for _, verb := range []string{"%s", "%v", "%+v", "%#v", "%q", "%x", "%d"} {
		f(verb, fmt.Sprintf(verb, s))
		f(verb+" within", fmt.Sprintf(verb, holder.List))
	}
	f("String", s.String())
	f("error", fmt.Errorf("bad token %v in %v", s, holder.Token).Error())

	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", s, "section", holder.List)
	f("slog text", log.String())
	log.Reset()
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", s, "section", holder)
	f("slog JSON", log.String())

	text, err := yaml.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	f("YAML", string(text))
	if text, err = json.Marshal(holder); err != nil {
		t.Fatal(err)
	}
	f("JSON", string(text))

	if got := fmt.Sprint(Secret{}); got != "" {
		t.Errorf("a secret that is not set prints %q", got)
	}
}

func TestSecretYAML(t *testing.T) {
	f := func(text, want, wantErr string) {
		t.Helper()
		c, err := Parse("c.yaml", []byte("hub: {token: "+text+"}"))
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) || strings.Contains(err.Error(), "123") {
				t.Errorf("%s: got error %v, want %q and no value", text, err, wantErr)
			}
			return
		}
		if err != nil || c.Hub.Token.Reveal() != want {
			t.Errorf("%s: got %q, %v, want %q", text, c.Hub.Token.Reveal(), err, want)
		}
	}
	f("hf_x", "hf_x", "")
	f("'123'", "123", "")
	f("''", "", "")
	f("", "", "")
	f("123", "", "expected a string (quoted if it looks like another type)")
	f("[123]", "", "expected a string")
}
