package exposition

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

var discardLog = slog.New(slog.DiscardHandler)

// ordered returns counts as a store gives them.
func ordered(counts ...history.Counts) iter.Seq[history.Counts] {
	counts = slices.Clone(counts)
	slices.SortFunc(counts, func(a, b history.Counts) int { return a.Repo.Compare(b.Repo) })
	return slices.Values(counts)
}

func repo(typ history.RepoType, name string) history.Repo { return history.Repo{Type: typ, Name: name} }

// downloads returns counts of a model of which only the downloads are known.
func downloads(name string, n int64) history.Counts {
	return history.Counts{
		Repo: repo(history.Model, name), Counters: history.Counters{Downloads: n},
		AllTime: history.Unknown, LastMonth: history.Unknown, Likes: history.Unknown,
	}
}

// storedFixture is what is stored of organizations.
var storedFixture = Stored{
	Orgs:   []StoredOrg{{Org: "", Repos: 1, Records: 12}, {Org: "acme", Repos: 5, Records: 1 << 40}, {Org: `grö"ße`, Repos: 1}},
	Groups: []Group{{Name: `all "big" ones`, Downloads: 0, AllTime: 1 << 40, Repos: 6}, {Name: "llama", Downloads: 12, AllTime: 30, Repos: 2}},
}

// fixture has every kind of repository.
func fixture() iter.Seq[history.Counts] {
	const unknown = history.Unknown
	counts := func(r history.Repo, c history.Counters, allTime, lastMonth, likes int64) history.Counts {
		return history.Counts{Repo: r, Counters: c, AllTime: allTime, LastMonth: lastMonth, Likes: likes}
	}
	none, most := history.Counters{Downloads: unknown}, int64(math.MaxInt64)
	return ordered(
		counts(repo(history.Model, "huggingface/CodeBERTa-small-v1"), history.Counters{Downloads: 4362460}, 4362460, 13, 87),
		counts(repo(history.Dataset, "huggingface/documentation-images"), history.Counters{Downloads: 2167284, Backdated: 9000}, 2176284, 28, unknown),
		// A legacy name, and one of which downloads were removed.
		counts(repo(history.Model, "gpt2"), history.Counters{Downloads: 200000, Removed: 1000}, 199000, 0, 0),
		// A model and a dataset of one name.
		counts(repo(history.Model, "acme/rocket"), history.Counters{}, 0, unknown, unknown),
		counts(repo(history.Dataset, "acme/rocket"), history.Counters{Downloads: most, Removed: most, Backdated: most}, most, most, most),
		// Spaces have no downloads.
		counts(repo(history.Space, "acme/playground"), none, unknown, unknown, 5),
		// Nothing known, and a type that is not.
		counts(repo("kernel", "acme-labs/gemm"), none, unknown, unknown, unknown),
		counts(repo(history.Model, "acme/odd \"quoted\" \\ back\nline"), history.Counters{Downloads: 1}, 1, 1, 1),
		counts(repo(history.Model, "größe/日本語-🤗"), history.Counters{Downloads: 2}, unknown, 2, 2),
	)
}

func newPage(t testing.TB, o Options) (*Page, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	p, err := New(o, reg, discardLog)
	if err != nil {
		t.Fatal(err)
	}
	return p, reg
}

// text returns the whole page in the Prometheus text format.
func text(t testing.TB, p *Page) string {
	t.Helper()
	var b strings.Builder
	if _, err := p.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// samples returns the lines of the page that start with prefix.
func samples(t testing.TB, p *Page, prefix string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(text(t, p)) {
		if strings.HasPrefix(line, prefix) {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out
}

// scrape gets the page; header is name and value in turn.
func scrape(t testing.TB, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// get returns the page in a format, decompressed.
func get(t testing.TB, h http.Handler, format expfmt.Format, encoding string) []byte {
	t.Helper()
	r := scrape(t, h, http.MethodGet, "/metrics", "Accept", string(format), "Accept-Encoding", encoding)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("status %d, expected 200", r.StatusCode)
	}
	b := body(t, r)
	if got := r.Header.Get("Content-Encoding"); got != strings.TrimPrefix(encoding, "identity") {
		t.Fatalf("Content-Encoding %q for Accept-Encoding %q", got, encoding)
	}
	if encoding == "gzip" {
		return gunzipOne(t, b)
	}
	return b
}

// gunzipOne reads a single gzip member, and makes sure that it is all there is.
func gunzipOne(t testing.TB, b []byte) []byte {
	t.Helper()
	rest := bytes.NewReader(b)
	z, err := gzip.NewReader(rest)
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if rest.Len() != 0 {
		t.Fatalf("%d bytes follow the first gzip member", rest.Len())
	}
	return out
}

// decode parses a page with the parser of its format.
func decode(t testing.TB, page []byte, format expfmt.Format) []*dto.MetricFamily {
	t.Helper()
	var out []*dto.MetricFamily
	d := expfmt.NewDecoder(bytes.NewReader(page), format)
	for {
		var f dto.MetricFamily
		err := d.Decode(&f)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		out = append(out, &f)
	}
	return out
}

// flatten returns samples as lines "name{label="value",...} value", sorted, to
// compare pages of different formats.
func flatten(families []*dto.MetricFamily) []string {
	var out []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			slices.Sort(labels)
			v := m.GetCounter().GetValue() + m.GetGauge().GetValue()
			name := strings.TrimSuffix(f.GetName(), "_total")
			out = append(out, fmt.Sprintf("%s %s{%s} %v", f.GetType(), name, strings.Join(labels, ","), v))
		}
	}
	slices.Sort(out)
	return out
}
