package deploy_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// workflows are the names of the files.
func workflows(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(names) == 0 {
		t.Fatalf("expected workflows, got %v", err)
	}
	for i, name := range names {
		names[i], _ = filepath.Rel(root, name)
	}
	return names
}

func TestWorkflowsAreLinted(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), tool(t, "actionlint"), append([]string{"-no-color", "-shellcheck=", exampleWorkflow}, workflows(t)...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestWorkflowsAreModest checks that a workflow may only read unless a job says
// what else it needs, and uses actions of a version.
func TestWorkflowsAreModest(t *testing.T) {
	version := regexp.MustCompile(`^[\w.-]+/[\w./-]+@(v\d+(\.\d+)*|[0-9a-f]{40})$`)
	for _, name := range workflows(t) {
		var workflow map[string]any
		decode(t, name, &workflow)
		permissions, _ := workflow["permissions"].(map[string]any)
		if len(permissions) != 1 || permissions["contents"] != "read" {
			t.Errorf("%s: expected the permissions contents: read, got %v", name, workflow["permissions"])
		}
		for job, j := range workflow["jobs"].(map[string]any) {
			if at(j, "timeout-minutes") == nil {
				t.Errorf("%s: expected a timeout of the job %s", name, job)
			}
			for _, step := range at(j, "steps").([]any) {
				uses, ok := at(step, "uses").(string)
				if ok && !version.MatchString(uses) {
					t.Errorf("%s: expected an action of a version, got %s", name, uses)
				}
				if strings.HasPrefix(uses, "actions/checkout@") && at(step, "with", "persist-credentials") != false {
					t.Errorf("%s: expected checkout not to leave its token behind", name)
				}
			}
		}
	}
}

// TestWorkflowsCallWhatThereIs checks the make targets and scripts that workflows run.
func TestWorkflowsCallWhatThereIs(t *testing.T) {
	makefile := read(t, "Makefile")
	called := make(map[string]bool)
	for _, name := range workflows(t) {
		text := read(t, name)
		for _, m := range regexp.MustCompile(`(?m)(?:run: |^ +)make ([\w-]+)`).FindAllStringSubmatch(text, -1) {
			called[m[1]] = true
			if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
				t.Errorf("%s: there is no target %s in the Makefile", name, m[1])
			}
		}
		for _, script := range regexp.MustCompile(`scripts/[\w.-]+`).FindAllString(text, -1) {
			read(t, script)
		}
	}
	for _, want := range []string{"test", "audit", "release", "publish", "plugin", "validate-plugin"} {
		if !called[want] {
			t.Errorf("expected a workflow to run make %s", want)
		}
	}
}
