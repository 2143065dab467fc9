package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// csvHeader are the columns of the record format.
var csvHeader = []string{"repoType", "repoName", "total", "timestamp", "downloads"}

const csvTime = "2006-01-02T15:04:05.000Z"

// csvRepo is what the peer keeps of a repository.
type csvRepo struct {
	total int64
	days  map[history.Day]int64
}

// readCSVMaps reads an export as one would with the standard library: a record
// at a time, into a map of repositories with a map of days each. It looks
// timestamps up in a map too, since only so many differ.
func readCSVMaps(r io.Reader) (map[history.Repo]*csvRepo, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, err
	}
	if !slices.Equal(header, csvHeader) {
		return nil, fmt.Errorf("expected the header %q, got %q", csvHeader, header)
	}
	repos := make(map[history.Repo]*csvRepo)
	days := make(map[string]history.Day)
	for {
		rec, err := in.Read()
		if errors.Is(err, io.EOF) {
			return repos, nil
		}
		if err != nil {
			return nil, err
		}
		key := history.Repo{Type: history.RepoType(rec[0]), Name: rec[1]}
		repo := repos[key]
		if repo == nil {
			repo = &csvRepo{days: make(map[history.Day]int64)}
			// The strings of a record are parts of its line; clones let the line go.
			key.Type, key.Name = history.RepoType(strings.Clone(rec[0])), strings.Clone(rec[1])
			repos[key] = repo
		}
		if repo.total, err = strconv.ParseInt(rec[2], 10, 64); err != nil {
			return nil, err
		}
		day, ok := days[rec[3]]
		if !ok {
			t, err := time.Parse(csvTime, rec[3])
			if err != nil {
				return nil, err
			}
			day = history.DayOf(t)
			days[strings.Clone(rec[3])] = day
		}
		if repo.days[day], err = strconv.ParseInt(rec[4], 10, 64); err != nil {
			return nil, err
		}
	}
}

// writeCSV writes a stream of records with the standard library's writer.
func writeCSV(w io.Writer, rows history.RowSeq) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	record := make([]string, len(csvHeader))
	for block, err := range rows {
		if err != nil {
			return err
		}
		for i := range block.Len() {
			repo := &block.Repos[block.Repo[i]]
			record[0] = string(repo.Repo.Type)
			record[1] = repo.Repo.Name
			record[2] = strconv.FormatInt(repo.Total, 10)
			record[3] = block.Day[i].Time().Format(csvTime)
			record[4] = strconv.FormatInt(block.Downloads[i], 10)
			if err := out.Write(record); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
