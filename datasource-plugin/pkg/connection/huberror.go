package connection

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/plausible"
)

// errClosed answers who asks a connection that another one took the place of.
var errClosed = failure(KindClosed, context.Canceled, "the settings of the data source have changed in the meantime: retry the query")

// explain makes an error of a load one for the user, in one sentence.
func (c *hubConnection) explain(err error) error {
	return c.secrets.redactError(c.explained(err))
}

func (c *hubConnection) explained(err error) error {
	at, org := c.endpoint.String(), c.organization
	if memory, ok := errors.AsType[*history.MemoryError](err); ok {
		return failure(KindMemory, err, "the history of %s needs more memory than the %d MiB that the data source may use (%d records were read): raise its memory limit, or run the exporter and connect to it",
			org, c.memoryLimit>>20, memory.Rows)
	}
	if doubt, ok := errors.AsType[*plausible.Error](err); ok {
		return failure(KindImplausible, err, "the export of %s from %s is implausible: %s; it will be accepted if later exports agree until %s, or once the settings of the data source are saved again",
			org, at, doubt.What, doubt.Until.UTC().Format(minutes))
	}
	e, ok := errors.AsType[*hub.Error](err)
	if !ok {
		if _, ok := errors.AsType[*history.InputErrors](err); ok {
			return failure(KindMalformed, err, "the export of %s from %s contradicts itself (%s): report this to the Hub", org, at, oneLine(err))
		}
		return failure(KindMalformed, err, "the export of %s from %s could not be read: %s", org, at, oneLine(err))
	}
	said := saidBy(e)
	switch e.Kind {
	case hub.KindAuth:
		if c.token.IsZero() {
			return failure(KindAuth, err, "%s provides publisher analytics only to members of %s%s: enter a token of a member in the settings of the data source", at, org, said)
		}
		return failure(KindAuth, err, "%s does not know the token of this data source%s: enter a valid token of a member of %s", at, said, org)
	case hub.KindForbidden:
		return failure(KindForbidden, err, "%s denies access to the publisher analytics of %s%s: they require a Team or Enterprise plan, and a token that can read the settings of the organization", at, org, said)
	case hub.KindNotFound:
		return failure(KindNotFound, err, "%s has no organization %s, or does not show it to this token%s: check the name", at, org, said)
	case hub.KindRateLimited:
		return failure(KindRateLimited, err, "%s has reached the rate limit of this token%s: other programs may be using it, so give this data source a token of its own", at, said)
	case hub.KindServer:
		return failure(KindServer, err, "%s has an internal error%s: the plugin will retry soon", at, said)
	case hub.KindTimeout, hub.KindNetwork:
		if w, ok := networkCause(err); ok {
			return failure(w.kind, err, "cannot reach %s: %s; %s", at, w.what, w.advice)
		}
		if e.Kind == hub.KindTimeout {
			return failure(KindTimeout, err, "%s did not respond in time: %s; if this persists, set a longer timeout", at, oneLine(e.Err))
		}
		return failure(KindBroken, err, "cannot reach %s: %s; the plugin will retry soon", at, oneLine(e.Err))
	}
	if e.Err != nil {
		said = ": " + oneLine(e.Err)
	}
	return failure(KindMalformed, err, "the response of %s is not an export of %s%s; check the endpoint", at, org, said)
}

// saidBy quotes the status of an answer and what it says.
func saidBy(e *hub.Error) string {
	text := e.Message
	if text == "" {
		text = e.Detail
	}
	switch {
	case e.Status == 0 || e.Status == http.StatusOK:
		return ""
	case text == "":
		return fmt.Sprintf(" (%d)", e.Status)
	}
	return fmt.Sprintf(" (%d, %q)", e.Status, text)
}

// neverLoaded is the error of a history that is not there.
func neverLoaded(s state) error {
	if s.err == nil {
		return errClosed
	}
	return s.err
}

// stillLoading is the error of who did not wait for the first load.
func (c *hubConnection) stillLoading(ctx context.Context, s state) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	var read int64
	if export := c.reading.Load(); export != nil {
		read = export.Bytes()
	}
	return failure(KindTimeout, ctx.Err(), "the downloads of %s are being loaded from %s for the first time (%d MiB in %s so far): loading continues, retry the query later",
		c.organization, c.endpoint, read>>20, time.Since(s.since).Round(time.Second))
}

// minutes is the layout of times.
const minutes = "2006-01-02 15:04 UTC"

// notice says that what is shown is old because the Hub could not be read since,
// "" if it is not.
func (c *hubConnection) notice(s state) string {
	if s.err == nil {
		return ""
	}
	return fmt.Sprintf("Showing the downloads as collected on %s: the refresh at %s failed: %s",
		s.collected.UTC().Format(minutes), s.failed.UTC().Format(minutes), s.err)
}
