package frames

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// exportTable answers with the records themselves, as many as the limit allows. The
// stream of the store is ended once there are more.
func exportTable(ctx context.Context, store history.Reader, q query.Query) (data.Frames, error) {
	r := newRecordFrame()
	cut := false
	for rows, err := range store.Records(ctx, history.RecordsQuery{Filter: q.Filter, Period: q.Days(), Order: q.Order}) {
		if err != nil {
			return nil, err
		}
		at, n := r.downloads.Len(), rows.Len()
		if q.Limit > 0 && n > q.Limit-at {
			n, cut = q.Limit-at, true
		}
		r.resize(at + n)
		r.fill(at, rows, n)
		if cut {
			break
		}
	}
	if r.downloads.Len() == 0 {
		return data.Frames{newFrame(nameExport, data.FrameTypeTable)}, nil
	}
	if cut {
		warn(r.frame, "Only the first %d records are shown. There are more: the CSV link, resources/export.csv of this data source, "+
			"gives all of them. A larger limit shows more here.", q.Limit)
	}
	return data.Frames{r.frame}, nil
}
