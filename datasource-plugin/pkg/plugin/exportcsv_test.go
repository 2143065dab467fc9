package plugin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/klauspost/compress/flate"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

func TestExportEqualsRecordFormat(t *testing.T) {
	store := syntheticStore(t)
	d := newTestDatasource(t, &fakeConn{store: store})
	o, err := store.Overview(t.Context(), history.OverviewQuery{ByOrg: true})
	if err != nil {
		t.Fatal(err)
	}
	last, org := o.Recorded.To, o.Groups[0].Org
	f := func(url string, q history.RecordsQuery) {
		t.Helper()
		want := csvOf(t, store, q)
		plain, packed := get(t, d, url), get(t, d, url, "Accept-Encoding", "br, gzip;q=0.8")
		if plain.status() != http.StatusOK || string(plain.body()) != want {
			t.Errorf("%s: expected the %d bytes of the record format, got status %d, %d bytes", url, len(want), plain.status(), len(plain.body()))
		}
		text, err := gunzip(packed.body())
		if packed.header("Content-Encoding") != "gzip" || err != nil || text != want {
			t.Errorf("%s: expected the same bytes compressed, got encoding %q, %d bytes, %v", url, packed.header("Content-Encoding"), len(text), err)
		}
	}
	f("export.csv", history.RecordsQuery{})
	f("export.csv?order=repo", history.RecordsQuery{Order: history.OrderRepo})
	f("export.csv?period=last_month&order=repo", history.RecordsQuery{Period: history.Period{Kind: history.LastMonth}, Order: history.OrderRepo})
	f("export.csv?org="+org+"&repo_type=model", history.RecordsQuery{Filter: history.Filter{Orgs: []string{org}, RepoTypes: []history.RepoType{history.Model}}})
	f("export.csv?from="+(last-9).String()+"&to="+last.String(), history.RecordsQuery{Period: history.RangeOf(last-9, last)})
	f("export.csv?var-search=A&var-whatever=1&from="+(last-9).String(), history.RecordsQuery{Filter: history.Filter{Search: "a"}, Period: history.RangeOf(last-9, history.NoDay)})
	f("export.csv?org=nobody", history.RecordsQuery{Filter: history.Filter{Orgs: []string{"nobody"}}})
	expectCount(t, d.metrics.exports.WithLabelValues("ok"), 14)
	expectCount(t, d.metrics.exportsOpen, 0)
}

func TestExportForSpreadsheets(t *testing.T) {
	d := newTestDatasource(t, &fakeConn{store: smallStore(t)})
	want := "\ufeffrepoType;repoName;total;timestamp;downloads\nmodel;umbrella/rain;70;2021-01-24T00:00:00.000Z;1\n"
	if got := string(get(t, d, "export.csv?org=umbrella&sep=semicolon&bom=true").body()); got != want {
		t.Errorf("expected %q, got %q", want, got)
	}
}

func TestExportHeaders(t *testing.T) {
	d := newTestDatasource(t, &fakeConn{store: smallStore(t)})
	f := func(url, name string) {
		t.Helper()
		r := get(t, d, url)
		for header, want := range map[string]string{
			"Content-Type":           "text/csv; charset=utf-8",
			"Content-Disposition":    `attachment; filename="` + name + `"`,
			"Cache-Control":          "no-store",
			"X-Content-Type-Options": "nosniff",
			"Content-Encoding":       "",
		} {
			if got := r.header(header); got != want {
				t.Errorf("%s: expected the header %s to be %q, got %q", url, header, want, got)
			}
		}
		for i, p := range r.parts[1:] {
			if len(p.Headers) > 0 {
				t.Errorf("%s: expected headers with the first part alone, got some with part %d", url, i+1)
			}
		}
	}
	f("export.csv", "publisher-analytics_2021-01-22_2021-01-24.csv")
	f("export.csv?org=acme", "publisher-analytics_acme_2021-01-22_2021-01-24.csv")
	f("export.csv?repo=acme/rocket&from=2021-01-01&to=2021-02-28", "publisher-analytics_acme-rocket_2021-01-01_2021-02-28.csv")
	f("export.csv?org=acme&from=2021-01-23", "publisher-analytics_acme_2021-01-23_2021-01-24.csv")
	f("export.csv?org=..%2F%22%0d%0aX-Evil:1", "publisher-analytics_X-Evil-1_2021-01-22_2021-01-24.csv")
}

// failingAfter streams the first records of the small history, over and over,
// and ends with an error after so many blocks.
func failingAfter(blocks int, err error) func(context.Context, history.RecordsQuery) history.RowSeq {
	return func(context.Context, history.RecordsQuery) history.RowSeq {
		return func(yield func(*history.Rows, error) bool) {
			rows := &history.Rows{Repos: []history.RepoTotal{{Repo: model, Total: 1000}}}
			for range history.BlockRows {
				rows.Append(0, day("2021-01-22"), 4)
			}
			for range blocks {
				if !yield(rows, nil) {
					return
				}
			}
			yield(nil, err)
		}
	}
}

