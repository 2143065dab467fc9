package plugin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/client"
)

// outcome says how a query or an export ended. It is a label of the metrics.
type outcome string

const (
	succeeded outcome = "ok"
	// invalid is what was asked wrongly, settings among it.
	invalid outcome = "invalid"
	// upstream is a fault of the exporter, of the Hub, or of the way to them.
	upstream outcome = "upstream"
	timedOut outcome = "timeout"
	// cancelled is the end of the client: of the browser, or of Grafana.
	cancelled outcome = "cancelled"
	// defect is a fault of the plugin.
	defect outcome = "defect"
)

// statusCancelled is what proxies answer a client that has gone.
const statusCancelled backend.Status = 499

// fault is an error as Grafana is told of it.
type fault struct {
	outcome outcome
	status  backend.Status
	source  backend.ErrorSource
	// field is the member of the query or the parameter at fault, "" if it is none.
	field string
	// text is what is wrong, without the field.
	text string
	err  error
}

// Error tells what is wrong, with the field.
func (f *fault) Error() string { return f.err.Error() }

// Unwrap returns the error that the fault was made of.
func (f *fault) Unwrap() error { return f.err }

// faultOf tells what to answer for err. ctx is that of the request.
func faultOf(ctx context.Context, err error) *fault {
	f := &fault{outcome: upstream, status: backend.StatusBadGateway, source: backend.ErrorSourceDownstream, text: err.Error(), err: err}
	switch {
	case as[*fault](err, func(e *fault) { f = e }):
	case as[*query.Error](err, func(e *query.Error) { f.field, f.text = e.Field, e.Message }):
		f.outcome, f.status, f.source = invalid, backend.StatusBadRequest, backend.ErrorSourcePlugin
	case as[*settingsError](err, nil):
		f.outcome, f.status = invalid, backend.StatusBadRequest
	case as[*panicError](err, nil), backend.IsPluginError(err):
		f.outcome, f.status, f.source = defect, backend.StatusInternal, backend.ErrorSourcePlugin
	case errors.Is(ctx.Err(), context.Canceled):
		f.outcome, f.status = cancelled, statusCancelled
	case ctx.Err() != nil:
		f.outcome, f.status = timedOut, backend.StatusTimeout
		f.text = "the answer did not come within the time that Grafana gives: " + f.text
		f.err = errors.New(f.text)
	case isTimeout(err):
		f.outcome, f.status = timedOut, backend.StatusTimeout
	case as[*client.Error](err, func(e *client.Error) { f.field = e.Field }):
		// What the exporter refuses to answer is the fault of what was asked.
		if e := (*client.Error)(nil); errors.As(err, &e) && e.Status == http.StatusBadRequest {
			f.outcome, f.status = invalid, backend.StatusBadRequest
		}
	}
	return f
}

// as reports whether err is or wraps an error of type E, and hands it to use if
// that is not nil.
func as[E error](err error, use func(E)) bool {
	e, ok := errors.AsType[E](err)
	if ok && use != nil {
		use(e)
	}
	return ok
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// panicError is a panic that was stopped. What it says is in the log: it may
// quote what is nobody's business.
type panicError struct{ what string }

func (e *panicError) Error() string {
	return fmt.Sprintf("the plugin crashed during %s; this is a bug: for details, see the log of Grafana", e.what)
}

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
