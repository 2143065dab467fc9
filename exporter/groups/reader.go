package groups

import (
	"context"
	"iter"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Reader returns the history of below, of which groups can be asked for.
func (g *Groups) Reader(below history.Reader) history.Reader { return &reader{g, below} }

type reader struct {
	groups *Groups
	below  history.Reader
}

// Overview implements history.Reader. Sums by group are as many questions as there are groups.
func (r *reader) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	now, byGroup := r.groups.current.Load(), q.ByGroup
	names := now.names
	if len(q.Filter.Groups) > 0 {
		names = slices.Compact(slices.Sorted(slices.Values(q.Filter.Groups)))
	}
	filter := q.Filter
	ask := func(q history.OverviewQuery) (o history.Overview, err error) {
		if q.Filter, err = now.filter(q.Filter); err == nil {
			o, err = r.below.Overview(ctx, q)
		}
		return o, err
	}
	if q.ByGroup = false; !byGroup {
		return ask(q)
	}
	whole := history.OverviewQuery{Filter: filter, Period: q.Period}
	out, err := ask(whole)
	if err != nil {
		return out, err
	}
	all := out.Sum()
	out.All, out.Groups = &all, nil
	for _, name := range names {
		q.Filter.Groups = []string{name}
		o, err := ask(q)
		if err != nil {
			return out, err
		}
		for _, sums := range o.Groups {
			sums.Group = name
			out.Groups = append(out.Groups, sums)
		}
	}
	return out, nil
}

// Repos implements history.Reader.
func (r *reader) Repos(ctx context.Context, q history.ReposQuery) (page history.ReposPage, err error) {
	if q.Filter, err = r.groups.current.Load().filter(q.Filter); err == nil {
		page, err = r.below.Repos(ctx, q)
	}
	return page, err
}

// Records implements history.Reader.
func (r *reader) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return stream(r, q.Filter, func(f history.Filter) iter.Seq2[*history.Rows, error] {
		q.Filter = f
		return r.below.Records(ctx, q)
	})
}

// Counts implements history.Reader.
func (r *reader) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return stream(r, f, func(f history.Filter) iter.Seq2[history.Counts, error] { return r.below.Counts(ctx, f) })
}

// Readings implements history.Reader.
func (r *reader) Readings(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
	return stream(r, q.Filter, func(f history.Filter) iter.Seq2[history.Reading, error] {
		q.Filter = f
		return r.below.Readings(ctx, q)
	})
}

// stream asks for what f selects.
func stream[T any](r *reader, f history.Filter, ask func(history.Filter) iter.Seq2[T, error]) iter.Seq2[T, error] {
	f, err := r.groups.current.Load().filter(f)
	if err == nil {
		return ask(f)
	}
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}
