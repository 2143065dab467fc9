package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/synthetic"
)

// csvOrder is the order of the rows of a CSV file.
type csvOrder string

const (
	byRepo   csvOrder = "by-repo"
	byDay    csvOrder = "by-day"
	shuffled csvOrder = "shuffled"
)

const (
	fullRepos  = 10_000
	fullDays   = 1_000
	fullSeries = 1_000_000
	seed       = 7
)

// data are the inputs of the benchmark: synthetic exports, kept as files.
type data struct {
	dir         string // where the files are kept
	repos, days int
}

// path returns the file of an export with its rows in that order, and makes it
// if it is not there yet.
func (d data) path(order csvOrder) (string, error) {
	path := filepath.Join(d.dir, fmt.Sprintf("%dx%d-%s-%s.csv", d.repos, d.days, fingerprint(), order))
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return "", err
	}
	progress("making %s", path)
	f, err := os.CreateTemp(d.dir, "*.tmp")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // no longer there if all went well
	if order == shuffled {
		err = d.shuffle(f)
	} else {
		err = writeCSV(f, d.rows(order))
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return "", err
	}
	return path, os.Rename(f.Name(), path)
}

// rows returns the records of the export.
func (d data) rows(order csvOrder) history.RowSeq {
	o := synthetic.Options{Repos: d.repos, Days: d.days, Seed: seed, Order: history.OrderTime}
	if order == byRepo {
		o.Order = history.OrderRepo
	}
	return synthetic.Rows(o)
}

// shuffle writes the lines of the export in no order.
func (d data) shuffle(w io.Writer) error {
	path, err := d.path(byDay)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	header := bytes.IndexByte(text, '\n') + 1
	lines := make([]int, 0, len(text)/32)
	for at := header; at < len(text); {
		lines = append(lines, at)
		at += bytes.IndexByte(text[at:], '\n') + 1
	}
	rng := rand.New(rand.NewPCG(seed, seed))
	rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })

	out := bufio.NewWriterSize(w, 1<<20)
	out.Write(text[:header])
	for _, at := range lines {
		out.Write(text[at : at+bytes.IndexByte(text[at:], '\n')+1])
	}
	return out.Flush()
}

// fingerprint tells exports of one size apart that another version of the
// generator made.
func fingerprint() string {
	h := fnv.New32a()
	err := writeCSV(h, synthetic.Rows(synthetic.Options{Repos: 50, Days: 200, Seed: seed}))
	if err != nil {
		panic(fmt.Sprintf("the generator failed: %v", err)) // its options are constants
	}
	return fmt.Sprintf("%08x", h.Sum32())
}
