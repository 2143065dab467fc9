package hub

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// Token is an access token of the Hub. Printing, logging or encoding one shows
// where it came from and never what it is. The zero value is no token: the Hub
// then sees an anonymous caller.
type Token struct {
	secret *string // a pointer, so that no verb of fmt reaches what it points to
	source string
}

// NewToken returns a token, surrounding space removed; "" is no token. source
// says where it came from, for logs. Characters that a bearer token cannot have
// are an error, which does not quote the token.
func NewToken(value, source string) (Token, error) {
	value = strings.TrimSpace(value)
	if value == "" {
		return Token{}, nil
	}
	if i := strings.IndexFunc(value, notInToken); i >= 0 {
		return Token{}, fmt.Errorf("expected a token of only letters, digits, and - . _ ~ + / = from %s, "+
			"got another character at position %d", source, i+1)
	}
	return Token{secret: &value, source: source}, nil
}

// notInToken reports whether RFC 6750 has no place for r in a bearer token.
func notInToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		strings.ContainsRune("-._~+/=", r))
}

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t.secret == nil }

// Source says where the token came from, "" for no token.
func (t Token) Source() string { return t.source }

// String returns "a token from ..." or "no token".
func (t Token) String() string {
	if t.IsZero() {
		return "no token"
	}
	return "a token from " + t.source
}

// GoString returns what String returns.
func (t Token) GoString() string { return t.String() }

// reveal returns the token itself, for the Authorization header only.
func (t Token) reveal() string {
	if t.secret == nil {
		return ""
	}
	return *t.secret
}

// fingerprint distinguishes tokens without revealing one.
func (t Token) fingerprint() [sha256.Size]byte { return sha256.Sum256([]byte(t.reveal())) }

// TokenLookup says where to look for a token.
type TokenLookup struct {
	// Token and File are the configuration's token and token_file; Source says where
	// Token is from, "the configuration" if "".
	Token, File, Source string
	// Getenv is os.Getenv if nil; Home is the user's home directory, asked of
	// the system if "".
	Getenv func(string) string
	Home   string
}

// tokenVariables are the variables of the environment that may have a token.
var tokenVariables = []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}

// ResolveToken returns the first token found in this order:
//
//  1. Token of the lookup
//  2. the file File of the lookup; it has to exist and to hold a token
//  3. the environment variable HF_TOKEN
//  4. the environment variable HUGGING_FACE_HUB_TOKEN
//  5. the Hub's own token file: HF_TOKEN_PATH, or else $HF_HOME/token, or else
//     $XDG_CACHE_HOME/huggingface/token, or else ~/.cache/huggingface/token
//
// A variable or token file of the Hub that is empty or missing is passed over.
// Without any there is no token and no error. It reads files at each call.
func ResolveToken(l TokenLookup) (Token, error) {
	if l.Getenv == nil {
		l.Getenv = os.Getenv
	}
	if t, err := NewToken(l.Token, cmp.Or(l.Source, "the configuration")); err != nil || !t.IsZero() {
		return t, err
	}
	if l.File != "" {
		t, err := readToken(l.File)
		if err == nil && t.IsZero() {
			err = fmt.Errorf("expected a token in %s, got an empty file", l.File)
		}
		return t, err
	}
	for _, name := range tokenVariables {
		if t, err := NewToken(l.Getenv(name), name); err != nil || !t.IsZero() {
			return t, err
		}
	}
	file, named := l.hubFile()
	if file == "" {
		return Token{}, nil
	}
	t, err := readToken(file)
	// A service often may not look into the home directory it was given.
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) && !named {
		return Token{}, nil
	}
	return t, err
}

// hubFile returns the Hub's own token file, and whether the environment names it.
func (l TokenLookup) hubFile() (file string, named bool) {
	if f := l.Getenv("HF_TOKEN_PATH"); f != "" {
		return l.expand(f), true
	}
	if d := l.Getenv("HF_HOME"); d != "" {
		return filepath.Join(l.expand(d), "token"), true
	}
	if d := l.Getenv("XDG_CACHE_HOME"); d != "" {
		return filepath.Join(l.expand(d), "huggingface", "token"), false
	}
	if home := l.home(); home != "" {
		return filepath.Join(home, ".cache", "huggingface", "token"), false
	}
	return "", false
}

// expand puts the home directory in place of a "~" at the start, as the Hub's
// own library does.
func (l TokenLookup) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		return l.home() + rest
	}
	return path
}

func (l TokenLookup) home() string {
	home, _ := os.UserHomeDir() // "" if there is none
	return cmp.Or(l.Home, home)
}

// maxTokenFile bounds a token file: a larger one is another file.
const maxTokenFile = 64 << 10

func readToken(file string) (Token, error) {
	text, err := parallel.ReadFile(file, maxTokenFile+1)
	if err != nil {
		return Token{}, fmt.Errorf("cannot read a token: %w", err)
	}
	if len(text) > maxTokenFile {
		return Token{}, fmt.Errorf("expected a token in %s, got a file of more than %d bytes", file, maxTokenFile)
	}
	// Some copy the line of a shell or of a file of the environment.
	if name, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(text)), "export "), "="); ok && slices.Contains(tokenVariables, name) {
		return Token{}, fmt.Errorf("expected a token alone in %s, got %s= before it: remove all but the token", file, name)
	}
	return NewToken(string(text), file)
}

// IsUsual reports whether the token is as the Hub writes access tokens: "hf_", and
// letters and digits. Another may be good at another endpoint.
func (t Token) IsUsual() bool {
	rest, ok := strings.CutPrefix(t.reveal(), "hf_")
	return ok && len(rest) >= 16 && !strings.ContainsAny(rest, "-._~+/=")
}
