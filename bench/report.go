package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"
)

// verdict is a line of the table: what was measured, against what, and whether
// the target is met.
type verdict struct {
	what    string
	ours    string // our figure
	against string // what it is compared with, "" if the target is a number
	theirs  string // the figure of that
	ratio   string // how they compare, "" if the target is a number
	target  string
	met     bool
}

// atLeast compares two times: ours must be the target times shorter.
func atLeast(what string, target float64, ours, theirs timing) verdict {
	ratio := float64(theirs.median) / float64(max(ours.median, 1))
	return verdict{
		what: what, ours: ours.String(), against: theirs.name, theirs: theirs.String(),
		ratio: times(ratio), target: "at least " + times(target), met: ratio >= target,
	}
}

// within compares two times: ours may be at most the target times longer.
func within(what string, target float64, ours, theirs timing) verdict {
	ratio := float64(ours.median) / float64(max(theirs.median, 1))
	return verdict{
		what: what, ours: ours.String(), against: theirs.name, theirs: theirs.String(),
		ratio: times(ratio) + " its time", target: "at most " + times(target) + " its time", met: ratio <= target,
	}
}

// atMost holds a number against the highest one that is allowed.
func atMost(what string, most, ours float64, unit string) verdict {
	return verdict{
		what: what, ours: number(ours) + " " + unit,
		target: "at most " + number(most) + " " + unit, met: ours <= most,
	}
}

// String tells the median, and the spread where it is wide enough to matter.
func (t timing) String() string {
	s := duration(t.median)
	if t.most > t.least+t.median/20 {
		s += fmt.Sprintf(" (%s to %s)", duration(t.least), duration(t.most))
	}
	return s
}

// duration writes a time with three digits.
func duration(d time.Duration) string {
	switch {
	case d >= time.Second:
		return number(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return number(d.Seconds()*1e3) + " ms"
	default:
		return number(d.Seconds()*1e6) + " µs"
	}
}

// number writes three digits, all of those before the point.
func number(f float64) string {
	if math.Abs(f) >= 1000 {
		return fmt.Sprintf("%.0f", f)
	}
	s := fmt.Sprintf("%#.3g", f)
	if strings.Contains(s, "e") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func times(f float64) string { return number(f) + "x" }

func (v verdict) outcome() string {
	if v.met {
		return "met"
	}
	return "MISSED"
}

func (v verdict) cells() []string {
	return []string{v.what, v.ours, v.against, v.theirs, v.ratio, v.target, v.outcome()}
}

var headings = []string{"what", "exporter", "against", "its figure", "ratio", "target", "outcome"}

// writeText writes the table for a terminal.
func writeText(w io.Writer, verdicts []verdict) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(headings, "\t"))
	for _, v := range verdicts {
		fmt.Fprintln(t, strings.Join(v.cells(), "\t"))
	}
	return t.Flush()
}

// writeMarkdown writes the table, and where and over what it was measured.
func writeMarkdown(w io.Writer, m machine, command string, notes []string, verdicts []verdict) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s with `%s`:\n\n", m.date, command)
	for _, line := range append(m.lines(), notes...) {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	fmt.Fprintf(&b, "\n| %s |\n|%s\n", strings.Join(headings, " | "), strings.Repeat("---|", len(headings)))
	for _, v := range verdicts {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(v.cells(), " | "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
