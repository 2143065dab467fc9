package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export/format"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// sixRows are the records of the Hub's own documentation.
func sixRows() []history.Record {
	model := history.Repo{Type: history.Model, Name: "huggingface/CodeBERTa-small-v1"}
	dataset := history.Repo{Type: history.Dataset, Name: "huggingface/documentation-images"}
	return []history.Record{
		{Repo: model, Total: 4362460, Day: 18649, Downloads: 4},
		{Repo: model, Total: 4362460, Day: 18650, Downloads: 7},
		{Repo: model, Total: 4362460, Day: 18651, Downloads: 2},
		{Repo: dataset, Total: 2167284, Day: 18958, Downloads: 3},
		{Repo: dataset, Total: 2167284, Day: 18959, Downloads: 18},
		{Repo: dataset, Total: 2167284, Day: 18960, Downloads: 7},
	}
}

// oddRecords have names and numbers at the edges.
func oddRecords() []history.Record {
	var out []history.Record
	for i, name := range []string{
		`acme/"quoted"`, "acme/comma,comma", "acme/été-模型-🤗", "acme/100%25/b", `acme/back\slash`,
		"acme/tab\tline\nfeed\rbell\a", "legacy", "acme/\u2028", "",
	} {
		out = append(out,
			history.Record{Repo: history.Repo{Type: "kernel", Name: name}, Total: history.Unknown, Day: history.Day(i)},
			history.Record{Repo: history.Repo{Type: "kernel", Name: name}, Total: history.Unknown, Day: history.MaxDay, Downloads: 1<<63 - 1})
	}
	return append(out, history.Record{
		Repo: history.Repo{Type: history.Model, Name: "acme/zero"}, Total: 0, Day: 19782, Downloads: 0,
	})
}

func TestWrite(t *testing.T) {
	f := func(ft format.Format, records []history.Record, want string) {
		t.Helper()
		var out bytes.Buffer
		n, err := Write(context.Background(), &out, ft, false, history.RowsOf(history.Version{}, records...))
		if err != nil {
			t.Fatal(err)
		}
		if n != int64(len(records)) {
			t.Errorf("%s: expected %d rows to be counted, got %d", ft, len(records), n)
		}
		if out.String() != want {
			t.Errorf("%s: expected\n%s\ngot\n%s", ft, want, out.String())
		}
	}
	f(format.CSV, nil, "repoType,repoName,total,timestamp,downloads\n")
	f(format.CSV, sixRows(), `repoType,repoName,total,timestamp,downloads
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-22T00:00:00.000Z,4
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-23T00:00:00.000Z,7
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-24T00:00:00.000Z,2
dataset,huggingface/documentation-images,2167284,2021-11-27T00:00:00.000Z,3
dataset,huggingface/documentation-images,2167284,2021-11-28T00:00:00.000Z,18
dataset,huggingface/documentation-images,2167284,2021-11-29T00:00:00.000Z,7
`)
	f(format.JSONL, nil, "")
	f(format.JSONL, sixRows()[2:4], `{"repoType":"model","repoName":"huggingface/CodeBERTa-small-v1","total":4362460,"timestamp":"2021-01-24T00:00:00.000Z","downloads":2}
{"repoType":"dataset","repoName":"huggingface/documentation-images","total":2167284,"timestamp":"2021-11-27T00:00:00.000Z","downloads":3}
`)
	f(format.JSONL, []history.Record{{
		Repo: history.Repo{Type: "kernel", Name: "a/\"b\"\\\n\x01\xff<&>é"}, Total: history.Unknown, Day: 19782,
	}}, `{"repoType":"kernel","repoName":"a/\"b\"\\\n\u0001\ufffd<&>é","total":null,"timestamp":"2024-02-29T00:00:00.000Z","downloads":0}
`)
}

func TestWriteVersions(t *testing.T) {
	version := history.Version{Source: history.Observed, AsOf: 1714543200000001}
	records := append(sixRows()[:1], history.Record{
		Repo: history.Repo{Type: "kernel", Name: "a/\"b\",c"}, Total: history.Unknown, Day: 19782,
	})
	f := func(ft format.Format, want string) {
		t.Helper()
		var out bytes.Buffer
		n, err := Write(context.Background(), &out, ft, true, history.RowsOf(version, records...))
		if err != nil || n != 2 {
			t.Fatalf("expected 2 rows, got %d, %v", n, err)
		}
		if out.String() != want {
			t.Errorf("%s: expected\n%s\ngot\n%s", ft, want, out.String())
		}
	}
	f(format.CSV, `repoType,repoName,total,timestamp,downloads,source,asOf
model,huggingface/CodeBERTa-small-v1,4362460,2021-01-22T00:00:00.000Z,4,observed,2024-05-01T06:00:00.000001Z
kernel,"a/""b"",c",,2024-02-29T00:00:00.000Z,0,observed,2024-05-01T06:00:00.000001Z
`)
	f(format.JSONL, `{"repoType":"model","repoName":"huggingface/CodeBERTa-small-v1","total":4362460,"timestamp":"2021-01-22T00:00:00.000Z","downloads":4,"source":"observed","asOf":"2024-05-01T06:00:00.000001Z"}
{"repoType":"kernel","repoName":"a/\"b\",c","total":null,"timestamp":"2024-02-29T00:00:00.000Z","downloads":0,"source":"observed","asOf":"2024-05-01T06:00:00.000001Z"}
`)
	var out bytes.Buffer
	if _, err := Write(context.Background(), &out, format.CSV, true, history.RowsOf(version)); err != nil || out.String() != VersionsHeader+"\n" {
		t.Errorf("expected the header, got %q, %v", out.String(), err)
	}
	// What reads the record format reads CSV with versions still.
	out.Reset()
	if _, err := Write(context.Background(), &out, format.CSV, true, history.RowsOf(version, records...)); err != nil {
		t.Fatal(err)
	}
	got, err := history.Collect(hubcsv.Read(&out, hubcsv.Options{}))
	if err != nil || !slices.Equal(got, records) {
		t.Errorf("expected %v, got %v, %v", records, got, err)
	}
	if _, err := Write(context.Background(), io.Discard, format.Format(9), true, nil); err == nil || !strings.Contains(err.Error(), "Format(9)") {
		t.Errorf("expected an error that quotes the format, got %v", err)
	}
}

