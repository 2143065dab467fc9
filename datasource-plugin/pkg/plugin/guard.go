package plugin

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// guard calls f and makes an error of its panic. what names the work. One query
// that fails in an unforeseen way must take neither the others of the panel nor,
// in a goroutine, the plugin with it.
func guard(ctx context.Context, what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			backend.Logger.FromContext(ctx).Error("A panic was stopped; please report it", "in", what,
				"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = &panicError{what}
		}
	}()
	return f()
}
