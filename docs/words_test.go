package docs_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// discouraged are words and phrases that readers stumble over, as regular
// expressions, each with what to write instead. Upper and lower case are the same.
var discouraged = [][2]string{
	// American English, as the Hub, Grafana and Prometheus write it.
	{`organi[s]ation\w*`, "organization"},
	{`behaviour\w*`, "behavior"},
	{`colour\w*`, "color"},
	{`(?:normali|summari|initiali|recogni|synchroni|optimi)s(?:e|ed|es|ing)`, "-ize"},
	{`analyse[ds]?`, "analyze"},
	{`catalogue`, "catalog"},
	{`misspelt`, "misspelled"},
	{`whilst`, "while"},
	{`data sets?`, "dataset"},
	// Idioms that were translated.
	{`anew`, "again"},
	{`mend(?:s|ed)?`, "fix"},
	{`in earnest`, "in production"},
	{`slip of the pen`, "typo"},
	{`carved in stone`, "final"},
	{`in (?:its|the) midst`, "in the middle"},
	{`at the most`, "at most"},
	{`at the latest`, "no later than"},
	{`troubles`, "errors"},
	{`days long past`, "days in the distant past"},
	{`take(?:s|n)? back|took back|take downloads back|took downloads back`, "remove"},
	{`set(?:s|ting)? (?:rows )?aside`, "skip"},
	{`(?:not|is|are|was|were) (?:be )?believed`, "accepted"},
	{`(?:is|are) told`, "is reported, is shown"},
	{`never told|told (?:it|them|no)`, "reported"},
	{`stands? still|stood still`, "stalls, does not change"},
	{`broke off|breaks off|broken off`, "was aborted"},
	{`stands? before`, "overrides"},
	{`worked out|works out|work out`, "computed, derived"},
	{`goes on from|go on from`, "continues from"},
	{`once more`, "again"},
	{`gave way`, "was replaced"},
	{`whatever (?:they|it) (?:print|is)`, "any"},
	// Words in a place where the field has its own.
	{`beside (?:it|them|each other|a running|the others)`, "next to, in addition to, while ... is running"},
	{`is to be|are to be`, "must be, will be"},
	{`(?:the|their|its) whole (?:history|hub)`, "the complete history, the entire Hub"},
	{`(?:refused|taken|stored|accepted) whole`, "completely"},
	{`a (?:row|column|file|line) a (?:day|repository)`, "per"},
	{`the period before`, "the previous period"},
	{`answers with`, "returns"},
	{`waited? in vain`, "timed out"},
	{`upper and lower case alike|case (?:is )?ignored`, "not case-sensitive"},
	{`1 (?:repos|days|records|files|readings|organizations|rows|samples|listings|repositories|downloads)`, "textenc.Plural: 1 repository, 1 day"},
	{`(?:\d+|[ds]) repos`, "textenc.Repositories: 2 repositories"}, // also of formats: %d repos
	{`found out`, "determined"},
	{`made[- ]up hub`, "stand-in for the Hub"},
	{`no answer (?:of|came)`, "no response from, cannot reach"},
	{`wants? to know who`, "requires authentication"},
	{`takes? no more (?:requests|samples)`, "has reached its limit"},
	{`knows? no (?:organization|repository)`, "has no"},
	{`(?:if|as) (?:that|it) stays so`, "if this persists"},
	{`in place of (?:it|them|those|that)`, "instead of"},
	{`has a fault`, "has an internal error"},
	{`not as an? \w+ does`, "not like a"},
}

var discouragedWord = func() *regexp.Regexp {
	var all []string
	for _, d := range discouraged {
		all = append(all, "("+d[0]+")")
	}
	return regexp.MustCompile(`(?i)\b(?:` + strings.ReplaceAll(strings.Join(all, "|"), " ", `\s+`) + `)\b`)
}()

