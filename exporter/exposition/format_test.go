package exposition

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// fullPage is a page as the exporter serves it: repositories, and the metrics
// that every exporter has.
func fullPage(t testing.TB) (*Page, *prometheus.Registry) {
	t.Helper()
	p, reg := newPage(t, Options{})
	reg.MustRegister(
		// Without the old memory statistics: in OpenMetrics the families of
		// go_memstats_alloc_bytes and go_memstats_alloc_bytes_total are one.
		collectors.NewGoCollector(collectors.WithGoCollectorMemStatsMetricsDisabled()),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		version.NewCollector("huggingface_exporter"),
		prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "huggingface_exporter_test_seconds", Help: "A native and classic histogram.",
			Buckets: []float64{1, 2}, NativeHistogramBucketFactor: 1.1,
		}),
	)
	p.Update(fixture(), storedFixture)
	return p, reg
}

// Every format, parsed by its own parser, tells the same of the repositories.
func TestFormatsAgree(t *testing.T) {
	p, _ := fullPage(t)
	read := func(format expfmt.Format, encoding string) []string {
		t.Helper()
		families := decode(t, get(t, p.Handler(), format, encoding), format)
		if !slices.ContainsFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == "go_goroutines" }) {
			t.Errorf("%s, %s: the exporter's own metrics are missing", format, encoding)
		}
		families = slices.DeleteFunc(families, func(f *dto.MetricFamily) bool {
			return !strings.HasPrefix(f.GetName(), "huggingface_repo_") && !strings.HasPrefix(f.GetName(), "huggingface_org_")
		})
		for _, f := range families {
			if f.GetHelp() == "" {
				t.Errorf("%s, %s: %s has no help", format, encoding, f.GetName())
			}
		}
		return flatten(families)
	}
	want := read(expfmt.FmtText, "identity")
	if len(want) != 7+2+2+6+6+6+8 {
		t.Errorf("%d samples:\n%s", len(want), strings.Join(want, "\n"))
	}
	for _, format := range []expfmt.Format{expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtProtoDelim} {
		if got := read(format, "gzip"); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nexpected\n%s", format, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// What the formats demand of a page as a whole, and parsers do not all check.
func TestTextPagesAreWellFormed(t *testing.T) {
	p, _ := fullPage(t)
	f := func(format expfmt.Format, ends int) {
		t.Helper()
		page := get(t, p.Handler(), format, "identity")
		if !utf8.Valid(page) {
			t.Errorf("%s: not UTF-8", format)
		}
		if n := bytes.Count(page, []byte("# EOF")); n != ends || n > 0 && !bytes.HasSuffix(page, []byte("\n# EOF\n")) {
			t.Errorf("%s: %d end marks, expected %d, at the end", format, n, ends)
		}
		family := ""
		families, series := make(map[string]bool), make(map[string]bool)
		for line := range strings.Lines(string(page)) {
			line, ok := strings.CutSuffix(line, "\n")
			if !ok || line == "" {
				t.Errorf("%s: line %q is empty or cut", format, line)
			}
			if line == "# EOF" {
				continue
			}
			if name, ok := strings.CutPrefix(line, "# HELP "); ok {
				name, _, _ = strings.Cut(name, " ")
				if families[name] {
					t.Errorf("%s: family %s comes twice", format, name)
				}
				families[name] = true
				family = name
				continue
			}
			if strings.HasPrefix(line, "# ") {
				if fields := strings.Fields(line); fields[1] != "TYPE" && fields[1] != "UNIT" || fields[2] != family {
					t.Errorf("%s: %q follows HELP of %s", format, line, family)
				}
				continue
			}
			if !strings.HasPrefix(line, family) {
				t.Errorf("%s: %q among the samples of %s", format, line, family)
			}
			name := line[:strings.LastIndexByte(line, ' ')]
			if series[name] {
				t.Errorf("%s: series %s comes twice", format, name)
			}
			series[name] = true
			// A timestamp would be a second number after the labels.
			if n := strings.Count(line[strings.LastIndexByte(line, '}')+1:], " "); n != 1 {
				t.Errorf("%s: %q: expected one number", format, line)
			}
		}
	}
	f(expfmt.FmtText, 0)
	f(expfmt.FmtOpenMetrics_1_0_0, 1)
}

func TestPageIsLintFree(t *testing.T) {
	p, reg := fullPage(t)
	problems, err := promlint.New(strings.NewReader(text(t, p))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	own, err := testutil.GatherAndLint(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range append(problems, own...) {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

func TestPromtoolAcceptsThePage(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	p, _ := fullPage(t)
	cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(text(t, p))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// Numbers are printed exactly where the format can.
func TestLargeNumbersAreExact(t *testing.T) {
	p, _ := newPage(t, Options{Families: []string{"downloads"}})
	f := func(n int64, want string) {
		t.Helper()
		p.Update(ordered(downloads("acme/rocket", n)), Stored{})
		line := `huggingface_repo_downloads_total{repo_type="model",org="acme",repo="acme/rocket"} ` + want + "\n"
		for _, format := range []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_1_0_0} {
			if page := get(t, p.Handler(), format, "gzip"); !bytes.Contains(page, []byte(line)) {
				t.Errorf("%s: expected %sin\n%s", format, line, page)
			}
		}
	}
	f(0, "0")
	f(1_000_000, "1000000")
	f(1<<53+1, "9007199254740993")
	f(1<<63-1, "9223372036854775807")
}

func TestLabelsAreEscaped(t *testing.T) {
	p, _ := newPage(t, Options{Families: []string{"downloads", "org_repos"}})
	f := func(typ, name, wantType, wantOrg, wantRepo string) {
		t.Helper()
		p.Update(ordered(history.Counts{Repo: repo(history.RepoType(typ), name), Counters: history.Counters{Downloads: 7}}), Stored{})
		for _, format := range []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtProtoDelim} {
			families := decode(t, get(t, p.Handler(), format, "gzip"), format)
			got := flatten(slices.DeleteFunc(families, func(f *dto.MetricFamily) bool {
				return f.GetName() == "huggingface_exporter_repos_over_limit" || strings.Contains(f.GetName(), "errors")
			}))
			want := []string{
				fmt.Sprintf("COUNTER huggingface_repo_downloads{org=%q,repo=%q,repo_type=%q} 7", wantOrg, wantRepo, wantType),
				fmt.Sprintf("GAUGE huggingface_org_repos{org=%q,repo_type=%q} 1", wantOrg, wantType),
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q %q came back as %q, expected %q", format, typ, name, got, want)
			}
		}
	}
	same := func(name, org string) { t.Helper(); f("model", name, "model", org, name) }
	f("", "gpt2", "", "", "gpt2") // nothing but a name
	same("acme/rocket", "acme")
	same("gpt2", "")
	same("", "")
	same("/", "")
	same(`a"b/c"d`, `a"b`)
	same(`a\b/c\`, `a\b`)
	same("a\nb/\n", "a\nb")
	same(`a\nb/\\n`, `a\nb`)
	same(`a/{b="c"} 1 # d`, "a")
	same("größe/日本語-🤗", "größe")
	same("a\tb\r/c\x00d", "a\tb\r")
	f(`a"\`+"\n", "gpt2", `a"\`+"\n", "", "gpt2")
	// A scraper would refuse a page with bytes that are not UTF-8.
	f("m\xfe", "a\xff/\xc3(", "m\uFFFD", "a\uFFFD", "a\uFFFD/\uFFFD(")
}
