package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// bench is one run of the benchmark. What several rows need is made once, when
// the first of them asks for it.
type bench struct {
	data
	series  int // of the metrics page
	rounds  int
	threads int
	settle  time.Duration // how long a server is left alone before its memory is idle
	scratch string        // a directory for what rows write

	held *memtable.Table
	duck *duck
}

// row is a part of the table: one kind of work.
type row struct {
	name, what string
	run        func(*bench) ([]verdict, error)
	// named says that the row runs only if it is asked for by name.
	named bool
}

// rows are all rows, in the order of the table.
var rows = []row{
	{"read", "read CSV into columns", runRead, false},
	{"write", "write CSV from columns", runWrite, false},
	{"scrape", "answer a scrape, page unchanged", runScrape, false},
	{"render", "render the page after a change", runRender, false},
	{"overview", "overview", runOverview, false},
	{"repos", "page of the repository table", runRepos, false},
	{"memory", "memory and disk", runMemory, false},
	{"readings", "memory and disk of daily listings", runReadings, false},
	{"listing", "store a listing", runListing, false},
	{"open", "open the store", runOpen, false},
	{"export", "export by the API", runExport, false},
	{"backfill", "write counters from columns", runBackfill, false},
	{"victoria", "the history in VictoriaMetrics", runVictoria, false},
	{"promql", "PromQL over the history", runPromQL, false},
	{"frames", "write CSV from data frames", runFrames, false},
	{"plugin", "export through the plugin", runPlugin, false},
	{"archive", "one organization of a snapshot of the whole Hub", runArchive, false},
	{"hub", "plugin connected to the Hub", runHub, false},
	{"whole-hub", "the whole Hub in one store", runWholeHub, true},
}

// rowNames lists the names of all rows.
func rowNames() string {
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.name
	}
	return strings.Join(names, ",")
}

// pick returns the rows of the given names, for none all but those that have to be named.
func pick(names string) ([]row, error) {
	var picked []row
	if names == "" {
		for _, r := range rows {
			if !r.named {
				picked = append(picked, r)
			}
		}
		return picked, nil
	}
next:
	for name := range strings.SplitSeq(names, ",") {
		for _, r := range rows {
			if r.name == name {
				picked = append(picked, r)
				continue next
			}
		}
		return nil, fmt.Errorf("expected rows among %s, got %q", rowNames(), name)
	}
	return picked, nil
}

// run measures the rows.
func (b *bench) run(picked []row) ([]verdict, error) {
	runtime.GOMAXPROCS(b.threads)
	var all []verdict
	for _, r := range picked {
		progress("row %s: %s", r.name, r.what)
		v, err := r.run(b)
		if err != nil {
			return all, fmt.Errorf("row %s: %w", r.name, err)
		}
		for _, v := range v {
			progress("  %s: %s", v.what, strings.Join(v.cells()[1:], " | "))
		}
		all = append(all, v...)
		debug.FreeOSMemory()
	}
	return all, nil
}

// close lets go what the rows have in common.
func (b *bench) close() error {
	b.held = nil
	if b.duck == nil {
		return nil
	}
	err := b.duck.close()
	b.duck = nil
	return err
}

// table returns the export in columns.
func (b *bench) table() (*memtable.Table, error) {
	if b.held == nil {
		t, err := memtable.Build(context.Background(), b.rows(byRepo), nil)
		if err != nil {
			return nil, err
		}
		b.held = t
	}
	return b.held, nil
}

// duckdb returns a database that holds the export in the table records.
func (b *bench) duckdb() (*duck, error) {
	if b.duck != nil {
		return b.duck, nil
	}
	path, err := b.path(byDay)
	if err != nil {
		return nil, err
	}
	d, err := openDuck(b.threads)
	if err != nil {
		return nil, err
	}
	if err := d.readCSV("records", path); err != nil {
		d.close()
		return nil, err
	}
	b.duck = d
	return d, nil
}

// progressTo is where progress goes.
var progressTo io.Writer = os.Stderr

// progress says what goes on.
func progress(format string, args ...any) {
	fmt.Fprintf(progressTo, format+"\n", args...)
}
