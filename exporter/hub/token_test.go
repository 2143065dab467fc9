package hub

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResolveToken(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	inFile := write("token_file", " hf_file\r\n")
	inPath := write("path", "hf_path")
	write("hfhome/token", "hf_home\n")
	write("xdg/huggingface/token", "hf_xdg")
	write("home/.cache/huggingface/token", "hf_default")
	empty := write("empty", " \n")

	all := map[string]string{
		"HF_TOKEN":               " hf_env\n",
		"HUGGING_FACE_HUB_TOKEN": "hf_old",
		"HF_TOKEN_PATH":          inPath,
		"HF_HOME":                dir + "/hfhome",
		"XDG_CACHE_HOME":         dir + "/xdg",
	}
	// f looks for a token where the environment has all but some variables.
	f := func(l TokenLookup, without, value, source string) {
		t.Helper()
		l.Home = filepath.Join(dir, "home")
		l.Getenv = func(name string) string {
			if strings.Contains(without+" ", name+" ") {
				return ""
			}
			return all[name]
		}
		got, err := ResolveToken(l)
		if err != nil {
			t.Fatal(err)
		}
		if got.reveal() != value || got.Source() != source {
			t.Errorf("without %s: expected %s from %s, got %s from %s", without, value, source, got.reveal(), got.Source())
		}
	}
	f(TokenLookup{Token: " hf_config ", File: inFile}, "", "hf_config", "the configuration")
	f(TokenLookup{File: inFile}, "", "hf_file", inFile)
	f(TokenLookup{}, "", "hf_env", "HF_TOKEN")
	f(TokenLookup{}, "HF_TOKEN", "hf_old", "HUGGING_FACE_HUB_TOKEN")
	f(TokenLookup{}, "HF_TOKEN HUGGING_FACE_HUB_TOKEN", "hf_path", inPath)
	f(TokenLookup{}, "HF_TOKEN HUGGING_FACE_HUB_TOKEN HF_TOKEN_PATH", "hf_home", dir+"/hfhome/token")
	f(TokenLookup{}, "HF_TOKEN HUGGING_FACE_HUB_TOKEN HF_TOKEN_PATH HF_HOME", "hf_xdg", dir+"/xdg/huggingface/token")
	const none = "HF_TOKEN HUGGING_FACE_HUB_TOKEN HF_TOKEN_PATH HF_HOME XDG_CACHE_HOME"
	f(TokenLookup{}, none, "hf_default", dir+"/home/.cache/huggingface/token")
	all["HF_TOKEN_PATH"] = "~/../path"
	f(TokenLookup{}, "HF_TOKEN HUGGING_FACE_HUB_TOKEN", "hf_path", dir+"/home/../path")
	// A file that is missing or empty is no token; a variable of spaces is none.
	all["HF_TOKEN_PATH"], all["HF_TOKEN"] = dir+"/missing", " \n"
	f(TokenLookup{}, "HUGGING_FACE_HUB_TOKEN", "", "")
	all["HF_TOKEN_PATH"] = empty
	f(TokenLookup{}, "HUGGING_FACE_HUB_TOKEN", "", "")

	fails := func(l TokenLookup, texts ...string) {
		t.Helper()
		l.Getenv, l.Home = func(string) string { return "" }, dir+"/nowhere"
		got, err := ResolveToken(l)
		if err == nil || !got.IsZero() {
			t.Fatalf("%+v: expected an error, got %s", l, got)
		}
		for _, text := range texts {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("expected the error to say %q, got %q", text, err)
			}
		}
		if strings.Contains(err.Error(), "hf_") {
			t.Errorf("the error holds the token: %s", err)
		}
	}
	fails(TokenLookup{File: dir + "/missing"}, dir+"/missing")
	fails(TokenLookup{File: empty}, empty, "empty")
	fails(TokenLookup{File: dir})
	fails(TokenLookup{File: write("large", strings.Repeat("x", 70_000))}, "more than 65536 bytes")
	fails(TokenLookup{Token: "hf_two words"}, "the configuration", "position 7")
	fails(TokenLookup{File: write("env", "HF_TOKEN=hf_secret\n")}, "expected a token alone in "+dir+"/env, got HF_TOKEN= before it")
	fails(TokenLookup{File: write("shell", "export HUGGING_FACE_HUB_TOKEN='hf_secret'\n")}, "got HUGGING_FACE_HUB_TOKEN= before it")
	fails(TokenLookup{File: write("two", "hf_one\nhf_two\n")}, dir+"/two", "position 7")
}

