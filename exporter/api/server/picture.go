package server

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/picture"
)

// pictureCaching lets clients and the proxies of other sites keep pictures for as long as
// shields.io does, and then ask whether they have changed.
const pictureCaching = "max-age=300"

// picturePolicy is for SVG, which may be opened as a page: it loads and runs nothing.
const picturePolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

// badge answers with a badge. That nothing matches is what the badge says, with status 200 as
// shields.io does: an image of another status is not shown.
func (a *handlers) badge(w http.ResponseWriter, r *http.Request) error {
	q, err := wire.Badge.Decode(r.URL.RawQuery)
	if err != nil {
		return err
	}
	color, err := picture.ParseColor(q.Color)
	if err != nil {
		return &wire.Fault{Field: "color", Message: err.Error()}
	}
	if err := picture.CheckLabel(q.Label, q.Format == wire.PNG); err != nil {
		return &wire.Fault{Field: "label", Message: err.Error()}
	}
	return a.picture(w, r, q.Format, wire.BadgeRoute, wire.Badge.Encode(q), func(ctx context.Context) (body, error) {
		b, err := picture.CountBadge(ctx, a.store, q.Filter, q.Period)
		if isUnknownGroup(err) {
			b, err = picture.NotFound(), nil
		}
		b.Label = q.Label
		if !b.IsError {
			b.Color = color
		}
		return func(w io.Writer) error { return b.Write(w, q.Format, q.Scale) }, err
	})
}

// chart returns a handler of charts in a format.
func (a *handlers) chart(route string, format wire.PictureFormat) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		q, err := wire.Chart.Decode(r.URL.RawQuery)
		if err != nil {
			return err
		}
		if err := picture.CheckLabel(q.Title, format == wire.PNG); err != nil {
			return &wire.Fault{Field: "title", Message: err.Error()}
		}
		return a.picture(w, r, format, route, wire.Chart.Encode(q), func(ctx context.Context) (body, error) {
			c, err := picture.CountChart(ctx, a.store, q.Filter, q.Period, picture.Bars(q.Width))
			if isUnknownGroup(err) {
				c, err = picture.NewChart(history.NoDays, history.NoDays, nil, 0), nil
			}
			frame := picture.Frame{Title: q.Title, Width: q.Width, Height: q.Height, Dark: q.Theme == wire.Dark}
			return func(w io.Writer) error {
				if format == wire.PNG {
					return c.WritePNG(w, frame, q.Scale)
				}
				return c.WriteSVG(w, frame)
			}, err
		})
	}
}

// isUnknownGroup reports whether a group is none of the configuration. Unlike other answers,
// pictures do not name those that are: they may be public.
func isUnknownGroup(err error) bool {
	fault, ok := errors.AsType[*wire.Fault](err)
	return ok && fault.Field == "group"
}

// picture answers with what draw draws, unless the client has it.
func (a *handlers) picture(w http.ResponseWriter, r *http.Request, format wire.PictureFormat, route, query string, draw func(context.Context) (body, error)) error {
	h := w.Header()
	h.Set("Cache-Control", pictureCaching)
	if format == wire.SVG {
		h.Set("Content-Security-Policy", picturePolicy)
	}
	if a.notModified(w, r, a.Revision(), route, query) {
		return nil
	}
	write, err := draw(r.Context())
	if err != nil {
		return err
	}
	h.Set("Content-Type", wire.Types[format])
	return a.stream(w, r, write)
}
