package deploy_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

const releaseFile = ".goreleaser.yaml"

func TestReleaseIsChecked(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), tool(t, "goreleaser"), "check", releaseFile)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestReleaseHasItsFiles checks that what a release takes from the sources is there.
func TestReleaseHasItsFiles(t *testing.T) {
	var release map[string]any
	decode(t, releaseFile, &release)
	f := func(where string, file any) {
		t.Helper()
		name, _ := file.(string)
		if strings.HasPrefix(name, "bin/release/") || strings.Contains(name, "*") {
			return // made by scripts/release-files.sh, or any number of them
		}
		if read(t, name) == "" {
			t.Errorf("%s: %s is empty", where, name)
		}
	}
	for _, file := range at(release, "archives", 0, "files").([]any) {
		f("archives", at(file, "src"))
	}
	packages := at(release, "nfpms", 0)
	for _, file := range at(packages, "contents").([]any) {
		f("packages", at(file, "src"))
	}
	for _, format := range texts(at(packages, "formats")) {
		scripts := at(packages, "overrides", format, "scripts").(map[string]any)
		if len(scripts) < 3 {
			t.Errorf("expected the scripts of the %s package, got %v", format, scripts)
		}
		for _, script := range scripts {
			f(format, script)
		}
	}
	f("the image", at(release, "dockers_v2", 0, "dockerfile"))
}

// TestReleaseImage compares the image of a release with that of the sources.
func TestReleaseImage(t *testing.T) {
	last := func(name string) string {
		t.Helper()
		text := read(t, name)
		text = text[strings.LastIndex(text, "\nFROM "):]
		// They differ in where the files come from.
		text = regexp.MustCompile(`(?m)^ARG .*\n`).ReplaceAllString(text, "")
		return regexp.MustCompile(`(?m)^COPY .* (/\S+)$`).ReplaceAllString(text, "COPY $1")
	}
	if got, want := last("deploy/release/Dockerfile"), last("Dockerfile"); got != want {
		t.Errorf("expected the last stage of Dockerfile\n%s\ngot\n%s", want, got)
	}
	for _, m := range fromLine.FindAllStringSubmatch(read(t, "deploy/release/Dockerfile"), -1) {
		pinned(t, "deploy/release/Dockerfile", m[1])
	}
}

// TestVersionsAgree keeps the one version of everything that a release has.
func TestVersionsAgree(t *testing.T) {
	var chartFile, plugin, lock, kustomization map[string]any
	decode(t, "deploy/"+chart+"/Chart.yaml", &chartFile)
	decode(t, "datasource-plugin/package.json", &plugin)
	decode(t, "datasource-plugin/package-lock.json", &lock)
	decode(t, "deploy/kubernetes/kustomization.yaml", &kustomization)
	want, _ := plugin["version"].(string)
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(want) {
		t.Fatalf("expected a version in the plugin's package.json, got %q", want)
	}
	f := func(where string, got any) {
		t.Helper()
		if got != want {
			t.Errorf("expected the version %s of the plugin's package.json in %s, got %v", want, where, got)
		}
	}
	f("the plugin's package-lock.json", lock["version"])
	f("the plugin's package-lock.json", at(lock, "packages", "", "version"))
	f("version of the chart", chartFile["version"])
	f("appVersion of the chart", chartFile["appVersion"])
	f("the tag of the image in deploy/kubernetes", at(kustomization, "images", 0, "newTag"))
	for _, name := range []string{"CHANGELOG.md", "datasource-plugin/CHANGELOG.md"} {
		newest := changelogHeading.FindStringSubmatch(read(t, name))
		if newest == nil {
			t.Errorf("%s: expected a first heading like ## [0.1.0] - Unreleased or ## [0.1.0] - 2026-01-31", name)
			continue
		}
		f(name, newest[1])
	}
	if text := read(t, "datasource-plugin/src/plugin.json"); !strings.Contains(text, `"version": "%VERSION%"`) {
		t.Error("expected plugin.json to get its version from package.json when it is built")
	}
}

// changelogHeading is the first heading of a version.
var changelogHeading = regexp.MustCompile(`^# Changelog\n(?:[^#\n].*\n|\n)*## \[([^\]]+)\] - (?:Unreleased|\d{4}-\d\d-\d\d)\n`)

// Every build says all of itself that --version shows.
func TestBuildsAreStamped(t *testing.T) {
	for _, name := range []string{"Makefile", "Dockerfile", releaseFile} {
		text := read(t, name)
		for _, variable := range []string{"Version", "Revision", "Branch", "BuildUser", "BuildDate"} {
			if !regexp.MustCompile(`-X '?(github\.com/prometheus/common/version|\$\(STAMP\))\.` + variable + `=`).MatchString(text) {
				t.Errorf("%s: expected it to set %s of github.com/prometheus/common/version", name, variable)
			}
		}
	}
}
