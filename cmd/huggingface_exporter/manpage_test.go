package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	// f asks as the scripts of bash and zsh do: with the words up to the cursor.
	f := func(want string, words ...string) {
		t.Helper()
		got := strings.Fields(r.ok(append([]string{"--completion-bash"}, words...)...))
		if !strings.HasPrefix(strings.Join(got, " ")+" ", want) {
			t.Errorf("%q: expected %q first, got %q", words, want, got)
		}
	}
	const commands = "help serve collect import export "
	f(commands)
	f(commands, "")
	f(commands, "exp")
	f("--storage.path --config.file ", "export", "--")
	f("time repo ", "export", "--order", "")
	f("csv jsonl parquet ", "export", "--format", "")
	// Without an answer the shells complete names of files.
	f(" ", "import", "")
	f(" ", "check-config", "")

	for _, shell := range []string{"bash", "zsh"} {
		if out := r.ok("--completion-script-" + shell); !strings.Contains(out, "--completion-bash") {
			t.Errorf("%s: expected a script, got\n%s", shell, out)
		}
	}
}

// requests are those of roff that the manual page is made of.
var requests = regexp.MustCompile(`^\.(TH|SH|SS|TP|PP|br|B|BR|I|RI)( |$)`)

func TestManual(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	text := r.ok("--help-man")
	if want := `.TH "huggingface_exporter" 1 "" "huggingface_exporter devel" "User Commands"` + "\n.SH NAME\nhuggingface_exporter \\- "; !strings.HasPrefix(text, want) {
		t.Errorf("expected the page to begin with\n%s\ngot\n%.200s", want, text)
	}
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, ".") && !requests.MatchString(strings.TrimSpace(line)) || strings.HasPrefix(line, "'") {
			t.Errorf("expected text or a request of roff, got %q", line)
		}
	}
	// Every command of the help is in it, with its flags.
	for _, command := range []string{"serve", "collect", "import", "export", "backfill", "migrate", "overview", "repos", "chart", "badge", "generate", `check\-config`} {
		if !strings.Contains(text, `.SS "`+command) {
			t.Errorf("expected the command %s", command)
		}
	}
	for _, want := range []string{`\fB\-\-storage.path=`, "HF_TOKEN", ".SH EXIT STATUS"} {
		if !strings.Contains(text, want) {
			t.Errorf("expected %q", want)
		}
	}
	// groff has nothing to say about it, where there is one.
	groff, err := exec.LookPath("groff")
	if err != nil {
		return
	}
	cmd := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-ww", "-z")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("groff: %v\n%s", err, out)
	}
}

func TestRoff(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := roff(text); got != want {
			t.Errorf("%q: expected %q, got %q", text, want, got)
		}
	}
	f("a plain line", "a plain line")
	f("--flag", `\-\-flag`)
	f(`C:\data`, `C:\edata`)
	f(".SH none\n'so none", "\\&.SH none\n.br\n\\&'so none")
}