func TestJSONLIsReadBack(t *testing.T) {
	// More repositories than are remembered, each twice, over several blocks.
	records := oddRecords()
	for i := range maxHeads + 1000 {
		r := history.Record{Repo: history.Repo{Type: history.Model, Name: "acme/" + strings.Repeat("x", i%50) + string(rune('a'+i%26))}, Total: int64(i), Day: history.Day(i), Downloads: int64(i) * 3}
		r.Repo.Name += strings.Repeat("y", i/1300)
		records = append(records, r)
	}
	var out bytes.Buffer
	if _, err := Write(context.Background(), &out, format.JSONL, false, history.RowsOf(history.Version{}, records...)); err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(&out)
	dec.DisallowUnknownFields()
	totals := make(map[history.Repo]int64) // RowsOf keeps the first
	for i, want := range records {
		var got struct {
			RepoType, RepoName string
			Total              *int64
			Timestamp          string
			Downloads          int64
		}
		if err := dec.Decode(&got); err != nil {
			t.Fatalf("line %d: %s", i+1, err)
		}
		if _, ok := totals[want.Repo]; !ok {
			totals[want.Repo] = want.Total
		}
		total := history.Unknown
		if got.Total != nil {
			total = *got.Total
		}
		if got.RepoType != string(want.Repo.Type) || got.RepoName != want.Repo.Name || total != totals[want.Repo] ||
			got.Timestamp != want.Day.String()+"T00:00:00.000Z" || got.Downloads != want.Downloads {
			t.Fatalf("line %d: expected %+v, got %+v", i+1, want, got)
		}
	}
	if _, err := dec.Token(); err != io.EOF {
		t.Fatalf("expected the end after %d lines, got %v", len(records), err)
	}
}

// failingWriter fails from its n-th write on.
type failingWriter struct {
	n   int
	err error
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, w.err
	}
	return len(p), nil
}

func TestWriteFails(t *testing.T) {
	errStream, errWriter := errors.New("stream"), errors.New("writer")
	forEach := func(f func(ft format.Format)) {
		t.Helper()
		for _, ft := range format.Files() {
			f(ft)
		}
	}
	// A stream that fails at once leaves nothing behind.
	forEach(func(ft format.Format) {
		var out bytes.Buffer
		n, err := Write(context.Background(), &out, ft, false, func(yield func(*history.Rows, error) bool) { yield(nil, errStream) })
		if !errors.Is(err, errStream) || n != 0 || out.Len() != 0 {
			t.Errorf("%s: expected the stream's error and no output, got %v, %d rows, %d bytes", ft, err, n, out.Len())
		}
	})
	// The error of the writer ends the stream.
	forEach(func(ft format.Format) {
		yielded := 0
		_, err := Write(context.Background(), &failingWriter{n: 1, err: errWriter}, ft, false, func(yield func(*history.Rows, error) bool) {
			for rows := range synthetic(100, 1<<62) {
				if yielded++; !yield(rows, nil) {
					return
				}
			}
		})
		if !errors.Is(err, errWriter) || yielded > 1000 {
			t.Errorf("%s: expected the writer's error soon, got %v after %d blocks", ft, err, yielded)
		}
	})
	// So does the end of the context.
	forEach(func(ft format.Format) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		n, err := Write(ctx, io.Discard, ft, false, func(yield func(*history.Rows, error) bool) {
			for rows := range synthetic(100, 1<<62) {
				if !yield(rows, nil) {
					return
				}
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || n != history.BlockRows {
			t.Errorf("%s: expected one block and %v, got %d rows and %v", ft, context.Canceled, n, err)
		}
	})
	if _, err := Write(context.Background(), io.Discard, format.Format(9), false, nil); err == nil || !strings.Contains(err.Error(), "Format(9)") {
		t.Errorf("expected an error that quotes the format, got %v", err)
	}
}
