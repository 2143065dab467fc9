package victoria_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// A history that is streamed in pieces comes out as one that lies in memory.
func TestStreamsInPieces(t *testing.T) {
	o := optionsFor(theEngine(t))
	whole := memtable.NewStore()
	writing := reopen(t, o)
	for age := range 3 {
		var records []history.Record
		for r := range 12 {
			for _, kind := range []history.RepoType{history.Model, history.Dataset} {
				repo := history.Repo{Type: kind, Name: fmt.Sprintf("org%d/%d", r%3, r)}
				for d := age; d < 40; d += 1 + r%4 {
					records = append(records, history.Record{
						Repo: repo, Total: int64(r), Day: history.Day(20000 + d), Downloads: int64(age*1000 + r*100 + d),
					})
				}
			}
		}
		v := history.Version{Source: history.Published, AsOf: history.AsOf(age)}
		for _, s := range []history.Appender{whole, writing} {
			if _, err := s.Append(t.Context(), history.Batch{Rows: history.RowsOf(v, records...)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := func(piece int64, q history.RecordsQuery) {
		t.Helper()
		o.PieceRecords = piece
		want, err := history.Collect(whole.Records(t.Context(), q))
		if err != nil {
			t.Fatal(err)
		}
		got, err := history.Collect(reopen(t, o).Records(t.Context(), q))
		if err != nil {
			t.Fatal(err)
		}
		if len(want) < 20 || !slices.Equal(got, want) {
			t.Errorf("pieces of %d, %+v: expected %d records, got %d, or others", piece, q, len(want), len(got))
		}
	}
	for _, order := range []history.Order{history.OrderTime, history.OrderRepo} {
		for _, piece := range []int64{1, 50, 1000} {
			f(piece, history.RecordsQuery{Order: order})
			f(piece, history.RecordsQuery{Order: order, Stored: true})
			f(piece, history.RecordsQuery{Order: order, Period: history.RangeOf(20005, 20030), Filter: history.Filter{Orgs: []string{"org1"}}})
			f(piece, history.RecordsQuery{Order: order, Filter: history.Filter{Search: "/1", RepoTypes: []history.RepoType{history.Model}}})
		}
	}
}

// An engine that lost samples is found out: what is left is not given out as all.
func TestLostSamplesAreFoundOut(t *testing.T) {
	f := func(what string) {
		t.Helper()
		u := theEngine(t)
		o := optionsFor(u)
		s := reopen(t, o)
		for _, r := range []history.Repo{acmeA, acmeB} {
			for d := range history.Day(3) {
				if _, err := s.Append(t.Context(), oneDay(r, 20000+d, 5, 1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		resp, err := http.PostForm(u.JoinPath("/api/v1/admin/tsdb/delete_series").String(),
			url.Values{"match[]": {fmt.Sprintf(`{__name__="huggingface_history_%s",history=%q,repo="acme/b"}`, what, o.History)}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for _, q := range []history.RecordsQuery{{}, {Order: history.OrderRepo, Stored: true}, {Period: history.RangeOf(20001, 20001)}} {
			if all, err := history.Collect(reopen(t, o).Records(t.Context(), q)); !errors.Is(err, victoria.ErrLost) {
				t.Errorf("without %s, %+v: expected ErrLost, got %v, %v", what, q, all, err)
			}
		}
	}
	f("downloads")
	f("meta")
}

// What is known of an organization is found whatever the case of its letters, and with it
// what went to another one.
func TestMetaOfAnOrganization(t *testing.T) {
	s := open(t)
	var states []history.RepoMeta
	for name, id := range map[string]string{"acme/a": "1", "ACME/b": "2", "acme-x/c": "3", "globex/d": "4", "globex/e": "5", "legacy": "6", "acme.x/f": ""} {
		st := history.NewRepoMeta(history.Repo{Type: history.Model, Name: name})
		st.HubID, st.ListedAsOf, st.Likes = id, 7, 1
		states = append(states, st)
	}
	if _, err := s.Append(t.Context(), history.Batch{Meta: states}); err != nil {
		t.Fatal(err)
	}
	f := func(org string, ids []string, want ...string) {
		t.Helper()
		set := make(map[string]bool)
		for _, id := range ids {
			set[id] = true
		}
		var got []string
		for st, err := range s.Meta(t.Context(), history.MetaQuery{Org: org, HubIDs: set}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, st.Repo.Name)
		}
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("%s, %q: got %q, want %q", org, ids, got, want)
		}
	}
	f("acme", nil, "acme/a", "ACME/b", "legacy")
	f("Acme", []string{"1", "4", "none"}, "acme/a", "ACME/b", "globex/d", "legacy")
	f("acme.x", nil, "acme.x/f", "legacy")
	f("nobody", []string{"3"}, "acme-x/c", "legacy")
}

// With MaxAge, a store sees what it stored itself at once.
func TestOwnAppendsAreSeenAtOnce(t *testing.T) {
	o := optionsFor(theEngine(t))
	o.MaxAge = time.Hour
	s := reopen(t, o)
	wantSums(t, s, 0, 0, 0)
	for d := range history.Day(3) {
		if _, err := s.Append(t.Context(), oneDay(acmeA, 20000+d, 4, 1)); err != nil {
			t.Fatal(err)
		}
		wantSums(t, s, 1, int64(d)+1, 4*(int64(d)+1))
	}
}

// Pieces of more repositories than a selector names.
func TestPiecesOfManyRepositories(t *testing.T) {
	o := optionsFor(theEngine(t))
	var want []history.Record
	for r := range 450 {
		for d := range history.Day(2) {
			repo := history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/r%03d", r)}
			want = append(want, history.Record{Repo: repo, Total: int64(r), Day: 20000 + d, Downloads: int64(r) + int64(d)})
		}
	}
	v := history.Version{Source: history.Published, AsOf: 1}
	if _, err := reopen(t, o).Append(t.Context(), history.Batch{Rows: history.RowsOf(v, want...)}); err != nil {
		t.Fatal(err)
	}
	for _, piece := range []int64{100, 480, 5000} {
		o.PieceRecords = piece
		got, err := history.Collect(reopen(t, o).Records(t.Context(), history.RecordsQuery{Order: history.OrderRepo}))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("pieces of %d: expected %d records, got %d, or others, %v", piece, len(want), len(got), err)
		}
	}
}
