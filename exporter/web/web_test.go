package web

import (
	"context"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/groups"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

var published = history.Version{Source: history.Published, AsOf: history.AsOf(time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC).UnixMicro())}

func repo(t history.RepoType, name string) history.Repo { return history.Repo{Type: t, Name: name} }

func storeOf(t *testing.T, records ...history.Record) *memtable.Store {
	t.Helper()
	s := memtable.NewStore()
	if _, err := s.Append(t.Context(), history.Batch{Rows: history.RowsOf(published, records...)}); err != nil {
		t.Fatal(err)
	}
	return s
}

// daily are records of a repository, one a day up to the day 20000, which is 2024-10-04.
func daily(r history.Repo, downloads ...int64) (out []history.Record) {
	var total int64
	for _, n := range downloads {
		total += n
	}
	for i, n := range downloads {
		out = append(out, history.Record{Repo: r, Total: total, Day: history.Day(20001 - len(downloads) + i), Downloads: n})
	}
	return out
}

func repeat(n int64, times int) (out []int64) {
	for range times {
		out = append(out, n)
	}
	return out
}

func page(t *testing.T, s history.Reader, query string, o ...func(*Options)) (int, string) {
	t.Helper()
	options := Options{
		Logger: slog.New(slog.DiscardHandler), Loaded: func() bool { return true },
		Collecting: func() []Collector { return nil }, Stored: func(context.Context) string { return "" },
	}
	for _, f := range o {
		f(&options)
	}
	w := httptest.NewRecorder()
	Handler(s, options).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/"+query, nil))
	return w.Code, w.Body.String()
}

var tags = regexp.MustCompile(`(?:\s*<[^>]*>\s*)+`)

// text is a page as one reads it, one item of text a line.
func text(page string) string { return html.UnescapeString(tags.ReplaceAllString(page, "\n")) }

func TestPage(t *testing.T) {
	t.Parallel()
	var records []history.Record
	records = append(records, daily(repo(history.Model, "acme/bert"), append(repeat(10, 60), repeat(20, 30)...)...)...)
	records = append(records, daily(repo(history.Dataset, "acme/squad"), repeat(4, 90)...)...)
	records = append(records, daily(repo(history.Model, `acme/"><script>alert(1)</script>`), repeat(1, 90)...)...)
	records = append(records, daily(repo(history.Model, "globex/tiny"), 3)...)
	s := storeOf(t, records...)
	f := func(query string, status int, want ...string) {
		t.Helper()
		code, got := page(t, s, query)
		read := text(got)
		for _, w := range want {
			if !strings.Contains(read, w) {
				t.Errorf("%s: expected %q in\n%s", query, w, read)
			}
		}
		if code != status || strings.Contains(got, "<script>alert") {
			t.Errorf("%s: got status %d, want %d", query, code, status)
		}
	}
	// The last month: 600 + 120 + 30 + 3, before it 300 + 120 + 30.
	f("", 200, "\nAll repositories\n753\n+67.3%\n", "\nModels\n633\n+91.8%\n", "\nDatasets\n120\n0%\n", "Data up to Oct 4, 2024", "\n1–4 of 4\n",
		"\nacme/bert\nmodel\n600\n+100.0%\n1,200\n", "\nglobex/tiny\nmodel\n3\n3\n", "Downloads by day")
	f("?period=all_time", 200, "\nAll repositories\n1,653\n", "\nacme/bert\nmodel\n1,200\n1,200\n")
	// A type alone needs no sum of all types.
	f("?repo_type=dataset", 200, "\nDatasets\n120\n0%\n", "\nacme/squad\n")
	f("?org=globex", 200, "Downloads of globex", "\n1–1 of 1\n")
	f("?search=BERT&period=all_time", 200, "\n1–1 of 1\n", "\nacme/bert\n")
	f("?search=nothing", 200, "No repository has “nothing” in its name.")
	f("?limit=2&sort=name&order=asc", 200, "\n1–2 of 4\n", "\nNext\n")
	f("?limit=2&offset=2", 200, "\n3–4 of 4\n", "\nPrevious\n")
	// A range that goes on after the last recorded day ends with it, and is compared like that.
	f("?from=2024-09-25&to=2024-10-31", 200, "\nAll repositories\n253\n+1.2%\n")
	f("?from=2030-01-01&to=2030-02-01", 200, "No daily downloads are recorded in this period.")
	// Nothing is known of the days before the first one.
	f("?from=2024-08-01&to=2024-10-04", 200, "\nAll repositories\n1,278\n4 repositories")
	// Empty fields of a form are no filter.
	f("?search=&repo_type=&org=&from=&to=", 200, "\nAll repositories\n753\n")
	f("?sort=size", 400, "This address cannot be shown: sort: expected downloads, total, change, name or removed, got \"size\".")
	f("?limit=501", 400, "limit: expected at most 500, got 501")
	f("?color=red", 400, "color: expected one of the parameters")
	f("?repo=acme/none", 404, "There is no repository acme/none in the history.")
	f("?repo=acme/bert&repo_type=model&period=all_time", 200, "\nacme/bert\nmodel\n", "\nTotal on the Hub\n1,200\n", "\nMilestones\n", "\n1,000\nSep 24, 2024\n",
		"Daily numbers from Jul 7, 2024 to Oct 4, 2024", "\nBadge\n", "\nChart\n")
}

