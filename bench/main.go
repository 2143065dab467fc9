// Command bench measures the exporter against other ways to do the same work:
// the standard library's encoding/csv, DuckDB, and client_golang. All of them
// get the same input on the same machine, by turns, and may use the same number
// of threads; and no figure counts unless their answers are equal.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	var (
		scale    = flag.Float64("scale", 1, "size of the data: 1 is 10,000 repositories x 1,000 days, and a page of 1,000,000 series")
		rounds   = flag.Int("rounds", 5, "how often each contestant runs; the median counts")
		names    = flag.String("rows", "", "rows to run, separated by commas (default all: "+rowNames()+")")
		markdown = flag.String("markdown", "", "file to write the table to, as Markdown")
		cache    = flag.String("cache", ".cache", "directory that keeps the inputs between runs")
		threads  = flag.Int("threads", 2, "threads that each contestant may use")
		settle   = flag.Duration("settle", 150*time.Second, "how long the server of the row export is left alone before its memory counts as idle")
	)
	flag.Parse()
	picked, err := pick(*names)
	if err != nil {
		return err
	}
	if flag.NArg() > 0 || *scale <= 0 || *rounds < 1 || *threads < 1 {
		return fmt.Errorf("expected a scale above 0, rounds and threads from 1 and no further arguments, got %q", os.Args[1:])
	}
	scratch, err := os.MkdirTemp("", "huggingface_exporter-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)

	b := &bench{
		data:    data{dir: *cache, repos: scaled(fullRepos, *scale), days: fullDays},
		series:  scaled(fullSeries, *scale),
		rounds:  *rounds,
		threads: *threads,
		settle:  *settle,
		scratch: scratch,
	}
	defer b.close()
	// What was measured before a row failed is told all the same.
	verdicts, failed := b.run(picked)
	if err := writeText(os.Stdout, verdicts); err != nil {
		return err
	}
	if failed != nil || *markdown == "" {
		return failed
	}
	return b.saveMarkdown(*markdown, verdicts)
}

// scaled returns a part of n, but never so little that nothing is measured.
func scaled(n int, scale float64) int { return max(20, int(float64(n)*scale)) }

func (b *bench) saveMarkdown(path string, verdicts []verdict) error {
	d, err := openDuck(b.threads)
	if err != nil {
		return err
	}
	defer d.close()
	version, err := d.version()
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = writeMarkdown(f, thisMachine(version), command(), []string{
		fmt.Sprintf("data: a synthetic export of %d repositories x %d days; a metrics page of %d series", b.repos, b.days, b.series),
		fmt.Sprintf("figures: the median of %d rounds, the spread in brackets where it is wide", b.rounds),
	}, verdicts)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// command returns how to measure this again: without the flags that only say
// where files are.
func command() string {
	c := "cd bench && go run ."
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "cache" && f.Name != "markdown" {
			c += fmt.Sprintf(" -%s %s", f.Name, f.Value)
		}
	})
	return c
}
