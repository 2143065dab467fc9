package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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
	s := NewSecret(value)
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

func TestSecretRead(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := &walker{file: "c.yaml", lines: map[string]int{"": 1, "hub.token_file": 7}}
	s := Secret{}.orFile(w, "hub.token", "token", dir)
	if !s.IsSet() || len(w.faults) > 0 {
		t.Fatalf("set: %v, faults: %v", s.IsSet(), w.faults)
	}

	_, err := s.Read()
	if err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("a missing file: got %v, want an error that names it", err)
	}
	f := func(content, want string) {
		t.Helper()
		write(content)
		if got, err := s.Read(); err != nil || got != want {
			t.Errorf("file %q: got %q, %v, want %q", content, got, err, want)
		}
	}
	f("hf_one", "hf_one")
	f(" hf_two\r\n", "hf_two")

	for _, bad := range []string{"", " \n", strings.Repeat("hf_three", 10_000)} {
		write(bad)
		if _, err := s.Read(); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "three") {
			t.Errorf("file of %d bytes: got %v, want an error that names the file only", len(bad), err)
		}
	}

	if got, err := NewSecret("hf_four").orFile(w, "hub.token", "", dir).Read(); got != "hf_four" || err != nil {
		t.Errorf("value: got %q, %v", got, err)
	}
	if got := (Secret{}).orFile(w, "hub.token", "", dir); got.IsSet() {
		t.Error("neither value nor file: the secret is set")
	}
	if len(w.faults) > 0 {
		t.Fatalf("unexpected faults: %v", w.faults)
	}
	NewSecret("hf_five").orFile(w, "hub.token", "token", dir)
	if got, want := w.faults.Error(), "c.yaml:7: hub.token_file: expected either token or token_file, got both"; got != want {
		t.Errorf("both: got %q, want %q", got, want)
	}
}

func TestSecretYAML(t *testing.T) {
	f := func(text, want, wantErr string) {
		t.Helper()
		var v struct{ Token Secret }
		err := yaml.Unmarshal([]byte(text), &v)
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) || strings.Contains(err.Error(), "123") {
				t.Errorf("%s: got error %v, want %q and no value", text, err, wantErr)
			}
			return
		}
		if got, _ := v.Token.Read(); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
	f("token: hf_x", "hf_x", "")
	f("token: '123'", "123", "")
	f("token: ''", "", "")
	f("token:", "", "")
	f("token: 123", "", "expected a text (in quotes, if it looks like something else)")
	f("token: [123]", "", "expected a text")
}