// TestWords looks for discouraged words in everything that users read: pages, help
// and HELP texts, log lines, errors, configurations, dashboards, rules, editors.
func TestWords(t *testing.T) {
	for _, page := range append(pages(t), "CHANGELOG.md", "datasource-plugin/CHANGELOG.md") {
		checkWords(t, page, prose(read(t, page)))
	}
	for _, name := range []string{"config.example.yaml", "deploy/helm/huggingface-exporter/values.yaml", "dashboards/rules/alerts.yaml", "dashboards/rules/recording.yaml"} {
		checkWords(t, name, read(t, name))
	}
	for name := range files(t, ".json", "dashboards", "datasource-plugin/src") {
		checkWords(t, name, shownIn(t, name))
	}
	for name := range files(t, ".go", "cmd", "exporter", "internal", "datasource-plugin/pkg") {
		checkWords(t, name, literals(t, name))
	}
	comment := regexp.MustCompile(`(?m)^[ \t]*(?://|/\*|\*).*$`)
	for _, ext := range []string{".ts", ".tsx", ".html"} {
		for name := range files(t, ext, "datasource-plugin/src", "exporter", "internal") {
			checkWords(t, name, comment.ReplaceAllString(read(t, name), ""))
		}
	}
}

// checkWords says which words of a text to replace by which.
func checkWords(t *testing.T, name, text string) {
	t.Helper()
	for _, m := range discouragedWord.FindAllStringSubmatchIndex(text, -1) {
		for i, d := range discouraged {
			if m[2*i+2] >= 0 {
				t.Errorf("%s:%d: expected other words than %q, such as: %s", name, 1+strings.Count(text[:m[0]], "\n"), text[m[0]:m[1]], d[1])
			}
		}
	}
}

// prose is a page without its code; its lines stay where they are.
func prose(page string) string {
	lines := strings.Split(page, "\n")
	code := regexp.MustCompile("`[^`]*`")
	fenced := false
	for i, line := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if fenced = fenced != fence; fenced || fence || strings.HasPrefix(line, "    ") {
			lines[i] = ""
			continue
		}
		lines[i] = code.ReplaceAllString(line, "``")
	}
	return strings.Join(lines, "\n")
}

// files are those below folders whose names end with ext, without tests and their data.
func files(t *testing.T, ext string, folders ...string) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			switch name := filepath.Base(path); {
			case err != nil:
				return err
			case entry.IsDir() && slices.Contains([]string{"testdata", "node_modules", "storetest", "soak", "fakehub"}, name):
				return filepath.SkipDir
			case filepath.Ext(name) == ext && !strings.HasSuffix(name, "_test.go") && !strings.Contains(name, ".test."):
				found[strings.TrimPrefix(filepath.ToSlash(path), root+"/")] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) == 0 && ext != ".html" {
		t.Fatalf("expected files %s in %v, found none", ext, folders)
	}
	return found
}

// literals are the strings of a Go file, each on its line.
func literals(t *testing.T, name string) string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, filepath.Join(root, name), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	line := 1
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		s, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		for ; line < set.Position(lit.Pos()).Line; line++ {
			text.WriteByte('\n')
		}
		text.WriteString(strings.ReplaceAll(s, "\n", " ") + " . ")
		return true
	})
	return text.String()
}

// shownIn are the texts of a JSON file: titles, descriptions and whatever else it has.
func shownIn(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var text strings.Builder
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case string:
			text.WriteString(v + " . ")
		}
	}
	walk(v)
	return text.String()
}

func TestCheckWords(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := discouragedWord.FindString(prose(text)); got != want {
			t.Errorf("%q: expected to find %q, got %q", text, want, got)
		}
	}
	f("Organisations are collected.", "Organisations")
	f("The set is read\nanew.", "anew")
	f("days long\npast", "days long\npast")
	f("It has 1 repos.", "1 repos")
	f("It has %d repos.", "d repos")
	f("It has 21 repositories, and a mending.", "")
	f("The field `organisations` is unknown.", "")
	f("```\norganisations\n```\nand organisation", "organisation")
	f("    hub.organisations\n", "")
}
