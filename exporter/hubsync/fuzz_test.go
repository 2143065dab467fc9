package hubsync

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

// FuzzSpool reads anything as the listing that a file keeps: it is an error, or the
// listing of an organisation with as many repositories as it says.
func FuzzSpool(f *testing.F) {
	dir := f.TempDir()
	w := &waiting{org: "acme", asOf: history.AsOfTime(time.Unix(1_700_000_000, 0)), all: []hub.Listing{
		{Repo: history.Repo{Type: history.Model, Name: "acme/m"}, HubID: "65d3", Downloads: 1, DownloadsAllTime: 2, Likes: history.Unknown},
		{Repo: history.Repo{Type: history.Space, Name: "acme/s"}, Downloads: history.Unknown, DownloadsAllTime: history.Unknown, Likes: 3},
	}}
	if err := w.spool(dir); err != nil {
		f.Fatal(err)
	}
	packed, err := os.ReadFile(w.file)
	if err != nil {
		f.Fatal(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		f.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(zip); err != nil {
		f.Fatal(err)
	}
	f.Add(packed, false)
	f.Add(text.Bytes(), true)
	f.Add([]byte(`{"org":"a","repos":50000001}`), true)
	f.Add([]byte(`{"org":"a","repos":3}{}{}`), true)
	// pack says that the bytes are to be packed first: else nothing is got to behind it.
	f.Fuzz(func(t *testing.T, b []byte, pack bool) {
		if pack {
			var out bytes.Buffer
			zip := gzip.NewWriter(&out)
			_, _ = zip.Write(b)
			if err := zip.Close(); err != nil {
				t.Fatal(err)
			}
			b = out.Bytes()
		}
		name := filepath.Join(t.TempDir(), "x"+spoolSuffix)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		w := &waiting{file: name}
		listings, err := w.read(1000)
		if err != nil {
			return
		}
		if w.org == "" || w.bytes != int64(len(b)) || len(listings) > 1000 {
			t.Errorf("%q: got %+v with %d repositories", b, w, len(listings))
		}
	})
}
