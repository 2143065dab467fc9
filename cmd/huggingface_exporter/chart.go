package main

import (
	"context"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/picture"
)

// chartCommand draws daily downloads, as /api/v1/chart does or on the terminal.
func chartCommand(app *kingpin.Application) command {
	cmd := app.Command("chart", "Draw daily downloads on the terminal, or as SVG or PNG.")
	cmd.HelpLong("Bars are days, weeks, months, or years, depending on the period and the width. Fails if no repository matches.")
	storage := addStorageFlags(cmd)
	filter := addFilterFlags(cmd)
	period := addPeriodFlags(cmd, history.AllTime.String())
	title := cmd.Flag("title", "Title of SVG and PNG, at most 64 characters. Default: what the bars are.").String()
	theme := cmd.Flag("theme", "Colors of SVG and PNG: light or dark.").Default(string(wire.Light)).Enum(string(wire.Light), string(wire.Dark))
	width := cmd.Flag("width", "Width of SVG and PNG in pixels, from 240 to 1600.").Default("800").Int()
	height := cmd.Flag("height", "Height of SVG and PNG in pixels, from 120 to 800.").Default("300").Int()
	output := addPictureFlags(cmd, wire.SVG, wire.PNG)
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		format, err := output.chosen(p, "")
		if err != nil {
			return err
		}
		q := wire.ChartQuery{Filter: filter.filter(), Title: *title, Theme: wire.Theme(*theme), Width: *width, Height: *height, Scale: *output.scale}
		if q.Period, err = period.period(); err != nil {
			return err
		}
		if q, err = wire.Chart.Decode(wire.Chart.Encode(q)); err != nil { // the bounds of the API
			return fmt.Errorf("--%w", err)
		}
		if err := picture.CheckLabel(q.Title, format == wire.PNG); err != nil {
			return fmt.Errorf("--title: %w", err)
		}
		store, groups, err := storage.openGroups(ctx, p, true)
		if err != nil {
			return err
		}
		defer store.Close()
		columns := p.columns()
		bars := picture.TextBars(columns)
		if format != "" {
			bars = picture.Bars(q.Width)
		}
		c, err := picture.CountChart(ctx, groups.Reader(store), q.Filter, q.Period, bars)
		if err != nil {
			return err
		}
		if c.Repos == 0 {
			return errNoMatch
		}
		frame := picture.Frame{Title: q.Title, Width: q.Width, Height: q.Height, Dark: q.Theme == wire.Dark}
		return output.write(p, func(w io.Writer) error {
			switch format {
			case wire.SVG:
				return c.WriteSVG(w, frame)
			case wire.PNG:
				return c.WritePNG(w, frame, q.Scale)
			}
			return c.WriteText(w, columns)
		})
	}}
}
