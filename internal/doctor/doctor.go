// Package doctor checks what serve needs before it runs: configuration, tokens, the
// Hub, the storage, permissions, the clock and ports. Each finding says what to do. It
// changes nothing, but for a sample that shows whether a VictoriaMetrics keeps old ones.
package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

// Verdict says how a check went.
type Verdict string

const (
	OK   Verdict = "ok"
	Warn Verdict = "warn" // serve runs, and something may not be as meant
	Fail Verdict = "fail" // serve does not do what it is configured to do
)

// Finding is what a check found.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	// Check is the name of the check: config, port, store, engine, queue, token, hub or
	// clock.
	Check string `json:"check"`
	// Found says what there is, Advice what to do about it, "" for nothing.
	Found  string `json:"found"`
	Advice string `json:"do,omitempty"`
}

// Options are the flags that serve would get.
type Options struct {
	ConfigFile    string // "" for none
	StoragePath   string
	WebConfigFile string // "" for none
	Addresses     []string
	RoutePrefix   string // before every route, "" for nothing
	// Offline asks neither the Hub nor a storage engine.
	Offline bool
	Log     *slog.Logger
}

// checks are all there are, in the order of the report. Each sees what those before it
// have left in the examination.
var checks = []struct {
	name string
	run  func(*examination, context.Context)
}{
	{"config", (*examination).checkConfig},
	{"config", (*examination).checkWebConfig},
	{"port", (*examination).checkPorts},
	{"store", (*examination).checkStore},
	{"engine", (*examination).checkEngine},
	{"queue", (*examination).checkQueue},
	{"token", (*examination).checkTokens},
	{"hub", (*examination).checkHub},
	{"clock", (*examination).checkClock},
}

// examination is one run of all checks.
type examination struct {
	Options
	config *config.Config // nil if it is not valid
	// orgs are the organizations whose token can be read.
	orgs  []config.Organization
	clock hubClock

	check  string // the name of the running check
	report Report
}

// Run runs every check that makes sense after those before it.
func Run(ctx context.Context, o Options) Report {
	e := &examination{Options: o}
	for _, c := range checks {
		e.check = c.name
		c.run(e, ctx)
	}
	return e.report
}

func (e *examination) add(v Verdict, advice, format string, args []any) {
	e.report = append(e.report, Finding{v, e.check, fmt.Sprintf(format, args...), advice})
}

func (e *examination) ok(format string, args ...any) { e.add(OK, "", format, args) }

func (e *examination) warn(advice, format string, args ...any) { e.add(Warn, advice, format, args) }

func (e *examination) fail(advice, format string, args ...any) { e.add(Fail, advice, format, args) }

// Report is what all checks found.
type Report []Finding

// Count returns the number of findings with a verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, f := range r {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// WriteText writes a line for each finding and the advice below it.
func (r Report) WriteText(w io.Writer) error {
	const indent = "\n              "
	var b strings.Builder
	for _, f := range r {
		fmt.Fprintf(&b, "%-5s %-7s %s", f.Verdict, f.Check, strings.ReplaceAll(f.Found, "\n", indent))
		if f.Advice != "" {
			b.WriteString(indent + "-> " + f.Advice)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\n%d ok, %d warn, %d fail\n", r.Count(OK), r.Count(Warn), r.Count(Fail))
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes the report as an object for programs.
func (r Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		OK       bool   `json:"ok"`
		Findings Report `json:"findings"`
	}{r.Count(Fail) == 0, r})
}

// answerTimeout bounds how long the Hub or an engine may take to begin an answer.
const answerTimeout = 30 * time.Second

// explainTimeout replaces the error of a deadline by one that names the time.
func explainTimeout(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no response within %s", answerTimeout)
	}
	return err
}
