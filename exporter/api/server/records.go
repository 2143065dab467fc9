package server

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// records answers with records in the format of the parameter format or,
// without it, of the header Accept.
func (a *handlers) records(w http.ResponseWriter, r *http.Request) error {
	q, err := wire.Records.Decode(r.URL.RawQuery)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	if q.Format == 0 {
		if q.Format, err = acceptedFormat(r.Header); err != nil {
			return err
		}
	}
	if a.notModified(w, r, a.Revision(), wire.RecordsRoute, wire.Records.Encode(q)) {
		return nil
	}
	return a.export(w, r, q)
}

// acceptedFormat returns the format that the header Accept wants most, of equals
// the first of format.Files.
func acceptedFormat(h http.Header) (best format.Format, err error) {
	var quality float64
	for _, f := range format.Files() {
		if q := httpx.Quality(h, f.MediaTypes()...); q > quality {
			best, quality = f, q
		}
	}
	if best == 0 {
		return 0, faultf(http.StatusNotAcceptable, "expected text/csv, application/x-ndjson or application/vnd.apache.parquet in the Accept header, got %s",
			textenc.Quote(strings.Join(h.Values("Accept"), ",")))
	}
	return best, nil
}

// hub answers as the Hub does: the whole history of an organization, in the
// order of time.
func (a *handlers) hub(w http.ResponseWriter, r *http.Request) error {
	if _, err := wire.NoParams.Decode(r.URL.RawQuery); err != nil {
		return err
	}
	org := r.PathValue("org")
	revision := a.Revision()
	q := wire.RecordsQuery{Format: format.CSV}
	q.Filter.Orgs = []string{org}
	o, err := a.sums(r.Context(), q.Filter)
	if err != nil {
		return err
	}
	if len(o.Groups) == 0 {
		f := faultf(http.StatusNotFound, "expected an organization with a known repository, got %s", textenc.Quote(org))
		w.Header().Set("X-Error-Message", strconv.QuoteToASCII(f.Message))
		return f
	}
	if a.notModified(w, r, revision, wire.HubRoute, org) {
		return nil
	}
	return a.export(w, r, q)
}

// export streams records as a file.
func (a *handlers) export(w http.ResponseWriter, r *http.Request, q wire.RecordsQuery) error {
	days := history.Days{From: q.Period.From, To: q.Period.To}
	open := q.Period.Kind != history.Range || days.From == history.NoDay || days.To == history.NoDay
	if most := a.Limits().MaxRows; open || most > 0 || a.Reserve != nil {
		o, err := a.sums(r.Context(), q.Filter)
		if err != nil {
			return err
		}
		if open {
			days, _, _ = q.Period.Resolve(o.Recorded)
		}
		sum := o.Sum()
		if most > 0 && sum.Records > most {
			if err := a.checkRecords(r.Context(), q.RecordsQuery, most); err != nil {
				return err
			}
		}
		if err := a.reserve(w, r, sum.Repos); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", q.Format.ContentType())
	w.Header().Set("Content-Disposition", `attachment; filename="`+q.Format.FileName(q.Filter, days)+`"`)
	if r.Method == http.MethodHead {
		return nil
	}
	return a.stream(w, r, func(out io.Writer) error {
		_, err := export.Write(r.Context(), out, q.Format, q.Stored || q.Versions, a.store.Records(r.Context(), q.RecordsQuery))
		return err
	})
}

// exportBytes is about how much memory an export takes for each of its repositories, for the
// names and the text that is made of them, and for the days that are spread out.
const exportBytes = 192

// retryAfter is after how many seconds to ask again for what there was no room for.
const retryAfter = "5"

// reserve returns a fault if there is no memory now for an export of so many repositories.
func (a *handlers) reserve(w http.ResponseWriter, r *http.Request, repos int) error {
	if a.Reserve == nil || r.Method == http.MethodHead || a.Reserve(r.Context(), int64(repos)*exportBytes) {
		return nil
	}
	w.Header().Set("Retry-After", retryAfter)
	return faultf(http.StatusTooManyRequests, "the exports that are being answered take all memory that there is for exports (web.max_export_bytes), "+
		"and this one is of %d repositories; ask again in %s s, or for fewer repositories", repos, retryAfter)
}

// sums returns the overview of what a filter selects. The last one is kept: whoever was
// refused asks again and again.
func (a *handlers) sums(ctx context.Context, f history.Filter) (history.Overview, error) {
	revision := a.Revision()
	if last := a.last.Load(); last != nil && revision != "" && last.revision == revision && reflect.DeepEqual(last.filter, f) {
		return last.Overview, nil
	}
	o, err := a.store.Overview(ctx, history.OverviewQuery{Filter: f})
	if err == nil {
		a.last.Store(&sums{revision, f, o})
	}
	return o, err
}

// sums are the overview of a filter at a revision.
type sums struct {
	revision string
	filter   history.Filter
	history.Overview
}

// checkRecords returns a fault if the export of q has more rows than most, by counting
// them: what the store holds of the repositories is more.
func (a *handlers) checkRecords(ctx context.Context, q history.RecordsQuery, most int64) error {
	n := int64(0)
	for rows, err := range a.store.Records(ctx, history.RecordsQuery{Filter: q.Filter, Period: q.Period, Order: history.OrderRepo}) {
		if err != nil {
			return err
		}
		if n += int64(rows.Len()); n > most {
			return tooMany(most, "records", "request fewer days or repositories")
		}
	}
	return nil
}
