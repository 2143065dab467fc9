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

// badgeCommand writes a badge, as /api/v1/badge does.
func badgeCommand(app *kingpin.Application) command {
	cmd := app.Command("badge", "Write a badge with a number of downloads as SVG, PNG, or JSON for shields.io.")
	cmd.HelpLong("Fails, and writes nothing, if no repository matches.")
	storage := addStorageFlags(cmd)
	filter := addFilterFlags(cmd)
	period := addPeriodFlags(cmd, history.AllTime.String())
	label := cmd.Flag("label", "Left text, at most 64 characters; empty for none.").Default(wire.DefaultLabel).String()
	colorName := cmd.Flag("color", "Color: a name of shields.io, such as brightgreen, or hexadecimal digits, such as 4c1.").Default("blue").String()
	output := addPictureFlags(cmd, wire.JSON, wire.SVG, wire.PNG)
	return command{cmd.FullCommand(), func(ctx context.Context, p *program) error {
		format, err := output.chosen(p, wire.JSON)
		if err != nil {
			return err
		}
		color, err := picture.ParseColor(*colorName)
		if err != nil {
			return fmt.Errorf("--color: %w", err)
		}
		if err := picture.CheckLabel(*label, format == wire.PNG); err != nil {
			return fmt.Errorf("--label: %w", err)
		}
		days, err := period.period()
		if err != nil {
			return err
		}
		store, groups, err := storage.openGroups(ctx, p, true)
		if err != nil {
			return err
		}
		defer store.Close()
		b, err := picture.CountBadge(ctx, groups.Reader(store), filter.filter(), days)
		if err != nil {
			return err
		}
		if b == picture.NotFound() {
			return errNoMatch
		}
		if b.Label = *label; !b.IsError {
			b.Color = color
		}
		return output.write(p, func(w io.Writer) error { return b.Write(w, format, *output.scale) })
	}}
}
