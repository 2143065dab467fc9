package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	grafana "github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/framecsv"
	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/frames"
	"github.com/huggingface-exporter/huggingface_exporter/datasource-plugin/pkg/query"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hub"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// maxRows is how many records the frames hold.
const maxRows = 1_000_000

// runFrames writes data frames as CSV, in both orders, to memory that is used again.
// The standard library's writer reads the same frames, without a value of them being
// copied to the heap.
func runFrames(b *bench) ([]verdict, error) {
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	var out []verdict
	for _, order := range []history.Order{history.OrderRepo, history.OrderTime} {
		kept, err := exportFrames(memtable.NewStoreOf(table), order)
		if err != nil {
			return nil, err
		}
		v, err := framesOne(b, kept, order)
		if err != nil {
			return nil, fmt.Errorf("order %s: %w", order, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// framesOne writes kept by turns.
func framesOne(b *bench, kept grafana.Frames, order history.Order) (verdict, error) {
	var ours, theirs bytes.Buffer
	contestants := []contestant{
		{name: "exporter", run: func() error {
			ours.Reset()
			return framecsv.Write(&ours, hubcsv.WriterOptions{}, kept...)
		}},
		{name: "encoding/csv writer", run: func() error {
			theirs.Reset()
			return writeFramesCSV(&theirs, kept)
		}},
	}
	for _, c := range contestants {
		if err := c.run(); err != nil {
			return verdict{}, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	if !bytes.Equal(ours.Bytes(), theirs.Bytes()) {
		return verdict{}, fmt.Errorf("the text of the exporter (%d bytes) differs from that of encoding/csv (%d bytes)", ours.Len(), theirs.Len())
	}
	t, err := race(wallTime, b.rounds, contestants...)
	if err != nil {
		return verdict{}, err
	}
	return atLeast(fmt.Sprintf("write CSV from data frames, order %s", order), 5, t[0], t[1]), nil
}

// exportFrames returns the records of a store as the plugin's frames have them.
func exportFrames(store history.Reader, order history.Order) (grafana.Frames, error) {
	return frames.Answer(context.Background(), store, query.Export{Common: query.Common{Period: query.AllTime}, Order: order, Limit: maxRows}, hub.DefaultEndpoint)
}

// writeFramesCSV writes frames with the standard library's writer.
func writeFramesCSV(w io.Writer, kept grafana.Frames) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	record := make([]string, len(csvHeader))
	for _, f := range kept {
		for i := range f.Rows() {
			record[0] = *f.Fields[0].PointerAt(i).(*string)
			record[1] = *f.Fields[1].PointerAt(i).(*string)
			record[2] = ""
			if total := *f.Fields[2].PointerAt(i).(**int64); total != nil {
				record[2] = strconv.FormatInt(*total, 10)
			}
			record[3] = f.Fields[3].PointerAt(i).(*time.Time).Format(csvTime)
			record[4] = strconv.FormatInt(*f.Fields[4].PointerAt(i).(*int64), 10)
			if err := out.Write(record); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
