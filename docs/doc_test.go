// Package docs_test runs what the pages of the documentation tell people to type.
//
// A page is one session of a shell: its commands run one after the other in one
// folder, against a server, a stand-in for the Hub, a Prometheus and a
// VictoriaMetrics on ports of their own. A command that fails is an error, and so
// is one of which the test does not know what to do with it.
//
//   - Blocks marked sh are commands. A block marked text, json or csv that follows
//     is what they print, and they may fail then; "..." in it stands for anything.
//   - Of indented lines those that begin with a program are commands. Lines that
//     need what is not there (a cluster, systemd, the network) are in the list
//     elsewhere, each with what checks it.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// block is a part of a page to run.
type block struct {
	line     int    // of the page, from 1
	commands string // for a shell
	output   string // what they print; empty: whatever they print
	expected bool   // whether there is an output
}

var (
	fence     = regexp.MustCompile("^```(\\w*)$")
	indented  = regexp.MustCompile(`^    (\$ )?(\S.*)$`)
	variables = regexp.MustCompile(`^(?:[A-Z_]+=\S+ +)+`)
)

// programs are those with which a command begins.
var programs = []string{
	"huggingface_exporter", "bin/huggingface_exporter", "make", "go", "git", "cd", "curl", "promtool", "prometheus", "flock",
	"docker", "kubectl", "helm", "systemctl", "journalctl", "sudo", "apt-get", "dpkg", "rpm", "install", "useradd", "source", "man",
	"npm", "npx", "tar", "sha256sum", "export", "kill", "mkdir", "printf", "echo", "python3", "duckdb", "sqlite3", "gh", "cosign",
}

// isCommand says whether an indented line is one.
func isCommand(line string) bool {
	first, _, _ := strings.Cut(variables.ReplaceAllString(line, ""), " ")
	return slices.Contains(programs, first)
}

// blocks returns what a page has to run.
func blocks(page string) []block {
	var found []block
	var lines []string // of the fenced block
	kind, began := "", 0
	for i, line := range strings.Split(page, "\n") {
		if m := fence.FindStringSubmatch(line); m != nil {
			if began == 0 {
				kind, began, lines = m[1], i+1, nil
				continue
			}
			text := strings.Join(lines, "\n") + "\n"
			switch last := len(found) - 1; {
			case kind == "sh":
				found = append(found, block{line: began, commands: text})
			case kind == "text" && last >= 0 && !found[last].expected && follows(page, found[last].line, began):
				found[last].output, found[last].expected = text, true
			}
			began = 0
			continue
		}
		if began > 0 {
			lines = append(lines, line)
		} else if m := indented.FindStringSubmatch(line); m != nil && isCommand(m[2]) {
			found = append(found, block{line: i + 1, commands: m[2] + "\n"})
		}
	}
	return found
}

// follows says whether there is nothing but the block itself, and empty lines,
// between the beginning of a block and that of another.
func follows(page string, first, second int) bool {
	between := strings.Split(page, "\n")[first : second-1]
	closed := false
	for _, line := range between {
		switch {
		case strings.HasPrefix(line, "```"):
			closed = true
		case closed && strings.TrimSpace(line) != "":
			return false
		}
	}
	return closed
}

// pages are the names of all pages, from the folder of the project.
func pages(t *testing.T) []string {
	t.Helper()
	names := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md", "deploy/helm/huggingface-exporter/README.md",
		"examples/README.md", "datasource-plugin/README.md", "bench/README.md"}
	more, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil || len(more) == 0 {
		t.Fatalf("expected pages, got %v", err)
	}
	for _, name := range more {
		names = append(names, "docs/"+filepath.Base(name))
	}
	var there []string
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			there = append(there, name)
		}
	}
	return there
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// exists says whether there is a file or folder.
func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, name))
	return err == nil
}

var heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)

// anchors are the names of the parts of a page, as GitHub makes them.
func anchors(page string) []string {
	var names []string
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r > 127:
				return r
			}
			return -1
		}, strings.ToLower(m[1]))
		names = append(names, name)
	}
	return names
}
