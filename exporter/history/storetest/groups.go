package storetest

import (
	"context"
	"iter"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// testGroups are the groups that cases ask for. They overlap.
var testGroups = []groups.Definition{
	{Name: "bert", Repos: []string{"*/*[Bb]ert*"}},
	{Name: "acme", Repos: []string{"acme/*", "dataset:squad", "no/such"}},
	{Name: "datasets", Repos: []string{"dataset:*", "dataset:*/*"}},
	{Name: "none", Repos: []string{"acm"}},
}

// Groups returns the history of below, of which one may ask for the groups of the suite: for
// stores that are asked over something which does.
func Groups(below history.Reader) history.Reader {
	g := groups.New()
	g.Set(testGroups)
	return g.Reader(below)
}

// knowsGroups is a Store that is over Groups already.
type knowsGroups interface{ KnowsGroups() }

// withGroups returns a store of which one may ask for groups.
func withGroups(s Store) Store {
	if _, ok := s.(knowsGroups); ok {
		return s
	}
	return &grouped{s, Groups(s)}
}

type grouped struct {
	Store
	reader history.Reader
}

func (g *grouped) Overview(ctx context.Context, q history.OverviewQuery) (history.Overview, error) {
	return g.reader.Overview(ctx, q)
}

func (g *grouped) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	return g.reader.Repos(ctx, q)
}

func (g *grouped) Records(ctx context.Context, q history.RecordsQuery) history.RowSeq {
	return g.reader.Records(ctx, q)
}

func (g *grouped) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return g.reader.Counts(ctx, f)
}

func (g *grouped) Readings(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
	return g.reader.Readings(ctx, q)
}
