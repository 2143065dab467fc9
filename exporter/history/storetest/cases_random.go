package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// sizes are those of the cases that take long.
type sizes struct {
	histories, orders uint64 // random histories, and those in other orders
	queries           int    // after each append to a random history
	readings, rounds  int    // of one repository: readings, and rounds of appends side by side
	batches           int    // of each writer beside readers
	parallel          bool
}

var (
	full  = sizes{histories: 25, orders: 12, queries: 8, readings: 300, rounds: 60, batches: 15}
	short = sizes{histories: 2, orders: 1, queries: 3, readings: 40, rounds: 10, batches: 6, parallel: true}
)

// randomAppends are those of a history: few, so that numbers meet often.
const randomAppends = 20

var randomCases = []testCase{
	{"random histories", func(p *probe) {
		for seed := range p.sizes.histories {
			if !p.another().sameHistory(seed) {
				return // what follows from one difference would be many
			}
		}
	}},

	{"random histories in another order", func(p *probe) {
		for seed := range p.sizes.orders {
			rng := rand.New(rand.NewPCG(seed, 2))
			var batches []randomInput
			for len(batches) < 8 {
				if b := randomBatch(rng); !b.contradicts {
					batches = append(batches, b)
				}
			}
			var want []string
			for try := range 3 {
				p := p.another()
				for _, b := range batches {
					p.addBatch(b.batch())
				}
				got := p.everything()
				if try == 0 {
					want = got
				}
				if !p.sameLines(fmt.Sprintf("history %d, order %d of its appends", seed, try), got, want) {
					return
				}
				rng.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
			}
		}
	}},
}

// sameHistory feeds a random history to the store and to a Model, and compares their
// answers all along. It stops at the first difference and returns false.
func (p *probe) sameHistory(seed uint64) bool {
	p.Helper()
	model := &probe{T: p.T, store: withGroups(NewModel())}
	rng := rand.New(rand.NewPCG(seed, 1))
	for step := range randomAppends {
		where := fmt.Sprintf("history %d, append %d", seed, step)
		if !p.sameAppend(where, model, randomBatch(rng)) {
			return false
		}
		for range p.sizes.queries {
			if !p.sameAnswers(where, model, rng) {
				return false
			}
		}
		for _, f := range []history.Filter{{}, randomFilter(rand.New(rand.NewPCG(seed, uint64(step))))} {
			if !p.sameLines(fmt.Sprintf("%s, Counts(%+v)", where, f), p.counts(f), model.counts(f)) {
				return false
			}
		}
	}
	return true
}

// sameAppend appends a batch to both stores and compares what they say of it.
func (p *probe) sameAppend(where string, model *probe, b randomInput) bool {
	p.Helper()
	want, wantErr := model.store.Append(p.Context(), b.batch())
	got, err := p.store.Append(p.Context(), b.batch())
	var bad *history.InputErrors
	switch {
	case wantErr != nil && !errors.As(err, &bad):
		p.Errorf("%s of\n%s\nexpected the error %v, got %v", where, b, wantErr, err)
	case wantErr == nil && err != nil:
		p.Errorf("%s of\n%s\nunexpected error %v", where, b, err)
	case wantErr == nil && got != want:
		p.Errorf("%s of\n%s\nexpected %s\ngot      %s", where, b, changeText(want), changeText(got))
	default:
		return true
	}
	return false
}

// sameAnswers asks both stores one query of each kind.
func (p *probe) sameAnswers(where string, model *probe, rng *rand.Rand) bool {
	p.Helper()
	o, r, q := randomOverview(rng), randomRepos(rng), randomRecords(rng)
	return p.sameLines(fmt.Sprintf("%s, Overview(%+v)", where, o),
		overviewLines(p.overview(o)), overviewLines(model.overview(o))) &&
		p.sameLines(fmt.Sprintf("%s, recorded days of Overview(%+v)", where, o),
			recordedLines(p.overview(o)), recordedLines(model.overview(o))) &&
		p.sameLines(fmt.Sprintf("%s, Repos(%+v)", where, r),
			reposLines(p.reposPage(r)), reposLines(model.reposPage(r))) &&
		p.sameLines(fmt.Sprintf("%s, Records(%+v)", where, q),
			versionedLines(p.records(q)), versionedLines(model.records(q))) &&
		p.sameLines(fmt.Sprintf("%s, Readings of %+v over %+v", where, q.Filter, q.Period),
			p.readings(history.ReadingsQuery{Filter: q.Filter, Period: q.Period}), model.readings(history.ReadingsQuery{Filter: q.Filter, Period: q.Period}))
}
