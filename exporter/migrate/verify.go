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
	Repos, Records int64
	// Downloads is the sum of the records, or the largest int64 if it is larger.
	Downloads int64
}

// Verify compares two stores: every record with its version, and what is known of every
// repository besides. The error says where they differ first. compared is called with
// every repository that is equal; nil: nobody is told.
func Verify(ctx context.Context, a, b history.Appender, compared func()) (Summary, error) {
	var s Summary
	statesA, err := allMeta(ctx, a)
	if err != nil {
		return s, err
	}
	statesB, err := allMeta(ctx, b)
	if err != nil {
		return s, err
	}
	for i := range max(len(statesA), len(statesB)) {
		var x, y string
		if i < len(statesA) {
			x = fmt.Sprintf("%+v", statesA[i])
		}
		if i < len(statesB) {
			y = fmt.Sprintf("%+v", statesB[i])
		}
		if x != y {
			return s, differ(x, y)
		}
	}
	s.Repos = int64(len(statesA))
	nextA, stopA := iter.Pull2(facts(ctx, a))
	defer stopA()
	nextB, stopB := iter.Pull2(facts(ctx, b))
	defer stopB()
	var repo history.Repo
	for {
		x, errA, okA := nextA()
		y, errB, okB := nextB()
		switch {
		case errA != nil:
			return s, errA
		case errB != nil:
			return s, errB
		case !okA && !okB:
			if compared != nil && s.Records > 0 {
				compared()
			}
			return s, nil
		case okA != okB || x != y:
			return s, differ(x.text(okA), y.text(okB))
		}
		if compared != nil && s.Records > 0 && x.repo != repo {
			compared()
		}
		repo = x.repo
		s.Records++
		s.Downloads += min(x.downloads, math.MaxInt64-s.Downloads)
	}
}

func differ(x, y string) error {
	for _, s := range []*string{&x, &y} {
		if *s == "" {
			*s = "nothing more"
		}
	}
	return fmt.Errorf("the histories differ: expected\n  %s\nas in the one that was moved, got\n  %s", x, y)
}

// fact is a record with its version.
type fact struct {
	repo      history.Repo
	day       history.Day
	downloads int64
	version   history.Version
}

func (f fact) text(ok bool) string {
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s %s: %d downloads, %s as of %s", f.repo, f.day, f.downloads, f.version.Source, f.version.AsOf.Time())
}

func facts(ctx context.Context, s history.Appender) iter.Seq2[fact, error] {
	return func(yield func(fact, error) bool) {
		for rows, err := range s.Records(ctx, history.RecordsQuery{Order: history.OrderRepo, Versions: true}) {
			if err != nil {
				yield(fact{}, err)
				return
			}
			for i, r := range rows.Repo {
				if !yield(fact{rows.Repos[r].Repo, rows.Day[i], rows.Downloads[i], rows.Version}, nil) {
					return
				}
			}
		}
	}
}
