package deploy_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// exampleWorkflow is what docs/github-actions.md describes.
const exampleWorkflow = "examples/downloads.yml"

// The page shows the workflow as it is.
func TestExampleWorkflowIsOnItsPage(t *testing.T) {
	if !strings.Contains(read(t, "docs/github-actions.md"), "```yaml\n"+read(t, exampleWorkflow)+"```\n") {
		t.Errorf("expected %s in docs/github-actions.md", exampleWorkflow)
	}
}

// run runs a script as a step of a workflow does.
func runStep(t *testing.T, dir string, env []string, script string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", script)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestExampleWorkflow runs the steps against a stand-in for the Hub, and a repository in a
// folder in place of GitHub's.
func TestExampleWorkflow(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the exporter")
	}
	hub := fakehub.New(fakehub.Options{})
	if err := hub.Populate(synthetic.Options{Org: "my-org", Repos: 3, Days: 60, Seed: 1, Last: history.DayOf(time.Now()) - 1}); err != nil {
		t.Fatal(err)
	}
	hub.AddOrg("my-org", fakehub.Free)
	srv := httptest.NewServer(hub)
	defer srv.Close()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin+"/huggingface_exporter", "./cmd/huggingface_exporter")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	env := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "HF_ENDPOINT=" + srv.URL, "ORG=my-org", "NO_PROXY=*",
		"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x@localhost", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x@localhost"}
	must := func(dir, script string) string {
		t.Helper()
		out, err := runStep(t, dir, env, script)
		if err != nil {
			t.Fatalf("%s\n%v\n%s", script, err, out)
		}
		return out
	}
	// What the page says to do once.
	must(dir, `git init -q --bare github.git && git init -q -b main work && cd work
		printf 'hub: {organizations: [{name: my-org, source: listings}]}\n' >config.yaml && git add . && git commit -qm x && git remote add origin ../github.git && git push -q origin main
		git switch -q --orphan downloads && git commit -q --allow-empty -m Downloads && git push -q origin downloads`)
	var workflow map[string]any
	decode(t, exampleWorkflow, &workflow)
	steps := at(workflow, "jobs", "downloads", "steps").([]any)
	for day := range 2 {
		job := filepath.Join(dir, fmt.Sprintf("job%d", day))
		ran := 0
		for _, step := range steps {
			script, _ := at(step, "run").(string)
			path, _ := at(step, "with", "path").(string)
			folder, _ := at(step, "working-directory").(string)
			switch {
			case path != "":
				must(job, "git clone -q --depth=1 --branch=downloads file://"+dir+"/github.git "+path)
			case at(step, "uses") != nil:
				must(dir, "git clone -q --depth=1 --branch=main file://"+dir+"/github.git "+job)
			case strings.Contains(script, "gh release "): // the release
			default:
				must(filepath.Join(job, folder), script)
				ran++
			}
		}
		if ran != 3 {
			t.Fatalf("%d steps were run", ran)
		}
	}
	out := must(dir, "git clone -q --branch=downloads github.git out && cd out && git rev-list --count HEAD && find . -name '*.svg' -o -name '*.png' -o -name '*.json' -o -name README.md | grep -v .git/ | sort && ls data && cat README.md")
	for _, want := range []string{"1\n", "./downloads.svg", "./month.svg", "./chart-dark.svg", "./chart.png", "./README.md", "./badges/model/my-org/", "./badges/dataset/my-org/", "readings",
		"# Downloads of my-org\n\n<img alt=\"downloads\" src=\"downloads.svg\">", "| TYPE | REPOS |"} {
		if !strings.Contains(out, want) {
			t.Errorf("expected %q in\n%s", want, out)
		}
	}
	if !strings.HasPrefix(out, "1\n") {
		t.Errorf("expected a single commit, got\n%s", out)
	}
}
