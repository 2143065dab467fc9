package client

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/apitest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/server"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// FuzzClient reads anything as an answer of an exporter: it is an error, or what
// a Store may answer.
func FuzzClient(f *testing.F) {
	h := server.New(apitest.StoreOf(f, apitest.SixRows()), server.Options{Revision: func() string { return "r1" }})
	for kind, target := range []string{
		wire.OverviewRoute + "?series=true&group_by=org",
		wire.ReposRoute + "?trend=3",
		wire.CountsRoute,
		wire.RecordsRoute + "?nothing",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		f.Add(uint8(kind), w.Body.String())
	}
	f.Add(uint8(0), `{"groups":[{"total":-9,"series":[{"day":"9999-12-31"}]}]}`)
	f.Add(uint8(1), `{"rows":[{"trend":[null,1,-1]}],"matched":-1}`)
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		switch kind % 4 {
		case 0:
			_, _ = wire.ReadOverview(strings.NewReader(text), 1<<20, history.OverviewQuery{Series: true, ByOrg: true})
		case 1:
			_, _, _ = wire.ReadRepos(strings.NewReader(text), 1<<20, history.ReposQuery{Trend: 3})
		case 2:
			_, _ = wire.ReadCounts(strings.NewReader(text), 1<<20)
		case 3:
			err := readError(wire.RecordsRoute, http.StatusBadRequest, strings.NewReader(text))
			if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusBadRequest {
				t.Errorf("%q: got %v", text, err)
			}
		}
	})
}
