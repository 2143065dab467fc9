package hubsync

import (
	"context"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubsync/differ"
)

// moved adds to b what is stored of renamed repositories, under their new names.
func (c *Collector) moved(ctx context.Context, b history.Batch, moves []differ.Move) history.Batch {
	if len(moves) == 0 {
		return b
	}
	to := make(map[history.Repo]differ.Move, len(moves))
	var names []string
	for _, m := range moves {
		to[m.From] = m
		names = append(names, m.From.Name)
	}
	filter := history.Filter{Repos: names}
	b.Rows = c.movedRows(ctx, filter, to)
	b.Readings = c.movedReadings(ctx, filter, to)
	return b
}

// movedReadings streams the readings of renamed repositories.
func (c *Collector) movedReadings(ctx context.Context, f history.Filter, to map[history.Repo]differ.Move) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		for r, err := range c.Store.Readings(ctx, history.ReadingsQuery{Filter: f}) {
			if err != nil {
				yield(r, ofStore(ctx, err))
				return
			}
			m, ok := to[r.Repo]
			if !ok || r.HubID != "" && m.HubID != "" && r.HubID != m.HubID {
				continue // another repository that had the name before
			}
			if r.Repo = m.To; !yield(r, nil) {
				return
			}
		}
	}
}

// movedRows streams the records of renamed repositories.
func (c *Collector) movedRows(ctx context.Context, f history.Filter, to map[history.Repo]differ.Move) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		var out history.Rows
		index := make(map[history.Repo]uint32)
		q := history.RecordsQuery{Filter: f, Order: history.OrderRepo, Stored: true}
		for rows, err := range c.Store.Records(ctx, q) {
			if err != nil {
				yield(nil, ofStore(ctx, err)) // the Hub's answer was read before
				return
			}
			out.Reset()
			out.Version = rows.Version
			for i, n := range rows.Repo {
				m, ok := to[rows.Repos[n].Repo]
				if !ok {
					continue
				}
				name := m.To
				at, known := index[name]
				if !known {
					at = uint32(len(out.Repos))
					index[name] = at
					out.Repos = append(out.Repos, history.RepoTotal{Repo: name, Total: history.Unknown})
				}
				out.Append(at, rows.Day[i], rows.Downloads[i])
			}
			if out.Len() > 0 && !yield(&out, nil) {
				return
			}
		}
	}
}
