package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Limits bound what a query may take. A field that is 0 sets no bound.
type Limits struct {
	// Timeout is how long an answer may take to be found; for an export, how long
	// until it begins.
	Timeout time.Duration
	// MaxRows is the most rows of an answer: records, repositories or groups.
	MaxRows int64
}

// limits returns those that hold now.
func (a *handlers) limits() Limits {
	if a.options.Limits == nil {
		return Limits{}
	}
	return a.options.Limits()
}

// timeoutError is the cause that ends the context of a query that took too long.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("the query took longer than %s", e.after) }

// tooLong returns the error of a query that took too long, nil for another one.
func tooLong(ctx context.Context) *timeoutError {
	e, _ := errors.AsType[*timeoutError](context.Cause(ctx))
	return e
}

type deadlineKey struct{}

// timed gives a request the time that queries have. The function that it returns
// ends the request.
func (a *handlers) timed(r *http.Request) (*http.Request, func()) {
	after := a.limits().Timeout
	if after <= 0 {
		return r, func() {}
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	timer := time.AfterFunc(after, func() { cancel(&timeoutError{after}) })
	return r.WithContext(context.WithValue(ctx, deadlineKey{}, timer)), func() {
		timer.Stop()
		cancel(nil)
	}
}

// answered says that an answer begins: from then on it takes the time that its
// client takes. It returns an error if that came too late.
func answered(ctx context.Context) error {
	if timer, ok := ctx.Value(deadlineKey{}).(*time.Timer); ok {
		timer.Stop()
	}
	if e := tooLong(ctx); e != nil {
		return e
	}
	return nil
}

// tooMany is the fault of a question whose answer has more than most rows.
func tooMany(most int64, rows, less string) error {
	return &fault{
		status: http.StatusUnprocessableEntity,
		text:   fmt.Sprintf("expected an answer of at most %d %s, which is what query.max_rows allows, got more: %s", most, rows, less),
	}
}

// withinRows returns a fault if the export of q has more rows than may be. Where
// that does not follow from what the store holds they are counted.
func (a *handlers) withinRows(ctx context.Context, q history.RecordsQuery) error {
	most := a.limits().MaxRows
	if most <= 0 {
		return nil
	}
	o, err := a.store.Overview(ctx, history.OverviewQuery{Filter: q.Filter})
	if err != nil {
		return err
	}
	var held int64
	for _, g := range o.Groups {
		held += g.Records
	}
	if held <= most {
		return nil
	}
	n := int64(0)
	for rows, err := range a.store.Records(ctx, history.RecordsQuery{Filter: q.Filter, Period: q.Period, Order: history.OrderRepo}) {
		if err != nil {
			return err
		}
		if n += int64(rows.Len()); n > most {
			return tooMany(most, "records", "ask for fewer days or repositories")
		}
	}
	return nil
}
