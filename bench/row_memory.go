package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// runMemory weighs the history: the columns in memory, as the heap grows by
// them and as they tell it themselves, and the store's files on disk.
func runMemory(b *bench) ([]verdict, error) {
	d, err := b.duckdb()
	if err != nil {
		return nil, err
	}
	inDuck, err := d.memoryBytes()
	if err != nil {
		return nil, err
	}
	b.held = nil // so that the table is built, and weighed, anew
	before := heapLive()
	t, err := memtable.Build(context.Background(), b.rows(byRepo), nil)
	if err != nil {
		return nil, err
	}
	heap := heapLive() - before
	own := t.MemoryBytes()
	runtime.KeepAlive(t)
	records := float64(t.NumRecords())
	onDisk, err := importedBytes(b)
	if err != nil {
		return nil, err
	}

	perRecord := func(n int64) float64 { return float64(n) / records }
	memory := atMost(fmt.Sprintf("memory of the columns, %s records, growth of the heap", millions(t.NumRecords())), 3, perRecord(heap), "bytes a record")
	memory.against, memory.theirs = "DuckDB, table in memory", number(perRecord(inDuck))+" bytes a record"
	memory.ratio = times(float64(inDuck) / float64(heap))
	return []verdict{
		memory,
		atMost("the same, as the columns tell it", 3, perRecord(own), "bytes a record"),
		atMost("store on disk", 2.5, perRecord(onDisk), "bytes a record"),
	}, nil
}
