package migrate

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Summary is what two histories have in common.
type Summary struct {
	Repos, Records, Readings int64
	// Downloads is the sum of the records, or the largest int64 if it is larger.
	Downloads int64
}

// Verify compares two stores: every record with its version, every reading, and what is known
// of every repository besides. The error says where they differ first. compared is called with
// every repository that is equal; nil: nothing is called.
func Verify(ctx context.Context, want, got history.Appender, compared func()) (Summary, error) {
	var s Summary
	describe := func(m history.RepoMeta) string { return fmt.Sprintf("%+v", m) }
	for _, err := range matching(want.Meta(ctx, history.MetaQuery{}), got.Meta(ctx, history.MetaQuery{}), describe) {
		if err != nil {
			return s, err
		}
		s.Repos++
	}
	var repo history.Repo
	for r, err := range matching(records(ctx, want), records(ctx, got), record.String) {
		if err != nil {
			return s, err
		}
		if compared != nil && s.Records > 0 && r.repo != repo {
			compared()
		}
		repo = r.repo
		s.Records++
		s.Downloads += min(r.downloads, math.MaxInt64-s.Downloads)
	}
	if compared != nil && s.Records > 0 {
		compared()
	}
	describeReading := func(r history.Reading) string { return fmt.Sprintf("reading %+v", r) }
	all := history.ReadingsQuery{}
	for _, err := range matching(want.Readings(ctx, all), got.Readings(ctx, all), describeReading) {
		if err != nil {
			return s, err
		}
		s.Readings++
	}
	return s, nil
}

// matching streams what both streams have, up to the first difference, which is an error.
func matching[V comparable](want, got iter.Seq2[V, error], describe func(V) string) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		var none V
		next, stop := iter.Pull2(got)
		defer stop()
		differ := func(x, y string) {
			yield(none, fmt.Errorf("the histories differ: expected\n  %s\nas in the source, got\n  %s", x, y))
		}
		const nothing = "nothing more"
		for x, err := range want {
			if err != nil {
				yield(none, err)
				return
			}
			switch y, err, ok := next(); {
			case err != nil:
				yield(none, err)
				return
			case !ok:
				differ(describe(x), nothing)
				return
			case x != y:
				differ(describe(x), describe(y))
				return
			}
			if !yield(x, nil) {
				return
			}
		}
		if y, err, ok := next(); err != nil {
			yield(none, err)
		} else if ok {
			differ(nothing, describe(y))
		}
	}
}

// record is a record with its version.
type record struct {
	repo      history.Repo
	day       history.Day
	downloads int64
	version   history.Version
}

func (r record) String() string {
	return fmt.Sprintf("%s %s: %d downloads, %s as of %s", r.repo, r.day, r.downloads, r.version.Source, r.version.AsOf.Time())
}

func records(ctx context.Context, s history.Appender) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for rows, err := range s.Records(ctx, history.RecordsQuery{Order: history.OrderRepo, Stored: true}) {
			if err != nil {
				yield(record{}, err)
				return
			}
			for i, r := range rows.Repo {
				if !yield(record{rows.Repos[r].Repo, rows.Day[i], rows.Downloads[i], rows.Version}, nil) {
					return
				}
			}
		}
	}
}
