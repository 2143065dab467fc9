package client

import (
	"context"
	"iter"
	"net/http/httptest"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history/storetest"
)

// remote is a store that is filled where it is and asked over the API.
type remote struct {
	*Client
	behind storetest.Store
}

func (r remote) Append(ctx context.Context, b history.Batch) (history.Change, error) {
	return r.behind.Append(ctx, b)
}

func (r remote) Meta(ctx context.Context, q history.MetaQuery) iter.Seq2[history.RepoMeta, error] {
	return r.behind.Meta(ctx, q)
}

// KnowsGroups says that the server does.
func (remote) KnowsGroups() {}

func (r remote) Refresh(ctx context.Context) (bool, error) { return r.behind.Refresh(ctx) }

func TestConformance(t *testing.T) {
	open := func(encoding string) func(t *testing.T) storetest.Store {
		return func(t *testing.T) storetest.Store {
			behind := storetest.NewModel()
			c := clientOf(t, storetest.Groups(behind))
			c.encoding = encoding
			return remote{c, behind}
		}
	}
	t.Run("identity", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, open("identity"))
	})
	// What a body is packed by does not depend on what is in it.
	t.Run("gzip", func(t *testing.T) {
		t.Parallel()
		storetest.RunShort(t, open("gzip"))
	})
}

// serve starts a server over loopback.
func serve(t testing.TB, store history.Reader, o server.Options) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(server.New(store, o))
	t.Cleanup(srv.Close)
	return srv
}

// clientOf returns a client of a server over loopback that serves store.
func clientOf(t testing.TB, store history.Reader) *Client {
	t.Helper()
	return clientWith(t, store, server.Options{})
}

func clientWith(t testing.TB, store history.Reader, o server.Options) *Client {
	t.Helper()
	srv := serve(t, store, o)
	c, err := New(srv.URL, srv.Client(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
