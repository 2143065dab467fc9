package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"golang.org/x/term"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/internal/outfile"
	"github.com/huggingface-exporter/huggingface_exporter/internal/report"
	"github.com/huggingface-exporter/huggingface_exporter/internal/terminal"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// plainWidth is the columns of a line where there is no terminal to ask.
const plainWidth = 120

// columns is how many columns a line of the output has.
func (p *program) columns() int {
	if terminal.Is(p.stdout) {
		if w, _, err := term.GetSize(int(p.stdout.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return plainWidth
}

// addFormatFlag declares the format of a report.
func addFormatFlag(cmd *kingpin.CmdClause) *string {
	return cmd.Flag("format", "Format: table (for a terminal), json, csv, or markdown.").Default(string(report.Table)).Enum(report.Formats...)
}

// errNoMatch says that there is nothing to draw, rather than that it is drawn.
var errNoMatch = errors.New("expected a repository that matches, got none: check --repo, --org, --group, --search, and --repo-type")

// pictureFlags say where a picture goes, and as what.
type pictureFlags struct {
	output, format *string
	scale          *int
	formats        []string
}

func addPictureFlags(cmd *kingpin.CmdClause, formats ...wire.PictureFormat) pictureFlags {
	f := pictureFlags{}
	for _, format := range formats {
		f.formats = append(f.formats, string(format))
	}
	f.output = cmd.Flag("output", "Output file. It is replaced when the picture is complete. Default: standard output.").Short('o').PlaceHolder("FILE").String()
	f.format = cmd.Flag("format", "Format: "+textenc.Alternatives(f.formats)+". Default: the extension of the output file.").PlaceHolder("NAME").Enum(f.formats...)
	f.scale = cmd.Flag("scale", "Pixels of a PNG for each pixel of its size, from 1 to 3 (2 for a chart): more are sharper.").Default("1").Int()
	return f
}

// chosen returns the format: that of the flag, that of the file's name, or otherwise, for the
// standard output, byDefault.
func (f pictureFlags) chosen(p *program, byDefault wire.PictureFormat) (wire.PictureFormat, error) {
	if *f.scale < 1 || *f.scale > wire.MaxScale {
		return "", fmt.Errorf("--scale: expected a whole number from 1 to %d, got %d", wire.MaxScale, *f.scale)
	}
	format := *f.format
	if format == "" && *f.output == "" {
		return byDefault, nil
	}
	if format == "" {
		if format = strings.ToLower(strings.TrimPrefix(filepath.Ext(*f.output), ".")); !slices.Contains(f.formats, format) {
			return "", fmt.Errorf("--output: expected a file name that ends in .%s, or --format, got %q", strings.Join(f.formats, ", ."), *f.output)
		}
	}
	if *f.output == "" && format == string(wire.PNG) && terminal.Is(p.stdout) {
		return "", errors.New("refusing to write PNG to a terminal; set a file with --output")
	}
	return wire.PictureFormat(format), nil
}

func (f pictureFlags) write(p *program, write func(io.Writer) error) error {
	if *f.output == "" {
		return write(p.stdout)
	}
	return outfile.Replace(*f.output, func(file *os.File) error { return write(file) })
}
