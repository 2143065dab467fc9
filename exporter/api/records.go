package api

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// exportBuffer is how much of an export is held back. An export that fails
// within it is answered with an error, like any other request.
const exportBuffer = 64 << 10

// records answers with records in the format of the parameter format or,
// without it, of the header Accept.
func (a *handlers) records(w http.ResponseWriter, r *http.Request) error {
	p := readParams(r.URL.RawQuery)
	q := readRecords(p)
	format := parsed(p, "format", export.CSV, parseFormat)
	if err := p.done(); err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	if !p.values.Has("format") {
		var err error
		if format, err = acceptedFormat(r.Header); err != nil {
			return err
		}
	}
	if a.notModified(w, r, a.revision(), recordsRoute, p.values.Encode(), format.String()) {
		return nil
	}
	days, err := a.daysOfPeriod(r.Context(), q.Period)
	if err != nil {
		return err
	}
	return a.export(w, r, q, format, fileName(q.Filter, days, format))
}

// parseFormat reads a format of files, or that of Client.
func parseFormat(s string) (export.Format, error) {
	if s == export.Rows.String() {
		return export.Rows, nil
	}
	return export.ParseFormat(s)
}

// hub answers as the Hub does: the whole history of an organisation, in the
// order of time.
func (a *handlers) hub(w http.ResponseWriter, r *http.Request) error {
	p := readParams(r.URL.RawQuery)
	if err := p.done(); err != nil {
		return err
	}
	org := r.PathValue("org")
	revision := a.revision()
	q := history.RecordsQuery{Filter: history.Filter{Orgs: []string{org}}}
	o, err := a.store.Overview(r.Context(), history.OverviewQuery{Filter: q.Filter})
	if err != nil {
		return err
	}
	if len(o.Groups) == 0 {
		text := "expected an organisation with a known repository, got " + quote(org)
		w.Header().Set("X-Error-Message", strconv.QuoteToASCII(text))
		return &fault{status: http.StatusNotFound, text: text}
	}
	if a.notModified(w, r, revision, hubRoute, org) {
		return nil
	}
	return a.export(w, r, q, export.CSV, fileName(q.Filter, o.Recorded, export.CSV))
}

// daysOfPeriod returns the days of a period. Only an open one asks the store.
func (a *handlers) daysOfPeriod(ctx context.Context, p history.Period) (history.Days, error) {
	if p.Kind == history.Range && p.From != history.NoDay && p.To != history.NoDay {
		return history.Days{From: p.From, To: p.To}, nil
	}
	o, err := a.store.Overview(ctx, history.OverviewQuery{})
	if err != nil {
		return history.NoDays, err
	}
	days, _, _ := p.Resolve(o.Recorded)
	return days, nil
}

// export streams records as a file of that name.
func (a *handlers) export(w http.ResponseWriter, r *http.Request, q history.RecordsQuery, format export.Format, name string) error {
	if err := a.withinRows(r.Context(), q); err != nil {
		return err
	}
	w.Header().Set("Content-Type", format.ContentType())
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	if r.Method == http.MethodHead {
		return nil
	}
	out := &stallGuard{w: w, control: http.NewResponseController(w), timeout: a.stall, begin: func() error { return answered(r.Context()) }}
	buf := bufio.NewWriterSize(out, exportBuffer)
	write := export.Write
	if q.Versions {
		write = export.WriteVersions
	}
	n, err := write(r.Context(), buf, format, a.store.Records(r.Context(), q))
	if err == nil {
		err = buf.Flush()
	}
	switch {
	case err == nil:
		return nil
	case !out.started && tooLong(r.Context()) != nil:
		return err
	case out.err != nil && errors.Is(out.err, os.ErrDeadlineExceeded):
		a.log.Warn("An export was dropped, as its client took nothing", "path", r.URL.Path, "records", n, "for", a.stall)
	case out.err != nil || r.Context().Err() != nil:
		a.log.Debug("The client of an export has gone", "path", r.URL.Path, "records", n)
	case !out.started:
		return err
	default:
		a.log.Error("An export was broken off", "path", r.URL.Path, "query", cut(r.URL.RawQuery), "records", n, "err", err)
	}
	panic(http.ErrAbortHandler)
}

// stallGuard gives each write a time by which it must be done.
type stallGuard struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	// begin is asked before the first write.
	begin   func() error
	started bool
	err     error // of a write
}

func (g *stallGuard) Write(b []byte) (int, error) {
	if !g.started {
		if err := g.begin(); err != nil {
			return 0, err
		}
		g.started = true
	}
	// Where deadlines are not supported there are none.
	g.control.SetWriteDeadline(time.Now().Add(g.timeout)) //nolint:errcheck
	n, err := g.w.Write(b)
	// HTTP/2 would end the stream at the deadline even with nothing to write.
	g.control.SetWriteDeadline(time.Time{}) //nolint:errcheck
	if err != nil {
		g.err = err
	}
	return n, err
}
