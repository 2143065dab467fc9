package connection

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
)

// secrets are what the settings of a data source keep secret. Who answers may quote
// back what was sent to it.
type secrets []string

// shortest is the length of what is too short to be taken for a secret: to replace
// it would make texts unreadable, and tell it.
const shortest = 6

func secretsOf(user string, decrypted map[string]string) secrets {
	var s secrets
	for _, value := range decrypted {
		if value = strings.TrimSpace(value); len(value) >= shortest {
			s = append(s, value)
		}
	}
	if p := decrypted["basicAuthPassword"]; p != "" {
		s = append(s, base64.StdEncoding.EncodeToString([]byte(user+":"+p)))
	}
	return s
}

// redact returns text without them.
func (s secrets) redact(text string) string { return httpx.Redact(text, "<secret>", s...) }

// redactError makes the text of the *Error in err one without secrets.
func (s secrets) redactError(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Text = s.redact(e.Text)
	}
	return err
}

// slogOf returns a logger that writes to Grafana's, without the secrets.
func slogOf(l log.Logger, s secrets) *slog.Logger { return slog.New(logHandler{to: l, secrets: s}) }

// logHandler is a slog.Handler over Grafana's logger, which sets the level. The
// client of the Hub, whose only user it is, opens no groups.
type logHandler struct {
	to      log.Logger
	secrets secrets
}

// Enabled implements slog.Handler.
func (h logHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	var attrs []slog.Attr
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	write := h.to.Debug
	switch {
	case r.Level >= slog.LevelError:
		write = h.to.Error
	case r.Level >= slog.LevelWarn:
		write = h.to.Warn
	case r.Level >= slog.LevelInfo:
		write = h.to.Info
	}
	write(r.Message, h.args(attrs)...)
	return nil
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{to: h.to.With(h.args(attrs)...), secrets: h.secrets}
}

func (h logHandler) args(attrs []slog.Attr) []any {
	args := make([]any, 0, 2*len(attrs))
	for _, a := range attrs {
		args = append(args, a.Key, h.secrets.redact(a.Value.Resolve().String()))
	}
	return args
}

// WithGroup implements slog.Handler: the keys stay as they are.
func (h logHandler) WithGroup(string) slog.Handler { return h }
