package exposition

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestGoldenPages(t *testing.T) {
	p, _ := newPage(t, Options{})
	p.Update(fixture(), storedFixture)
	f := func(format expfmt.Format, file string) {
		t.Helper()
		want, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, encoding := range []string{"identity", "gzip"} {
			if got := get(t, p.Handler(), format, encoding); string(got) != string(want) {
				t.Errorf("%s, %s differs from testdata/%s:\n%s", format, encoding, file, got)
			}
		}
	}
	f(expfmt.FmtText, "page.txt")
	f(expfmt.FmtOpenMetrics_1_0_0, "page.openmetrics")
	f(expfmt.FmtOpenMetrics_0_0_1, "page.openmetrics")

	want, err := os.ReadFile("testdata/page.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, p); got != string(want) {
		t.Errorf("WriteTo differs from testdata/page.txt:\n%s", got)
	}
}

func TestPageBeforeTheFirstUpdate(t *testing.T) {
	p, _ := newPage(t, Options{})
	if err := p.SetOptions(Options{MaxRepos: 1}); err != nil {
		t.Fatal(err)
	}
	got := text(t, p)
	if strings.Contains(got, "huggingface_repo") || strings.Contains(got, "huggingface_org") {
		t.Errorf("repositories on a page without data:\n%s", got)
	}
	if !strings.Contains(got, "\nhuggingface_exporter_repos_over_limit 0\n") {
		t.Errorf("the exporter's own metrics are not there:\n%s", got)
	}
}

func TestIncludeExclude(t *testing.T) {
	counts := ordered(downloads("google/bert", 1), downloads("google/t5", 2), downloads("notgoogle/x", 3), downloads("gpt2", 4))
	f := func(include, exclude string, want ...string) {
		t.Helper()
		var o Options
		if include != "" {
			o.Include = regexp.MustCompile(include)
		}
		if exclude != "" {
			o.Exclude = regexp.MustCompile(exclude)
		}
		p, _ := newPage(t, o)
		p.Update(counts, Stored{})
		var got []string
		for _, s := range samples(t, p, "huggingface_repo_downloads_total{") {
			got = append(got, regexp.MustCompile(`repo="([^"]*)"`).FindStringSubmatch(s)[1])
		}
		if !slices.Equal(got, want) {
			t.Errorf("include %q, exclude %q: got %q, expected %q", include, exclude, got, want)
		}
	}
	f("", "", "google/bert", "google/t5", "gpt2", "notgoogle/x")
	f("google/.*", "", "google/bert", "google/t5")
	f("google", "") // has to match the whole name
	f("^google/.*$", "", "google/bert", "google/t5")
	f("google/bert|gpt2", "", "google/bert", "gpt2")
	f("(?i)GOOGLE/.*", "", "google/bert", "google/t5")
	f("", "google/.*", "gpt2", "notgoogle/x")
	f("", "google", "google/bert", "google/t5", "gpt2", "notgoogle/x")
	f("google/.*", ".*/t5", "google/bert")
	f("google/.*", ".*")
}

