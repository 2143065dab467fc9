package soak

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// trace is a program run by strace, which has it fail and writes down what it calls.
type trace struct {
	name, file string
	inject     string // "" for no faults
	pid        int
}

// trace returns the next one of a round. At times its call of fsync of that number fails, and
// perhaps some after it; with 0 none does.
func (c *syncing) trace(name string, call int) *trace {
	tr := &trace{name: name, file: c.path(fmt.Sprintf("%d.%d.%s.trace", c.rounds, len(c.traces), name))}
	if call > 0 && c.random.IntN(4) > 0 {
		// One call that takes its time, in which others may see what is there, or some.
		then := []string{"", "+2", "+"}[c.random.IntN(3)]
		pause := 0
		if then == "" {
			pause = c.random.IntN(1_200_000) // microseconds: serve looks each second
		}
		tr.inject = fmt.Sprintf("inject=fsync:error=EIO:delay_exit=%d:when=%d%s", pause, call, then)
	}
	c.traces = append(c.traces, tr)
	return tr
}

// command is what becomes the program that is to be traced.
func (tr *trace) command() []string {
	by := []string{"strace", "-D", "-f", "--seccomp-bpf", "-y", "-ttt", "-s", "4096", "-o", tr.file,
		"-e", "signal=none", "-e", "trace=fsync,rename,renameat,renameat2"}
	if tr.inject != "" {
		by = append(by, "-e", tr.inject)
	}
	return by
}

// calls are the system calls that have ended well.
type calls struct {
	// syncs has the times at which calls of fsync began, by path; renames when a file had got
	// its name.
	syncs   map[string][]float64
	renames map[string]float64
}

var (
	traceLine = regexp.MustCompile(`^(\d+) +(\d+\.\d+) (.*)$`)
	resumed   = regexp.MustCompile(`^<\.\.\. \w+ resumed>`)
	synced    = regexp.MustCompile(`^fsync\(\d+<(.*?)>\) += (.*)$`)
	renamed   = regexp.MustCompile(`^rename(?:at2?)?\(.*"(.*)"(?:, 0)?\) += (.*)$`)
)

// read adds what a trace has, once its program has ended.
func (c *syncing) read(tr *trace, to *calls) {
	c.Helper()
	var text string
	waitFor(c.T, "strace to end "+tr.file, new(logBuffer), func() bool {
		b, err := os.ReadFile(tr.file)
		text = string(b)
		return err == nil && regexp.MustCompile(fmt.Sprintf(`(?m)^%d +[0-9.]+ \+\+\+ `, tr.pid)).MatchString(text)
	})
	type begun struct {
		at   float64
		text string
	}
	unfinished := make(map[string]begun) // by thread
	for line := range strings.Lines(text) {
		m := traceLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			c.Fatalf("%s: cannot read %q", tr.file, line)
		}
		end, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			c.Fatal(err)
		}
		now := begun{end, m[3]}
		if before, ok := strings.CutSuffix(now.text, " <unfinished ...>"); ok {
			unfinished[m[1]] = begun{end, before}
			continue
		}
		if rest := resumed.FindString(now.text); rest != "" {
			now = begun{unfinished[m[1]].at, unfinished[m[1]].text + now.text[len(rest):]}
		}
		if s := synced.FindStringSubmatch(now.text); s != nil {
			switch {
			case s[2] == "0":
				to.syncs[s[1]] = append(to.syncs[s[1]], now.at)
			case strings.Contains(s[2], "(INJECTED)"):
				c.faults++
				if tr.name == "serve" {
					c.inServe++
				}
			}
		}
		if s := renamed.FindStringSubmatch(now.text); s != nil && s[2] == "0" {
			to.renames[s[1]] = end
		}
	}
}

// powerLoss takes away of the files of a round what may be lost with the power.
func (c *syncing) powerLoss() {
	c.Helper()
	all := calls{make(map[string][]float64), make(map[string]float64)}
	for _, tr := range c.traces {
		c.read(tr, &all)
	}
	for path, at := range all.renames {
		dir, base := filepath.Split(path)
		named := false
		for _, began := range all.syncs[filepath.Clean(dir)] {
			named = named || began >= at
		}
		var err error
		switch whole := len(all.syncs[path])+len(all.syncs[dir+"."+base+".tmp"]) > 0; {
		case !named:
			if err = os.Remove(path); err == nil {
				c.lost++
			}
		case !whole:
			err = os.Truncate(path, 10)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.Fatal(err)
		}
	}
}
