package queue

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
)

var asOf = history.AsOfTime(time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))

func listings() []hub.Listing {
	return []hub.Listing{
		{Repo: history.Repo{Type: history.Model, Name: "Acme/m"}, HubID: "65d30a1b2c3d4e5f60718293", Downloads: 30, DownloadsAllTime: 110, Likes: 7},
		{Repo: history.Repo{Type: history.Dataset, Name: "Acme/d"}, HubID: "65d30a1b2c3d4e5f60718294"},
		{Repo: history.Repo{Type: history.Space, Name: "Acme/s"}, Downloads: history.Unknown, DownloadsAllTime: history.Unknown, Likes: 3},
	}
}

func expect(t *testing.T, l *Listing, want []hub.Listing) {
	t.Helper()
	got, err := l.Repos()
	if err != nil {
		t.Fatal(err)
	}
	if l.Org != "Acme" || l.AsOf != asOf || !reflect.DeepEqual(got, want) {
		t.Errorf("got %s as of %d, %+v\nwant %+v", l.Org, l.AsOf, got, want)
	}
}

func pack(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func fileOf(t testing.TB, packed []byte) *Listing {
	t.Helper()
	l := &Listing{file: filepath.Join(t.TempDir(), "x"+suffix)}
	if err := os.WriteFile(l.file, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

// What one process wrote the next one finds.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	q, err := New(dir, 1<<20, prometheus.NewRegistry(), log)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Add("Acme", asOf, listings()); err != nil {
		t.Fatal(err)
	}
	expect(t, q.First("acme"), listings())
	if q, err = New(dir, 1<<20, prometheus.NewRegistry(), log); err != nil {
		t.Fatal(err)
	}
	expect(t, q.First("ACME"), listings())
	q.Remove(q.First("acme"))
	if n, size := q.Size(); n != 0 || size != 0 || q.First("acme") != nil {
		t.Errorf("%d listings of %d bytes are left", n, size)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Files of the first version, which do not name it, are read.
func TestFileOfVersion1(t *testing.T) {
	l := &Listing{file: filepath.Join("testdata", "v1"+suffix)}
	if _, err := l.read(0); err != nil {
		t.Fatal(err)
	}
	expect(t, l, listings())
}

// What a file does not say is not known, and neither 0.
func TestFileWithoutAField(t *testing.T) {
	l := fileOf(t, pack(t, `{"version":2,"org":"Acme","as_of":1772431200000000,"repos":2}
{"repo":{"type":"model","name":"Acme/a"},"hubID":"1","downloadsAllTime":5}
{"repo":{"type":"model","name":"Acme/b"},"downloads":null,"likes":0,"yetUnknown":{"a":1}}
`))
	if _, err := l.read(0); err != nil {
		t.Fatal(err)
	}
	expect(t, l, []hub.Listing{
		{Repo: history.Repo{Type: history.Model, Name: "Acme/a"}, HubID: "1", Downloads: history.Unknown, DownloadsAllTime: 5, Likes: history.Unknown},
		{Repo: history.Repo{Type: history.Model, Name: "Acme/b"}, Downloads: history.Unknown, DownloadsAllTime: history.Unknown},
	})
}

func TestFileThatIsRefused(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := fileOf(t, pack(t, text)).read(1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: expected an error with %q, got %v", text, want, err)
		}
	}
	f("", "EOF")
	f(`{"version":3,"org":"a","repos":1}{}`, "expected a file of at most version 2, got version 3")
	f(`{"version":2,"repos":1}{}`, "expected the listing of an organization")
	f(`{"version":2,"org":"a","repos":-1}`, "expected the listing of an organization")
	f(`{"version":2,"org":"a","repos":1}`, "unexpected EOF")
	f(`{"version":2,"org":"a","repos":1}{"likes":"many"}`, "likes")
}

// FuzzFile reads anything as the listing that a file keeps: it is an error, or the listing
// of an organization with as many repositories as it says.
func FuzzFile(f *testing.F) {
	l := &Listing{Org: "acme", AsOf: asOf, repos: listings()}
	if err := l.write(f.TempDir()); err != nil {
		f.Fatal(err)
	}
	for _, file := range []string{l.file, filepath.Join("testdata", "v1"+suffix)} {
		packed, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		zip, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			f.Fatal(err)
		}
		text, err := io.ReadAll(zip)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed, false)
		f.Add(text, true)
	}
	f.Add([]byte(`{"org":"a","repos":50000001}`), true)
	f.Add([]byte(`{"org":"a","repos":3}{}{}`), true)
	// packed says that the bytes are to be packed first: else nothing is got to behind it.
	f.Fuzz(func(t *testing.T, b []byte, packed bool) {
		if packed {
			b = pack(t, string(b))
		}
		l := fileOf(t, b)
		repos, err := l.read(1000)
		if err != nil {
			return
		}
		if l.Org == "" || l.bytes != int64(len(b)) || len(repos) > 1000 {
			t.Errorf("%q: got %+v with %d repositories", b, l, len(repos))
		}
	})
}