func TestFamiliesSwitchedOff(t *testing.T) {
	f := func(families []string, want ...string) {
		t.Helper()
		p, _ := newPage(t, Options{Families: families})
		p.Update(fixture(), storedFixture)
		var got []string
		for _, line := range samples(t, p, "# TYPE ") {
			if name := strings.Fields(line)[2]; !strings.HasPrefix(name, "huggingface_exporter_") {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("families %q: got %q, expected %q", families, got, want)
		}
	}
	all := []string{
		"huggingface_repo_downloads_total", "huggingface_repo_downloads_removed_total",
		"huggingface_repo_downloads_backdated_total", "huggingface_repo_downloads_all_time",
		"huggingface_repo_downloads_last_month", "huggingface_repo_likes", "huggingface_org_repos",
		"huggingface_group_downloads_total", "huggingface_group_downloads_all_time", "huggingface_group_repos",
	}
	f(nil, all...)
	f(Families(), all...)
	for i, name := range Families() {
		f([]string{name}, all[i])
	}
	f([]string{"likes", "downloads"}, all[0], all[5]) // in the order of the page
	f([]string{})
}

func TestWrongOptions(t *testing.T) {
	f := func(o Options, want string) {
		t.Helper()
		p, reg := newPage(t, Options{MaxRepos: 2})
		p.Update(fixture(), storedFixture)
		before := text(t, p)
		if _, err := New(o, reg, discardLog); err == nil || err.Error() != want {
			t.Errorf("New: got error %v, expected %s", err, want)
		}
		if err := p.SetOptions(o); err == nil || err.Error() != want {
			t.Errorf("SetOptions: got error %v, expected %s", err, want)
		}
		if text(t, p) != before {
			t.Error("refused options changed the page")
		}
	}
	f(Options{Families: []string{"likes", "stars"}},
		`metric family: expected downloads, removed, backdated, all_time, last_month, likes, org_repos, group_downloads, group_all_time or group_repos, got "stars"`)
	f(Options{Families: []string{""}},
		`metric family: expected downloads, removed, backdated, all_time, last_month, likes, org_repos, group_downloads, group_all_time or group_repos, got ""`)
}

func TestMetricsOfThePageAreRegisteredOnce(t *testing.T) {
	_, reg := newPage(t, Options{})
	if _, err := New(Options{}, reg, discardLog); err == nil {
		t.Error("a second page on one registry: expected an error")
	}
}

func TestSetOptionsRendersAgain(t *testing.T) {
	p, _ := newPage(t, Options{})
	p.Update(fixture(), storedFixture)
	before := text(t, p)
	if err := p.SetOptions(Options{Families: []string{"likes"}, Include: regexp.MustCompile("acme/.*"), MaxRepos: 3}); err != nil {
		t.Fatal(err)
	}
	// The unknown number of downloads of the space is the smallest.
	want := []string{
		`huggingface_repo_likes{repo_type="model",org="acme",repo="acme/odd \"quoted\" \\ back\nline"} 1`,
		`huggingface_repo_likes{repo_type="dataset",org="acme",repo="acme/rocket"} 9223372036854775807`,
	}
	if got := samples(t, p, "huggingface_repo"); !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
	if got := samples(t, p, "huggingface_exporter_repos_over_limit"); !slices.Equal(got, []string{"huggingface_exporter_repos_over_limit 1"}) {
		t.Errorf("got %q", got)
	}
	if err := p.SetOptions(Options{}); err != nil {
		t.Fatal(err)
	}
	if got := text(t, p); got != before {
		t.Errorf("with the first options again, got\n%s\nexpected\n%s", got, before)
	}
}

// The Hub's total falls and rises: the counters that are exposed do not fall, and make up the
// total once the fall is confirmed.
func TestCountersNeverFall(t *testing.T) {
	p, _ := newPage(t, Options{})
	rocket := repo(history.Model, "acme/rocket")
	var readings []history.Reading
	total := func(day int64, total int64, want ...string) {
		t.Helper()
		at := history.AsOfTime(time.Date(2024, 5, int(day), 6, 0, 0, 0, time.UTC))
		readings = append(readings, history.NewReading(rocket, at, history.Listing, total, 300_000, history.Unknown))
		var d history.Derivation
		d.Read(readings, nil, func(history.Day, int64, history.Source) {}, nil)
		p.Update(ordered(history.Counts{Repo: rocket, Counters: d.Counters(), AllTime: total, LastMonth: history.Unknown, Likes: history.Unknown}), Stored{})
		for i := range want {
			name, value, _ := strings.Cut(want[i], " ")
			want[i] = "huggingface_repo_downloads_" + name + `{repo_type="model",org="acme",repo="acme/rocket"} ` + value
		}
		if got := samples(t, p, "huggingface_repo"); !slices.Equal(got, want) {
			t.Errorf("day %d: got %q, want %q", day, got, want)
		}
	}
	total(1, 199_000, "total 199000", "all_time 199000")
	total(2, 200_000, "total 200000", "all_time 200000")
	total(3, 150_000, "total 200000", "all_time 150000")
	total(5, 151_000, "total 200000", "all_time 151000")
	total(6, 152_000, "total 202000", "removed_total 50000", "all_time 152000")
	total(7, 153_000, "total 203000", "removed_total 50000", "all_time 153000")
	total(8, 900_000, "total 503000", "removed_total 50000", "all_time 900000")
	total(9, 900_001, "total 503001", "removed_total 50000", "backdated_total 447000", "all_time 900001")
}

func TestOverLimitIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	p, err := New(Options{MaxRepos: 2}, prometheus.NewRegistry(), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	repos := func(n int) []history.Counts {
		var out []history.Counts
		for i := range n {
			out = append(out, downloads(fmt.Sprintf("acme/%d", i), int64(i)))
		}
		return out
	}
	f := func(n, over, lines int) {
		t.Helper()
		p.Update(ordered(repos(n)...), Stored{})
		want := []string{fmt.Sprintf("huggingface_exporter_repos_over_limit %d", over)}
		if got := samples(t, p, "huggingface_exporter_repos_over_limit"); !slices.Equal(got, want) {
			t.Errorf("%d repositories: got %q, expected %q", n, got, want)
		}
		if got := bytes.Count(log.Bytes(), []byte("\n")); got != lines {
			t.Errorf("%d repositories: %d lines in the log, expected %d:\n%s", n, got, lines, log.String())
		}
	}
	f(2, 0, 0)
	f(5, 3, 1)
	f(6, 4, 1)
	f(2, 0, 1)
	f(3, 1, 2)
	for _, s := range []string{"level=WARN", "max_repos=2", "repos_over_limit=3"} {
		if first, _, _ := strings.Cut(log.String(), "\n"); !strings.Contains(first, s) {
			t.Errorf("expected %q in the log, got %q", s, first)
		}
	}
}

// The page is what VictoriaMetrics/metrics pushes.
func TestPushedPage(t *testing.T) {
	p, _ := newPage(t, Options{})
	p.Update(fixture(), storedFixture)
	var pushed []byte
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var err error
		if pushed, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	write := func(w io.Writer) {
		if _, err := p.WriteTo(w); err != nil {
			t.Error(err)
		}
	}
	push := func(o metrics.PushOptions) []string {
		t.Helper()
		o.Method, o.DisableCompression = http.MethodPost, true
		if err := metrics.PushMetricsExt(t.Context(), srv.URL, write, &o); err != nil {
			t.Fatal(err)
		}
		return flatten(decode(t, pushed, expfmt.FmtText))
	}
	if push(metrics.PushOptions{}); string(pushed) != text(t, p) {
		t.Errorf("pushed\n%s\nexpected\n%s", pushed, text(t, p))
	}
	const want = `COUNTER huggingface_repo_downloads{instance="a",org="",repo="gpt2",repo_type="model"} 200000`
	if got := push(metrics.PushOptions{ExtraLabels: `instance="a"`}); !slices.Contains(got, want) {
		t.Errorf("expected %s in\n%s", want, strings.Join(got, "\n"))
	}
}

// Scrapes do not render: counts are read once an update, and once more if
// someone asks for protobuf.
func TestCountsAreReadOnceAnUpdate(t *testing.T) {
	p, _ := newPage(t, Options{})
	reads := 0
	counts := func(yield func(history.Counts) bool) {
		reads++
		fixture()(yield)
	}
	for update := range 3 {
		p.Update(counts, Stored{})
		for _, format := range []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtProtoDelim} {
			before := get(t, p.Handler(), format, "identity")
			for range 2 {
				if !bytes.Equal(get(t, p.Handler(), format, "gzip"), before) {
					t.Errorf("%s: pages of one update differ", format)
				}
			}
			want := 2*update + 1
			if format == expfmt.FmtProtoDelim {
				want++
			}
			if reads != want {
				t.Errorf("update %d, %s: counts were read %d times, expected %d", update, format, reads, want)
			}
		}
	}
}

// TestFamiliesAreDocumented asserts that each family is where users look for it.
func TestFamiliesAreDocumented(t *testing.T) {
	f := func(file, line string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), line) {
			t.Errorf("expected %q in %s", line, file)
		}
	}
	for _, m := range families {
		kind := "gauge"
		if m.counter {
			kind = "counter"
		}
		f("docs/metrics.md", "| `"+m.name+"` | "+kind+" |")
		f("docs/configuration.md", "| `families."+m.short+"` | `true` | `"+m.name+"` |")
		f("config.example.yaml", "\n    "+m.short+": true\n")
	}
}
