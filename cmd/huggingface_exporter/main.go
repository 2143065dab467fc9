// Command huggingface_exporter serves the publisher analytics of the Hugging
// Face Hub to Prometheus and Grafana, and moves them in and out as CSV.
//
// Each command is a file here: it declares its flags, and says what to run.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	promslogflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
)

const progName = "huggingface_exporter"

// program is what a command runs with.
type program struct {
	args           []string // as they were given
	stdin          *os.File
	stdout, stderr *os.File
	log            *slog.Logger
}

// command is one of the commands, its flags declared.
type command struct {
	name string
	run  func(context.Context, *program) error
}

func main() {
	p := &program{args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(p.main())
}

// main runs the command that the arguments name and returns the exit code.
func (p *program) main() int {
	kingpin.EnableFileExpansion = false // "@name" is the name of a file like any other
	if version.Version == "" {
		version.Version = "devel" // built without the Makefile, which sets it
	}
	app := kingpin.New(progName, "Publisher analytics of the Hugging Face Hub for Prometheus and Grafana.")
	app.UsageWriter(p.stdout)
	app.UsageTemplate(usageTemplate)
	app.Version(version.Print(progName))
	app.HelpFlag.Short('h')
	useManual(app)
	logConfig := &promslog.Config{Writer: p.stderr}
	promslogflag.AddFlags(app, logConfig)
	commands := []command{
		serveCommand(app),
		collectCommand(app),
		importCommand(app),
		exportCommand(app),
		backfillCommand(app),
		migrateCommand(app),
		forgetCommand(app),
		overviewCommand(app),
		reposCommand(app),
		chartCommand(app),
		badgeCommand(app),
		generateCommand(app),
		checkConfigCommand(app),
		doctorCommand(app),
		healthcheckCommand(app),
	}
	if !completing(p.args) {
		app.GetCommand("serve").Default()
	}
	selected, err := app.Parse(p.args)
	if err != nil {
		fmt.Fprintf(p.stderr, "%s: %v; try --help\n", progName, err)
		return 1
	}
	p.log = promslog.New(logConfig)

	// A reader that has gone, as in "export | head", shows as an error of the
	// write instead of ending the process in its midst.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	for _, c := range commands {
		if c.name == selected {
			return p.exitCode(ctx, c.name, c.run(ctx, p))
		}
	}
	panic("no command " + selected)
}

// completing says whether a shell asks what could come next on its command line.
// The library completes no command where one is the default.
func completing(args []string) bool { return len(args) > 0 && args[0] == "--completion-bash" }

// usageTemplate is that of the library, with the long help of a command shown
// where help for that command is asked for.
var usageTemplate = strings.Replace(kingpin.DefaultUsageTemplate,
	`{{template "FormatUsage" .Context.SelectedCommand}}`,
	`{{template "FormatUsage" .Context.SelectedCommand}}{{with .Context.SelectedCommand.HelpLong}}
{{.|Wrap 0}}{{end}}`, 1)

// exitCode reports the error of a command, if there is one to report.
func (p *program) exitCode(ctx context.Context, name string, err error) int {
	switch {
	case err == nil || errors.Is(err, syscall.EPIPE):
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintf(p.stderr, "%s %s: interrupted\n", progName, name)
		return 1
	}
	fmt.Fprintf(p.stderr, "%s %s: %v\n", progName, name, err)
	return 1
}
