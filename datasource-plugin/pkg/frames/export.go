package frames

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// exportTable answers with the records themselves, as many as the limit allows. The
// stream of the store is ended once there are more.
func exportTable(ctx context.Context, store history.Reader, q query.Export) (data.Frames, error) {
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

// recordFrame is a frame of the export format that takes rows without a memory
// allocation for each.
type recordFrame struct {
	frame *data.Frame

	repoType, repoName, total, timestamp, downloads *data.Field
}

func newRecordFrame() *recordFrame {
	r := &recordFrame{
		repoType: describe(data.NewField("repoType", nil, []string{}),
			"Repo type", "", "What the repository holds: model, dataset, space or another word of the Hub."),
		repoName: describe(data.NewField("repoName", nil, []string{}),
			"Repo", "", "Full name of the repository."),
		total: describe(data.NewField("total", nil, []*int64{}),
			"Total", unitCount, "The Hub's cumulative number of downloads of the repository. It need not equal the sum of its days."),
		timestamp: describe(data.NewField("timestamp", nil, []time.Time{}),
			"Day", unitDay, "The UTC day, as its first instant."),
		downloads: describe(data.NewField("downloads", nil, []int64{}),
			"Downloads", unitCount, "Downloads of the repository on that day."),
	}
	r.frame = newFrame(nameExport, data.FrameTypeTable, r.repoType, r.repoName, r.total, r.timestamp, r.downloads)
	return r
}

// resize makes the frame n rows long. What new rows hold is to be filled in.
func (r *recordFrame) resize(n int) {
	for _, f := range r.frame.Fields {
		if more := n - f.Len(); more > 0 {
			f.Extend(more)
		}
		for f.Len() > n {
			f.Delete(f.Len() - 1) // nothing moves
		}
	}
}

// fill sets the rows from at on to the first n of a block. PointerAt spares the
// value an allocation, which Set costs.
func (r *recordFrame) fill(at int, rows *history.Rows, n int) {
	day, t := history.NoDay, time.Time{}
	for i := range n {
		repo := &rows.Repos[rows.Repo[i]]
		*r.repoType.PointerAt(at + i).(*string) = string(repo.Repo.Type)
		*r.repoName.PointerAt(at + i).(*string) = repo.Repo.Name
		total := &repo.Total
		if repo.Total == history.Unknown {
			total = nil
		}
		*r.total.PointerAt(at + i).(**int64) = total
		if d := rows.Day[i]; d != day {
			day, t = d, d.Time()
		}
		*r.timestamp.PointerAt(at + i).(*time.Time) = t
		*r.downloads.PointerAt(at + i).(*int64) = rows.Downloads[i]
	}
}