// What a repository has had is shown: its readings, and what the Hub corrected.
func TestRepoPage(t *testing.T) {
	t.Parallel()
	s := memtable.NewStore()
	r := repo(history.Model, "acme/m")
	at := func(day int) history.AsOf { return history.AsOfTime(history.Day(20000 + day).Time().Add(time.Hour)) }
	readings := func(yield func(history.Reading, error) bool) {
		for i, total := range []int64{5000, 5100, 4100, 4110, 4120, 4130, 4140, 4150, 4160} {
			if !yield(history.NewReading(r, at(i), history.Listing, total, 900, int64(7+i)), nil) {
				return
			}
		}
	}
	if _, err := s.Append(t.Context(), history.Batch{Readings: readings}); err != nil {
		t.Fatal(err)
	}
	_, got := page(t, s, "?repo=acme/m&period=all_time")
	for _, want := range []string{"\nTotal on the Hub\n4,160\n", "\n30 days, as the Hub counts\n900\n", "\nLikes\n15\n", "\nAll-time downloads:\n4,160\n",
		"\nCorrections by the Hub\n", "\nRemoved from the total\n1,000\n"} {
		if !strings.Contains(text(got), want) {
			t.Errorf("expected %q in\n%s", want, text(got))
		}
	}
	// One that only listings know has no sum of days yet, which is not zero.
	s = memtable.NewStore()
	first := func(yield func(history.Reading, error) bool) {
		yield(history.NewReading(r, at(0), history.Listing, 5000, 900, 7), nil)
	}
	if _, err := s.Append(t.Context(), history.Batch{Readings: first}); err != nil {
		t.Fatal(err)
	}
	if _, got := page(t, s, ""); !strings.Contains(text(got), "\nModels\n–\n") || !strings.Contains(text(got), "\nacme/m\nmodel\n–\n5,000\n") {
		t.Errorf("got\n%s", text(got))
	}
}

