package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/common/config"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// maxVictoriaMB is the memory of a whole export from VictoriaMetrics.
const maxVictoriaMB = 128

// victoriaBench is the rows over a VictoriaMetrics.
type victoriaBench struct {
	*bench
	engine  *engine
	program string // the exporter
	table   *memtable.Table
	imports int // so far
}

// runVictoria keeps the history in a VictoriaMetrics: brings it there, asks for it, and
// takes it out, against the least that this takes with curl.
func runVictoria(b *bench) (out []verdict, err error) {
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	v := &victoriaBench{bench: b, table: table, program: filepath.Join(b.scratch, "exporter")}
	if err := buildExporter(v.program); err != nil {
		return nil, err
	}
	dir := filepath.Join(b.scratch, "victoria")
	defer os.RemoveAll(dir)
	if v.engine, err = startEngine(dir, b.threads); err != nil {
		return nil, err
	}
	defer func() { err = joined(err, v.engine.stop()) }()
	for _, part := range []func() ([]verdict, error){v.imported, v.overview, v.exported} {
		more, err := part()
		if err != nil {
			return out, err
		}
		out = append(out, more...)
	}
	return out, nil
}

func joined(err, other error) error {
	if err == nil {
		return other
	}
	return err
}

// buildExporter builds the product.
func buildExporter(program string) error {
	build := exec.Command("go", "build", "-o", program, "./cmd/huggingface_exporter")
	build.Dir = ".." // the product's own module
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the exporter: %w\n%s", err, out)
	}
	return nil
}

// run runs the exporter and returns the most memory that it had.
func (v *victoriaBench) run(out io.Writer, args ...string) (peak int64, err error) {
	cmd := exec.Command(v.program, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(v.threads))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%q: %w\n%s", args, err, said.String())
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10, nil
}

// imported reads a CSV into a new history each time, against curl, which sends the same
// samples as they are. Afterwards the history full is there.
func (v *victoriaBench) imported() ([]verdict, error) {
	path, err := v.path(byRepo)
	if err != nil {
		return nil, err
	}
	lines := filepath.Join(v.scratch, "lines.jsonl")
	defer os.Remove(lines)
	if err := v.writeLines(lines); err != nil {
		return nil, err
	}
	into := func(name string) error {
		config, err := v.engine.configFor(v.scratch, name)
		if err != nil {
			return err
		}
		_, err = v.run(io.Discard, "import", "--config.file="+config, path)
		return err
	}
	ours := contestant{name: "exporter", run: func() error {
		v.imports++
		return into(fmt.Sprintf("import%d", v.imports))
	}}
	theirs := contestant{name: "curl, lines that are prepared", run: func() error {
		v.imports++
		err := curl("--upload-file", lines, "--request", "POST",
			fmt.Sprintf("%s/api/v1/import?extra_label=history=prepared%d", v.engine.url, v.imports))
		if err != nil {
			return err
		}
		return v.engine.flush()
	}}
	t, err := race(wallTime, v.rounds, ours, theirs)
	if err != nil {
		return nil, err
	}
	return []verdict{
		within(fmt.Sprintf("import of %s records of CSV into VictoriaMetrics", millions(v.table.NumRecords())), 1.5, t[0], t[1]),
	}, into("full")
}

// overview asks for each day by repo type, against the query that gives the same.
func (v *victoriaBench) overview() ([]verdict, error) {
	s, err := v.store("full")
	if err != nil {
		return nil, err
	}
	defer s.Close()
	small := v.data
	small.repos = max(2, v.repos/10)
	tenth, err := v.store("tenth")
	if err != nil {
		return nil, err
	}
	defer tenth.Close()
	if _, err := tenth.Append(context.Background(), batchOf(small)); err != nil {
		return nil, err
	}
	var got, want, fewer []typeDay
	ours := contestant{name: "exporter", run: func() (err error) { got, err = overviewFrom(s); return err }}
	ofTenth := contestant{name: "exporter, a tenth of the repositories", run: func() (err error) { fewer, err = overviewFrom(tenth); return err }}
	theirs := contestant{name: "its MetricsQL query", run: func() (err error) {
		want, err = v.engine.overview("full", v.table.Recorded())
		return err
	}}
	t, err := race(wallTime, v.rounds, ours, ofTenth, theirs)
	if err != nil {
		return nil, err
	}
	if err := sameDays(got, want); err != nil {
		return nil, err
	}
	if err := sameDays(got, overviewOf(v.table)); err != nil {
		return nil, err
	}
	if len(fewer) == 0 {
		return nil, fmt.Errorf("expected days of %d repositories, got none", small.repos)
	}
	what := "overview of VictoriaMetrics, all time, each day by repo type"
	return []verdict{
		within(fmt.Sprintf("%s, %s records", what, millions(v.table.NumRecords())), 1.2, t[0], t[2]),
		within("the same, against a tenth of the repositories", 1.5, t[0], t[1]),
	}, nil
}

// exported writes the whole history as CSV, against curl, which takes the samples as they
// are.
func (v *victoriaBench) exported() ([]verdict, error) {
	config, err := v.engine.configFor(v.scratch, "full")
	if err != nil {
		return nil, err
	}
	if err := v.sameExport(config); err != nil {
		return nil, err
	}
	var peak int64
	export := func(order string) contestant {
		return contestant{name: "exporter", run: func() error {
			p, err := v.run(nil, "export", "--config.file="+config, "--order="+order)
			peak = max(peak, p)
			return err
		}}
	}
	theirs := contestant{name: "curl /api/v1/export", run: func() error {
		return curl("--output", os.DevNull, "--data-urlencode", `match[]={__name__="huggingface_history_downloads",history="full"}`,
			"--data", "start=0", v.engine.url+"/api/v1/export")
	}}
	t, err := race(wallTime, v.rounds, export("repo"), export("time"), theirs)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("export of %s records from VictoriaMetrics", millions(v.table.NumRecords()))
	return []verdict{
		within(what+", by repo", 2, t[0], t[2]),
		within(what+", by day", 2, t[1], t[2]),
		atMost("the same, resident memory at its peak", maxVictoriaMB, float64(peak)/(1<<20), "MB"),
	}, nil
}

// sameExport compares an export with the CSV that was imported.
func (v *victoriaBench) sameExport(config string) error {
	for _, o := range []struct {
		order string
		file  csvOrder
	}{{"repo", byRepo}, {"time", byDay}} {
		r, w := io.Pipe()
		go func() {
			_, err := v.run(w, "export", "--config.file="+config, "--order="+o.order)
			w.CloseWithError(err)
		}()
		if err := v.sameAs(o.file, r); err != nil {
			return err
		}
	}
	return nil
}

// store returns a history in the engine.
func (v *victoriaBench) store(history string) (*victoria.Store, error) {
	u, err := url.Parse(v.engine.url)
	if err != nil {
		return nil, err
	}
	return victoria.New(victoria.Options{
		Options: vmapi.Options{
			InsertURL: u, SelectURL: u, FlushURLs: []*url.URL{u.JoinPath("/internal/force_flush")},
			HTTP: config.DefaultHTTPClientConfig,
		},
		MaxAge:  time.Second, // as in serve
		History: history,
	})
}
