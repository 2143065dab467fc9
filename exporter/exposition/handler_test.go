package exposition

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// manyRepos returns a page of several blocks and what it has to say.
func manyRepos(t *testing.T) (*Page, []string) {
	t.Helper()
	p, _ := newPage(t, Options{})
	var counts []history.Counts
	var want []string
	for i := range 3*blockRepos + 17 {
		c := downloads(fmt.Sprintf("org-%d/repo-%06d", i/1000, i), int64(i)*7919)
		counts = append(counts, c)
	}
	for c := range ordered(counts...) {
		want = append(want, fmt.Sprintf(`huggingface_repo_downloads_total{repo_type="model",org=%q,repo=%q} %d`,
			c.Repo.Org(), c.Repo.Name, c.Downloads))
	}
	p.Update(ordered(counts...), Stored{})
	return p, want
}

func TestPageOfSeveralBlocks(t *testing.T) {
	p, want := manyRepos(t)
	if got := samples(t, p, "huggingface_repo_downloads_total{"); !slices.Equal(got, want) {
		t.Errorf("%d samples, expected %d; or they differ", len(got), len(want))
	}
	for _, format := range formats {
		plain := get(t, p.Handler(), format, "identity")
		if gz := get(t, p.Handler(), format, "gzip"); !bytes.Equal(gz, plain) {
			t.Errorf("%s: gzip and plain differ", format)
		}
	}
}

// Any reader of gzip can read the page.
func TestGzipReaders(t *testing.T) {
	p, _ := manyRepos(t)
	want := get(t, p.Handler(), expfmt.FmtText, "identity")
	packed := body(t, scrape(t, p.Handler(), http.MethodGet, "/metrics", "Accept-Encoding", "gzip"))
	if len(packed) > len(want)/4 {
		t.Errorf("%d bytes compressed to %d", len(want), len(packed))
	}

	t.Run("klauspost", func(t *testing.T) {
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		z.Multistream(false)
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) {
			t.Errorf("error %v, same %t", err, bytes.Equal(got, want))
		}
	})
	t.Run("one deflate stream between header and trailer", func(t *testing.T) {
		rest := bytes.NewReader(packed[len(gzipHeader):])
		if got, err := io.ReadAll(flate.NewReader(rest)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("error %v, same %t", err, bytes.Equal(got, want))
		}
		if rest.Len() != 8 {
			t.Errorf("%d bytes after the stream, expected the 8 of the trailer", rest.Len())
		}
	})
	t.Run("HTTP client", func(t *testing.T) {
		srv := httptest.NewServer(p.Handler())
		defer srv.Close()
		resp, err := srv.Client().Get(srv.URL) // asks for gzip and undoes it
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := body(t, resp); !resp.Uncompressed || !bytes.Equal(got, want) {
			t.Errorf("uncompressed %t, same %t", resp.Uncompressed, bytes.Equal(got, want))
		}
	})

	file := filepath.Join(t.TempDir(), "page.gz")
	if err := os.WriteFile(file, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(name string, want []byte, argv ...string) {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(argv[0]); err != nil {
				t.Skip(argv[0], "is not installed")
			}
			cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if got, err := cmd.Output(); err != nil || !bytes.Equal(got, want) {
				t.Errorf("error %v, %d bytes, expected %d\n%s", err, len(got), len(want), stderr.String())
			}
		})
	}
	run("gzip -t", nil, "gzip", "-t", file)
	run("gzip -dc", want, "gzip", "-dc", file)
	run("zlib", want, "python3", "-c", `import sys, zlib
d = zlib.decompressobj(wbits=31)
out = d.decompress(open(sys.argv[1], "rb").read()) + d.flush()
assert d.eof and not d.unused_data
sys.stdout.buffer.write(out)`, file)
}

func TestContentLengthAndHead(t *testing.T) {
	p, _ := manyRepos(t)
	srv := httptest.NewServer(p.Handler())
	defer srv.Close()
	f := func(format expfmt.Format, encoding string) {
		t.Helper()
		do := func(method string) (*http.Response, []byte) {
			r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+"/metrics", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept", string(format))
			r.Header.Set("Accept-Encoding", encoding)
			resp, err := srv.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			return resp, body(t, resp)
		}
		got, content := do(http.MethodGet)
		if got.ContentLength != int64(len(content)) || len(got.TransferEncoding) > 0 {
			t.Errorf("%s, %s: Content-Length %d for %d bytes", format, encoding, got.ContentLength, len(content))
		}
		head, content := do(http.MethodHead)
		if head.StatusCode != http.StatusOK || len(content) > 0 {
			t.Errorf("%s, %s: HEAD: status %d, %d bytes", format, encoding, head.StatusCode, len(content))
		}
		// Nor does the handler try to write, for the server to drop it.
		if b := body(t, scrape(t, p.Handler(), http.MethodHead, "/metrics", "Accept-Encoding", encoding)); len(b) > 0 {
			t.Errorf("%s, %s: HEAD: %d bytes written", format, encoding, len(b))
		}
		for _, name := range []string{"Content-Length", "Content-Type", "Content-Encoding", "Vary"} {
			if g, h := got.Header.Values(name), head.Header.Values(name); !slices.Equal(g, h) {
				t.Errorf("%s, %s: %s is %q for GET, %q for HEAD", format, encoding, name, g, h)
			}
		}
	}
	for _, format := range formats {
		f(format, "identity")
		f(format, "gzip")
	}
}

func TestNameParameter(t *testing.T) {
	p, _ := newPage(t, Options{})
	p.Update(fixture(), storedFixture)
	f := func(query string, want ...string) {
		t.Helper()
		var pages [][]byte
		for _, encoding := range []string{"identity", "gzip"} {
			r := scrape(t, p.Handler(), http.MethodGet, "/metrics?"+query, "Accept-Encoding", encoding)
			b := body(t, r)
			if n := r.Header.Get("Content-Length"); n != strconv.Itoa(len(b)) {
				t.Errorf("%s, %s: Content-Length %s for %d bytes", query, encoding, n, len(b))
			}
			if encoding == "gzip" {
				b = gunzipOne(t, b)
			}
			pages = append(pages, b)
		}
		var got []string
		for line := range strings.Lines(string(pages[0])) {
			if strings.HasPrefix(line, "# TYPE ") {
				got = append(got, strings.Fields(line)[2])
			}
		}
		if !slices.Equal(got, want) || !bytes.Equal(pages[0], pages[1]) {
			t.Errorf("%s: got families %q, expected %q; gzip the same: %t", query, got, want, bytes.Equal(pages[0], pages[1]))
		}
	}
	f("name[]=huggingface_org_repos", "huggingface_org_repos")
	f("name[]=huggingface_repo_likes&name[]=huggingface_repo_downloads_total",
		"huggingface_repo_downloads_total", "huggingface_repo_likes")
	f("name[]=huggingface_exporter_repos_over_limit", "huggingface_exporter_repos_over_limit")
	f("name[]=huggingface_repo_likes&name[]=huggingface_exporter_repos_over_limit",
		"huggingface_repo_likes", "huggingface_exporter_repos_over_limit")
	f("name[]=huggingface")
	f("name[]=")
}
