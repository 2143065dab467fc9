package connection

import (
	"context"
	"log/slog"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
)

// slogOf returns a logger that writes to Grafana's, without the secrets.
func slogOf(l log.Logger, s secrets) *slog.Logger { return slog.New(logHandler{to: l, secrets: s}) }

// logHandler is a slog.Handler over Grafana's logger. The client of the Hub, whose
// only user it is, opens no groups.
type logHandler struct {
	to      log.Logger
	secrets secrets
}

// Enabled implements slog.Handler. Grafana sets the level.
func (h logHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	var attrs []slog.Attr
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	args := h.args(attrs)
	switch {
	case r.Level >= slog.LevelError:
		h.to.Error(r.Message, args...)
	case r.Level >= slog.LevelWarn:
		h.to.Warn(r.Message, args...)
	case r.Level >= slog.LevelInfo:
		h.to.Info(r.Message, args...)
	default:
		h.to.Debug(r.Message, args...)
	}
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
