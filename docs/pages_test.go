package docs_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// setup is what a page takes for granted, as commands.
const (
	examples = "cp -r $PROJECT/examples . && mkdir bin home backup && ln -s $(command -v huggingface_exporter) bin/\n"
	hub      = "fakehub --listen-address=127.0.0.1:8765 --org=my-org --free-org=free-org --repos=12 --days=90 --token=hf_... >hub.log 2>&1 &\n" +
		"until_ready 'http://127.0.0.1:8765/api/models?author=my-org'\nexport HF_TOKEN=hf_...\n"
	config   = "printf 'hub:\\n  organizations:\\n    - name: my-org\\n' >config.yaml\n"
	engine   = "printf 'storage:\\n  victoriametrics:\\n    insert_url: http://localhost:8428\\n    flush_url: http://localhost:8428/internal/force_flush\\n' >>config.yaml\n"
	sixRows  = "huggingface_exporter import examples/six-rows.csv >/dev/null 2>&1\n"
	server   = "huggingface_exporter serve --web.listen-address=127.0.0.1:10061 >server.log 2>&1 &\nuntil_ready http://127.0.0.1:10061/-/ready\n"
	victoria = "victoria-metrics -storageDataPath=$PWD/vm -httpListenAddr=127.0.0.1:8428 -retentionPeriod=100y -loggerLevel=ERROR >vm.log 2>&1 &\n" +
		"until_ready http://127.0.0.1:8428/health\n"
	receiver = "printf 'storage:\\n  tsdb:\\n    out_of_order_time_window: 20y\\n' >receiver.yml\n" +
		"prometheus --config.file=receiver.yml --storage.tsdb.path=$PWD/receiver --storage.tsdb.retention.time=100y " +
		"--web.listen-address=127.0.0.1:9090 --web.enable-remote-write-receiver >receiver.log 2>&1 &\nuntil_ready http://127.0.0.1:9090/-/ready\n"
)

var setup = map[string]string{
	"CONTRIBUTING.md":       "cd $PROJECT\n",
	"README.md":             "mkdir home\n" + hub,
	"docs/api.md":           sixRows + server,
	"docs/badges.md":        sixRows + server,
	"docs/backfill.md":      sixRows + victoria + receiver,
	"docs/configuration.md": hub + config,
	"docs/history.md":       hub,
	"docs/operations.md":    hub + victoria + config + engine,
	"docs/page.md":          sixRows + server,
	"docs/promql.md":        sixRows + server,
	"docs/releases.md":      "",
	"docs/tutorial.md":      "mkdir home\n",

	"docs/troubleshooting.md": hub + sixRows + server + "prometheus --config.file=/dev/null --storage.tsdb.path=$PWD/prom " +
		"--web.listen-address=127.0.0.1:9090 >prom.log 2>&1 &\nuntil_ready http://127.0.0.1:9090/-/ready\n",
}

// elsewhere are the commands that a session cannot run, by the page's own words,
// and what checks them.
var elsewhere = map[string]string{
	`^kubectl `:      "deploy/kubernetes_test.go builds the manifests",
	`^docker run `:   "deploy/release_test.go checks the image",
	`^helm install `: "deploy/chart_test.go renders the chart",
	`^huggingface_exporter import --readings .*models_20240531.parquet`: "exporter/archive reads such files",
	`^huggingface_exporter healthcheck$`:                                "cmd/huggingface_exporter/e2e_health_test.go asks exporters on other ports",
	`^huggingface_exporter serve --web.external-url=`:                   "cmd/huggingface_exporter/e2e_health_test.go follows every link below a prefix",
	`^sudo apt-get `:                 "deploy/packagetest installs the package",
	`^sudo install `:                 "deploy/packagetest installs such files",
	`^sudo unzip `:                   "datasource-plugin/Magefile.go packs it under the plugin's id",
	`^sudo systemctl `:               "deploy/packagetest starts the service as its unit says",
	`^sudo -u huggingface_exporter `: "deploy/packagetest runs it as that user",
}

// TestPages runs the commands of every page.
func TestPages(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts servers")
	}
	w := newWorld(t)
	for _, page := range pages(t) {
		t.Run(page, func(t *testing.T) {
			var here []block
			for _, b := range blocks(read(t, page)) {
				if ruleOf(b.commands) == "" {
					here = append(here, b)
				}
			}
			if len(here) == 0 {
				return
			}
			before := setup[page]
			if strings.HasPrefix(page, "docs/") && page != "docs/tutorial.md" || page == "examples/README.md" {
				before = examples + before
			}
			w.run(t, page, t.TempDir(), w.place(before, false), here)
		})
	}
}

// TestElsewhere checks that the list of commands that are not run here is not
// longer than the pages need.
func TestElsewhere(t *testing.T) {
	used := make(map[string]bool)
	for _, page := range pages(t) {
		for _, b := range blocks(read(t, page)) {
			used[ruleOf(b.commands)] = true
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(elsewhere)) {
		if !used[rule] {
			t.Errorf("no page has a command like %s any more: take it out of the list", rule)
		}
	}
}

// ruleOf returns the rule by which commands are not run here; none of several
// commands may be left out by that of another.
func ruleOf(commands string) string {
	lines := strings.Split(strings.TrimSpace(commands), "\n")
	for rule := range elsewhere {
		expression := regexp.MustCompile(rule)
		if !slices.ContainsFunc(lines, func(line string) bool { return !expression.MatchString(line) }) {
			return rule
		}
	}
	return ""
}

// TestLinks checks that links from page to page, and to their parts, lead somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range pages(t) {
		text := read(t, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, part, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			name := page
			if target != "" {
				name = filepath.Join(filepath.Dir(page), target)
			}
			if part == "" {
				if _, err := filepath.Glob(filepath.Join(root, name)); err != nil || !exists(name) {
					t.Errorf("%s: there is no %s", page, name)
				}
				continue
			}
			if strings.HasSuffix(name, ".md") && exists(name) && !slices.Contains(anchors(read(t, name)), part) {
				t.Errorf("%s: %s has no part %s", page, name, part)
			}
		}
	}
}

// TestIndex checks that the index has every page, and the README the index.
func TestIndex(t *testing.T) {
	index := read(t, "docs/README.md")
	for _, page := range pages(t) {
		if name, ok := strings.CutPrefix(page, "docs/"); ok && name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("expected %s in docs/README.md", name)
		}
	}
	if !strings.Contains(read(t, "README.md"), "](docs/README.md)") {
		t.Error("expected docs/README.md in README.md")
	}
}