func TestExportFailsBeforeTheFirstByte(t *testing.T) {
	store := &fakeStore{Reader: smallStore(t), records: failingAfter(0, backend.DownstreamError(errors.New("the exporter is gone")))}
	d := newTestDatasource(t, &fakeConn{store: store})
	f := func(encoding string) {
		t.Helper()
		r := get(t, d, "export.csv", "Accept-Encoding", encoding)
		e := decodeJSON[errorJSON](t, r.body())
		if r.status() != http.StatusBadGateway || e.Error != "the exporter is gone" || r.header("Content-Disposition") != "" {
			t.Errorf("%q: expected status 502 with the error and no file, got %d, %+v, %v", encoding, r.status(), e, r.parts[0].Headers)
		}
	}
	f("")
	f("gzip")
	expectCount(t, d.metrics.exports.WithLabelValues("upstream"), 2)
}

// TestExportFailsHalfWay checks that what was sent cannot be taken for the whole.
func TestExportFailsHalfWay(t *testing.T) {
	failure := backend.DownstreamError(errors.New("the \"exporter\"\nis gone"))
	store := &fakeStore{Reader: smallStore(t), records: failingAfter(20, failure)}
	d := newTestDatasource(t, &fakeConn{store: store})

	r := &response{}
	err := call(t.Context(), d, r, "GET", "export.csv")
	if !errors.Is(err, failure) || !backend.IsDownstreamError(err) {
		t.Errorf("expected the error of the store, got %v", err)
	}
	if r.status() != http.StatusOK || len(r.parts) < 2 {
		t.Fatalf("expected parts with status 200, got %d with %d", len(r.parts), r.status())
	}
	lines := strings.Split(string(r.body()), "\n")
	last := lines[len(lines)-2]
	if want := ` records: the ""exporter"" is gone"`; !strings.HasPrefix(last, `"this export is incomplete: it was aborted after `) || !strings.HasSuffix(last, want) || lines[len(lines)-1] != "" {
		t.Errorf("expected a last line that says it, got %q", lines[len(lines)-2:])
	}
	_, err = history.Collect(hubcsv.Read(strings.NewReader(string(r.body())), hubcsv.Options{}))
	if err == nil {
		t.Error("expected a reader of the record format to refuse it, got no error")
	}

	r = &response{}
	if err := call(t.Context(), d, r, "GET", "export.csv", "Accept-Encoding", "gzip"); !errors.Is(err, failure) {
		t.Errorf("gzip: expected the error of the store, got %v", err)
	}
	// Grafana adds its own words, and ends the answer in good order. Browsers let an
	// answer pass that only ends too soon.
	for _, added := range []string{"", `{"message":"Failed to call resource"}`} {
		text, err := gunzip(slices.Concat(r.body(), []byte(added)))
		if _, corrupt := errors.AsType[flate.CorruptInputError](err); !corrupt || !strings.Contains(text, "this export is incomplete") {
			t.Errorf("gzip: with %q behind it, expected what no decoder takes, and the words before it, got %v and ...%q", added, err, text[max(0, len(text)-80):])
		}
	}
	expectCount(t, d.metrics.exports.WithLabelValues("upstream"), 2)
}

func TestExportPanics(t *testing.T) {
	f := func(blocks int, wantErr bool, status int) {
		t.Helper()
		store := &fakeStore{Reader: smallStore(t), records: func(ctx context.Context, q history.RecordsQuery) history.RowSeq {
			return func(yield func(*history.Rows, error) bool) {
				for rows := range failingAfter(blocks, nil)(ctx, q) {
					if rows == nil {
						panic("the secret is hf_123")
					}
					if !yield(rows, nil) {
						return
					}
				}
			}
		}}
		d := newTestDatasource(t, &fakeConn{store: store})
		r := &response{}
		err := call(t.Context(), d, r, "GET", "export.csv")
		if (err != nil) != wantErr || r.status() != status {
			t.Errorf("%d blocks: expected status %d and an error %v, got %d and %v", blocks, status, wantErr, r.status(), err)
		}
		if b := string(r.body()); strings.Contains(b, "hf_123") || !strings.Contains(b, "this is a bug") {
			t.Errorf("%d blocks: expected an answer that says it is a bug, and not what the panic says", blocks)
		}
		expectCount(t, d.metrics.exports.WithLabelValues("defect"), 1)
	}
	f(0, false, http.StatusInternalServerError)
	f(20, true, http.StatusOK)
}
