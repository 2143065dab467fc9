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
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// maxFrames is how many frames are written: some million rows.
const maxFrames = 256

// runFrames writes data frames as CSV, in both orders, to memory that is used
// again: as the Grafana plugin does for the CSV link. The standard library's writer
// reads the same frames, without a value of them being copied to the heap.
func runFrames(b *bench) ([]verdict, error) {
	table, err := b.table()
	if err != nil {
		return nil, err
	}
	var out []verdict
	for _, order := range []history.Order{history.OrderRepo, history.OrderTime} {
		kept, err := keepFrames(memtable.NewStoreOf(table), order)
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
	var ours []byte
	var theirs bytes.Buffer
	contestants := []contestant{
		{name: "exporter", run: func() (err error) {
			ours, err = appendFrames(ours[:0], kept)
			return err
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
	if !bytes.Equal(ours, theirs.Bytes()) {
		return verdict{}, fmt.Errorf("the text of the exporter (%d bytes) differs from that of encoding/csv (%d bytes)", len(ours), theirs.Len())
	}
	t, err := race(wallTime, b.rounds, contestants...)
	if err != nil {
		return verdict{}, err
	}
	return atLeast(fmt.Sprintf("write CSV from data frames, order %s", order), 5, t[0], t[1]), nil
}

func appendFrames(b []byte, kept grafana.Frames) (_ []byte, err error) {
	w := framecsv.NewWriter(framecsv.Options{})
	b = w.AppendHeader(b)
	for _, f := range kept {
		if b, err = w.AppendFrame(b, f); err != nil {
			return b, err
		}
	}
	return b, nil
}

// keepFrames returns copies of the first frames of a stream of records.
func keepFrames(store history.Reader, order history.Order) (grafana.Frames, error) {
	var kept grafana.Frames
	for f, err := range frames.Records(context.Background(), store, history.RecordsQuery{Order: order}) {
		if err != nil {
			return nil, err
		}
		c := f.EmptyCopy()
		for i, field := range f.Fields {
			c.Fields[i].AppendAll(field)
		}
		if kept = append(kept, c); len(kept) == maxFrames {
			break
		}
	}
	return kept, nil
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