// Whatever prints a token, or something that has it, does not show it.
func TestTokenIsNotShown(t *testing.T) {
	const value = "hf_DoNotShowThis"
	token, err := NewToken(value, "HF_TOKEN")
	if err != nil {
		t.Fatal(err)
	}
	held := struct {
		Public Token
		hidden Token
		q      *request
	}{token, token, &request{token: token}}
	client := New(Options{Token: StaticToken(token)})
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", token, "held", held, "client", client)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", token, "held", held)
	encoded, err := json.Marshal(held)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %q %v %+v %#v %v %+v %#v", token, token, token, token, token, held, held, held,
		client, client, client) + fmt.Sprint(token.fingerprint()) + log.String() + string(encoded)
	if strings.Contains(shown, value) {
		t.Errorf("the token shows in %s", shown)
	}
	if token.String() != "a token from HF_TOKEN" || (Token{}).String() != "no token" {
		t.Errorf("got %q and %q", token, Token{})
	}
}

func TestRedact(t *testing.T) {
	f := func(secret, text, want string) {
		t.Helper()
		token, err := NewToken(secret, "the test")
		if err != nil {
			t.Fatal(err)
		}
		if got := token.redact(text); got != want {
			t.Errorf("%q: expected %q, got %q", text, want, got)
		}
	}
	f("", "nothing", "nothing")
	f("hf_secret", "nothing", "nothing")
	f("hf_secretsecret", "hf_secretsecret", "<token>")
	f("hf_secretsecret", "a hf_secretsecret b hf_secretsecret", "a <token> b <token>")
	f("hf_secretsecret", "cut off: hf_secretse", "cut off: <token>")
	f("hf_secretsecret", "another: hf_secxx", "another: hf_secxx")
	f("hf_a+b/c=", "?token=hf_a%2Bb%2Fc%3D&x", "?token=<token>%3D&x")
	f("abc", "abcabc", "<token><token>")
}

func TestParseEndpoint(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		e, err := ParseEndpoint(s)
		if err != nil {
			t.Fatal(err)
		}
		if e.String() != want {
			t.Errorf("%q: expected %q, got %q", s, want, e)
		}
	}
	f("", "https://huggingface.co")
	f(" https://huggingface.co/ ", "https://huggingface.co")
	f("http://127.0.0.1:8080//", "http://127.0.0.1:8080")
	f("https://Mirror.example/hf/", "https://mirror.example/hf")
	f("https://[::1]:8443", "https://[::1]:8443")

	fails := func(s string) {
		t.Helper()
		_, err := ParseEndpoint(s)
		if err == nil || strings.Contains(err.Error(), "password1") {
			t.Errorf("%q: expected an error without the password, got %v", s, err)
		}
	}
	fails("huggingface.co")
	fails("ftp://huggingface.co")
	fails("https://")
	fails("https://:443")
	fails("https://user:password1@huggingface.co")
	fails("https://user:password1@%zz")
	fails("https://huggingface.co?token=x")
	fails("https://huggingface.co#x")

	env := map[string]string{"HF_ENDPOINT": "http://env.example/"}
	resolve := func(configured, want string) {
		t.Helper()
		e, err := ResolveEndpoint(configured, func(name string) string { return env[name] })
		if err != nil || e.String() != want {
			t.Errorf("%q: expected %q, got %q and %v", configured, want, e, err)
		}
	}
	resolve("http://configured.example", "http://configured.example")
	resolve("", "http://env.example")
	env["HF_ENDPOINT"] = ""
	resolve("", DefaultEndpoint)
	if _, err := ResolveEndpoint("", func(string) string { return "nowhere" }); err == nil || !strings.Contains(err.Error(), "HF_ENDPOINT") {
		t.Errorf("expected an error that names HF_ENDPOINT, got %v", err)
	}
}
