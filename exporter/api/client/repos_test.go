package client

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// changing is a store whose history gets another name with each of the first
// changes pages asked for.
type changing struct {
	*memtable.Store
	changes, asked int
}

func (c *changing) Revision() string { return fmt.Sprint(min(c.asked, c.changes)) }

func (c *changing) Repos(ctx context.Context, q history.ReposQuery) (history.ReposPage, error) {
	c.asked++
	return c.Store.Repos(ctx, q)
}

func TestClientPages(t *testing.T) {
	var records []history.Record
	for i := range 7 {
		records = append(records, history.Record{
			Repo: history.Repo{Type: history.Model, Name: fmt.Sprintf("acme/m%d", i)}, Total: 1, Day: history.Day(19000 + i), Downloads: int64(i),
		})
	}
	store := apitest.StoreOf(t, records)
	// With trends of so many points a page has two rows.
	const trend = wire.MaxPoints / 2
	f := func(offset, limit, changes, wantAsked int) {
		t.Helper()
		behind := &changing{Store: store, changes: changes}
		q := history.ReposQuery{Offset: offset, Limit: limit, Trend: trend}
		got, err := clientWith(t, behind, server.Options{Revision: behind.Revision}).Repos(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := store.Repos(context.Background(), q)
		if len(want.Rows) == 0 {
			got.Rows, want.Rows = nil, nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("offset %d, limit %d: expected\n%+v, got\n%+v", offset, limit, want, got)
		}
		if behind.asked != wantAsked {
			t.Errorf("offset %d, limit %d: expected %d requests, got %d", offset, limit, wantAsked, behind.asked)
		}
	}
	f(0, 0, 0, 4)
	f(0, 7, 0, 4)
	f(0, 6, 0, 3)
	f(0, 5, 0, 3)
	f(0, 1, 0, 1)
	f(2, 4, 0, 2)
	f(5, 0, 0, 1)
	f(6, 100, 0, 1)
	f(7, 0, 0, 1)
	f(100, 10, 0, 1)
	// Once the history changes between the first two pages, then it stays.
	f(0, 6, 1, 2+3)
	// A history that changes all the time.
	behind := &changing{Store: store, changes: 1000}
	_, err := clientWith(t, behind, server.Options{Revision: behind.Revision}).Repos(context.Background(), history.ReposQuery{Trend: trend})
	if err == nil || !strings.Contains(err.Error(), "the history changed 4 times") {
		t.Errorf("expected an error that says so, got %v", err)
	}
}