// Every link of a page leads to a page, and what it says is what is shown there.
func TestLinks(t *testing.T) {
	t.Parallel()
	var records []history.Record
	for i := range 7 {
		records = append(records, daily(repo(history.Model, fmt.Sprintf("acme/m%d &x=1", i)), repeat(int64(i), 40)...)...)
	}
	s := storeOf(t, records...)
	_, got := page(t, s, "?limit=3&search=m&offset=3&from=2024-09-20&to=2024-10-01&sort=total")
	links := regexp.MustCompile(`href="(\?[^"]*)"`).FindAllStringSubmatch(got, -1)
	if len(links) < 11 {
		t.Errorf("got %d links", len(links))
	}
	for _, l := range links {
		address := html.UnescapeString(l[1])
		if code, _ := page(t, s, address); code != http.StatusOK {
			t.Errorf("%s: got status %d", address, code)
		}
		v, err := url.ParseQuery(address[1:])
		if err != nil || v.Get("search") != "m" && !v.Has("repo") || v.Get("limit") != "3" {
			t.Errorf("%s does not keep the view: %v", address, err)
		}
	}
	if !strings.Contains(got, `href="api/v1/records?from=2024-09-20&amp;period=range&amp;search=m&amp;to=2024-10-01" download`) {
		t.Errorf("the CSV is not that of the view:\n%s", got)
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	s := storeOf(t)
	f := func(o func(*Options), status int, want string) {
		t.Helper()
		if code, got := page(t, s, "", o); code != status || !strings.Contains(got, want) {
			t.Errorf("got status %d, want %d with %q:\n%s", code, status, want, got)
		}
	}
	f(func(*Options) {}, 200, "No repository is known yet.")
	f(func(o *Options) { o.Loaded = func() bool { return false } }, 200, `http-equiv="refresh"`)
	f(func(o *Options) {
		o.Collecting = func() []Collector { return []Collector{{Org: "acme", Outcome: "Failed (auth): <b>", Failed: true}} }
	}, 200, `<td class="failed">Failed (auth): &lt;b&gt;</td>`)
	f(func(o *Options) { o.Timeout = func() time.Duration { return time.Nanosecond } }, 503, "query.timeout")
	if code, got := page(t, broken{}, ""); code != 503 || !strings.Contains(got, "The history cannot be read: the disk is gone.") {
		t.Errorf("got status %d\n%s", code, got)
	}
}

// broken is a history that cannot be read.
type broken struct{ history.Reader }

func (broken) Overview(context.Context, history.OverviewQuery) (history.Overview, error) {
	return history.Overview{}, errors.New("the disk is gone")
}

// The style and the script are where the page says.
func TestStatic(t *testing.T) {
	t.Parallel()
	_, got := page(t, storeOf(t), "")
	links := regexp.MustCompile(`(?:href|src)="(static/[^"]*)"`).FindAllStringSubmatch(got, -1)
	if len(links) != 3 {
		t.Errorf("got %q", links)
	}
	f := func(path string, status int, cache string) {
		t.Helper()
		w := httptest.NewRecorder()
		Static().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != status || w.Header().Get("Cache-Control") != cache || status == 200 && w.Body.Len() == 0 {
			t.Errorf("%s: got %d %v", path, w.Code, w.Header())
		}
	}
	for _, l := range links {
		f("/"+l[1], 200, "public, max-age=31536000, immutable")
	}
	f("/static/page.js", 200, "no-cache")
	f("/static/web.go", 404, "")
	// Nothing inline that a Content-Security-Policy would have to allow.
	for _, inline := range []string{"<style", " style=", "<script>", " onclick="} {
		if strings.Contains(got, inline) {
			t.Errorf("the page has %s", inline)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	s := storeOf(t, slices.Concat(
		daily(repo(history.Model, "acme/bert"), append(repeat(10, 60), repeat(20, 30)...)...),
		daily(repo(history.Dataset, "acme/squad"), repeat(4, 90)...),
		daily(repo(history.Model, "globex/bert-q4"), repeat(1, 90)...))...)
	g := groups.New()
	g.Set([]groups.Definition{{Name: "bert <all>", Repos: []string{"*/bert*"}}, {Name: "acme", Repos: []string{"acme/*"}}, {Name: "none", Repos: []string{"x/y"}}})
	names := func(o *Options) { o.GroupNames = g.Names }
	f := func(query string, want, not []string) {
		t.Helper()
		status, html := page(t, g.Reader(s), query, names)
		got := text(html)
		for _, w := range want {
			if status != http.StatusOK || !strings.Contains(got, w) && !strings.Contains(html, w) {
				t.Errorf("%s: expected %q, got %d\n%s", query, w, status, html)
			}
		}
		for _, w := range not {
			if strings.Contains(got, w) {
				t.Errorf("%s: expected no %q, got\n%s", query, w, got)
			}
		}
	}
	// A row a group that has repositories, which leads to the group.
	f("", []string{"Groups\n", "\nacme\n2\n720\n+71.4%\n1,560\n", "\nbert <all>\n2\n630\n+90.9%\n1,290\n", `href="?group=bert&#43;%3Call%3E"`, "All groups\n"}, nil)
	f("?org=globex", []string{"\nbert <all>\n1\n30\n"}, []string{"\nacme\n2\n"})
	f("?group=bert+%3Call%3E", []string{
		"Downloads of bert <all>\n", "\n630\n", "globex/bert-q4", `href="api/v1/records?group=bert&#43;%3Call%3E&amp;period=last_month"`,
		`<option value="bert &lt;all&gt;" selected>`, `<input type="hidden" name="group" value="bert &lt;all&gt;">`,
	}, []string{"acme/squad", "Table of groups"})
	f("?group=acme&group=none", []string{"acme/squad", `<input type="hidden" name="group" value="none">`}, []string{"globex/bert"})
	if status, html := page(t, g.Reader(s), "?group=x", names); status != http.StatusBadRequest || !strings.Contains(text(html), `group: expected acme, bert <all> or none, got "x"`) {
		t.Errorf("an unknown group: got %d\n%s", status, text(html))
	}
}
