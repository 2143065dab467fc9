package api

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/export"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// readVersions reads CSV with versions, as export.WriteVersions writes it, into
// blocks of one version. Few ask for it, so it is left to encoding/csv.
func readVersions(r io.Reader) history.RowSeq {
	return func(yield func(*history.Rows, error) bool) {
		in := csv.NewReader(r)
		in.ReuseRecord = true
		header, err := in.Read()
		if err == nil && strings.Join(header, ",") != export.VersionsHeader {
			err = fmt.Errorf("expected the header %s, got %s", export.VersionsHeader, quote(strings.Join(header, ",")))
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			yield(nil, err)
			return
		}
		var rows history.Rows
		index := make(map[history.Repo]uint32)
		for {
			// The reader sees to it that rows are as long as the header.
			fields, err := in.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			var rec history.Record
			var version history.Version
			if err == nil {
				if rec, version, err = parseVersionRow(fields); err != nil {
					line, _ := in.FieldPos(0)
					err = fmt.Errorf("line %d, %w", line, err)
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if n := rows.Len(); n == history.BlockRows || n > 0 && version != rows.Version {
				if !yield(&rows, nil) {
					return
				}
				rows.Reset()
			}
			rows.Version = version
			i, ok := index[rec.Repo]
			if !ok {
				// The fields are parts of one string a row, which would be kept.
				rec.Repo.Type = history.RepoType(strings.Clone(string(rec.Repo.Type)))
				rec.Repo.Name = strings.Clone(rec.Repo.Name)
				i = uint32(len(rows.Repos))
				index[rec.Repo] = i
				rows.Repos = append(rows.Repos, history.RepoTotal{Repo: rec.Repo, Total: rec.Total})
			}
			rows.Append(i, rec.Day, rec.Downloads)
		}
		if rows.Len() > 0 {
			yield(&rows, nil)
		}
	}
}

// midnight is what follows the day in a timestamp.
const midnight = "T00:00:00.000Z"

// parseVersionRow reads the fields of a row. The errors name the column.
func parseVersionRow(f []string) (rec history.Record, v history.Version, err error) {
	rec.Repo = history.Repo{Type: history.RepoType(f[0]), Name: f[1]}
	rec.Total = history.Unknown
	if f[2] != "" {
		if rec.Total, err = parseCount(f[2]); err != nil {
			return rec, v, fmt.Errorf("column total: %w", err)
		}
	}
	if rec.Day, err = history.ParseDay(strings.TrimSuffix(f[3], midnight)); err != nil {
		return rec, v, fmt.Errorf("column timestamp: %w", err)
	}
	if rec.Downloads, err = parseCount(f[4]); err != nil {
		return rec, v, fmt.Errorf("column downloads: %w", err)
	}
	if v.Source, err = history.ParseSource(f[5]); err != nil {
		return rec, v, fmt.Errorf("column source: %w", err)
	}
	asOf, err := time.Parse(time.RFC3339, f[6])
	if err != nil {
		return rec, v, fmt.Errorf("column asOf: expected a time like 2021-01-22T06:00:00.000000Z, got %s", quote(f[6]))
	}
	v.AsOf = history.AsOfTime(asOf)
	return rec, v, nil
}

func parseCount(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("expected a whole number from 0 to %d, got %s", int64(1<<63-1), quote(s))
	}
	return int64(n), nil
}
