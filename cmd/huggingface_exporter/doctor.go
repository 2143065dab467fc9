package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

// verdict says how a check went.
type verdict string

const (
	good    verdict = "ok"
	warning verdict = "warn" // serve runs, and something may not be as meant
	bad     verdict = "fail" // serve does not do what it is told to
)

// finding is a line of doctor.
type finding struct {
	Verdict verdict `json:"verdict"`
	// Check is what was looked at: config, port, store, engine, queue, token, hub or
	// clock.
	Check string `json:"check"`
	// Found says what there is, Do what to do about it, "" where that is nothing.
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
}

// doctor looks at what serve would run with, and changes nothing.
type doctor struct {
	p        *program
	findings []finding
}

func (d *doctor) add(v verdict, check, do, format string, args ...any) {
	d.findings = append(d.findings, finding{v, check, fmt.Sprintf(format, args...), do})
}

func (d *doctor) ok(check, format string, args ...any) { d.add(good, check, "", format, args...) }

// doctorFlags are those of doctor.
type doctorFlags struct {
	configFile, storage, webConfig, format *string
	addresses                              *[]string
	offline                                *bool
}

// doctorCommand checks all that serve needs.
func doctorCommand(app *kingpin.Application) command {
	cmd := app.Command("doctor", "Check what serve needs: configuration, tokens, the Hub, the store, permissions, the clock, the port. Each line says what to do.")
	cmd.HelpLong("Give it the flags that serve gets, and run it as the user that serve runs as. " +
		"It changes nothing. Each organisation is asked for as serve does, which counts as one to four requests at the Hub.\n" +
		"Exits with 0, or with 1 if a line begins with fail.")
	f := doctorFlags{
		configFile: cmd.Flag("config.file", "Configuration file. Default: none, which is the same as an empty one.").PlaceHolder("FILE").String(),
		storage:    storageFlag(cmd),
		addresses: cmd.Flag("web.listen-address", "Address that serve is to listen on; repeatable.").
			Default(defaultAddress).Strings(),
		webConfig: cmd.Flag("web.config.file", "The file of TLS and authentication. Default: none.").PlaceHolder("FILE").String(),
		offline:   cmd.Flag("offline", "Ask neither the Hub nor a storage engine.").Bool(),
		format:    cmd.Flag("format", "Format: text or json.").Default("text").Enum("text", "json"),
	}
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		d := &doctor{p: p}
		d.examine(ctx, f)
		if err := ctx.Err(); err != nil {
			return err
		}
		write := writeFindings
		if *f.format == "json" {
			write = writeFindingsJSON
		}
		if err := write(p.stdout, d.findings); err != nil {
			return err
		}
		if n := countFindings(d.findings, bad); n > 0 {
			return fmt.Errorf("%d of %d checks failed", n, len(d.findings))
		}
		return nil
	}}
}

// examine does every check that makes sense after those before it.
func (d *doctor) examine(ctx context.Context, f doctorFlags) {
	c, err := d.config(*f.configFile)
	d.webConfig(*f.webConfig)
	d.ports(ctx, *f.addresses)
	if err != nil {
		d.store(ctx, *f.storage) // where an engine is, is not known
		return
	}
	switch {
	case c.Storage.Engine != config.EngineVictoriaMetrics:
		d.store(ctx, *f.storage)
	case *f.offline:
		d.add(warning, "engine", "leave --offline out", "not asked")
	default:
		d.engine(ctx, &c.Storage.VictoriaMetrics)
	}
	if dir := c.Storage.Queue(); dir != "" {
		d.folder(dir, "storage.queue_path")
	}
	tokens := d.tokens(*f.configFile, &c.Hub)
	if !*f.offline {
		d.hub(ctx, &c.Hub, tokens)
	}
}

func countFindings(findings []finding, v verdict) int {
	n := 0
	for _, f := range findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// writeFindings writes a line for each finding, and what to do below it.
func writeFindings(w io.Writer, findings []finding) error {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%-5s %-7s %s\n", f.Verdict, f.Check, strings.ReplaceAll(f.Found, "\n", "\n              "))
		if f.Do != "" {
			fmt.Fprintf(&b, "              -> %s\n", f.Do)
		}
	}
	fmt.Fprintf(&b, "\n%d ok, %d warn, %d fail\n", countFindings(findings, good), countFindings(findings, warning), countFindings(findings, bad))
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFindingsJSON(w io.Writer, findings []finding) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		OK       bool      `json:"ok"`
		Findings []finding `json:"findings"`
	}{countFindings(findings, bad) == 0, findings})
}

// timedOut says in words what the end of a context means to who waits.
func timedOut(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s", askTime)
	}
	return err
}
