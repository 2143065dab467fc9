package plugin

import (
	"context"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/concurrent"
	"go.opentelemetry.io/otel/attribute"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/frames"
	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
)

// sideBySide is how many queries of a request are answered at the same time. A
// request has those of one panel.
const sideBySide = 4

// QueryData answers the queries of a panel, an alert rule, an annotation or a
// variable, side by side. What is wrong with one of them is in its own response.
func (d *Datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	return concurrent.QueryData(ctx, req, d.answer, sideBySide)
}

// answer answers one query, and measures it.
func (d *Datasource) answer(ctx context.Context, asked concurrent.Query) backend.DataResponse {
	start := time.Now()
	what := query.Type("unknown") // as long as it is not decoded
	ctx, end := startSpan(ctx, "query", attribute.String("ref_id", asked.DataQuery.RefID))
	var out data.Frames
	err := guard(ctx, "a query", func() error {
		q, err := query.Decode(asked.DataQuery)
		if err != nil {
			return err
		}
		what = q.Base().Type
		out, err = d.frames(ctx, q)
		return err
	})
	resp, result := backend.DataResponse{Frames: out, Status: backend.StatusOK}, succeeded
	if err != nil {
		f := faultOf(ctx, err)
		result = f.outcome
		resp = backend.DataResponse{Error: f, Status: f.status, ErrorSource: f.source}
	}
	end(err, attribute.String("type", string(what)), attribute.Int("frames", len(out)))
	d.metrics.query(what, result, time.Since(start))
	return resp
}

// frames asks the store what q asks for.
func (d *Datasource) frames(ctx context.Context, q query.Query) (data.Frames, error) {
	store, notice, err := d.conn.Reader(ctx)
	if err != nil {
		return nil, err
	}
	out, err := frames.Answer(ctx, store, q, d.conn.HubURL())
	if err != nil {
		return nil, err
	}
	warn(out, notice)
	return out, nil
}

// warn puts a notice on each frame, unless it is empty. Grafana shows it in the
// corner of the panel.
func warn(frames data.Frames, notice string) {
	if notice == "" {
		return
	}
	for _, f := range frames {
		meta := data.FrameMeta{}
		if f.Meta != nil {
			meta = *f.Meta // frames may share one
		}
		meta.Notices = append(slices.Clip(meta.Notices),
			data.Notice{Severity: data.NoticeSeverityWarning, Text: notice})
		f.Meta = &meta
	}
}
