package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// batchOf returns an export as an append.
func batchOf(d data) history.Batch { return history.Batch{Rows: d.rows(byRepo)} }

// writeLines writes the samples of the history for /api/v1/import, a line a repository,
// with the names, labels and times that the exporter gives them.
func (v *victoriaBench) writeLines(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	var repo history.Repo
	var values, times []byte
	end := func() {
		if len(values) > 0 {
			labels, _ := json.Marshal(map[string]string{ // texts can always be written
				"__name__": "huggingface_history_downloads", "repo_type": string(repo.Type), "org": repo.Org(), "repo": repo.Name,
			})
			fmt.Fprintf(w, `{"metric":%s,"values":[%s],"timestamps":[%s]}`+"\n", labels, values[1:], times[1:])
		}
		values, times = values[:0], times[:0]
	}
	for rows, err := range v.table.Records(context.Background(), history.RecordsQuery{Order: history.OrderRepo}) {
		if err != nil {
			return err
		}
		for i, r := range rows.Repo {
			if next := rows.Repos[r].Repo; next != repo {
				end()
				repo = next
			}
			values = strconv.AppendInt(append(values, ','), rows.Downloads[i], 10)
			times = strconv.AppendInt(append(times, ','), int64(rows.Day[i])*86_400_000+1, 10)
		}
	}
	end()
	return w.Flush()
}

// overviewFrom is overviewOf of what a store answers.
func overviewFrom(s *victoria.Store) ([]typeDay, error) {
	o, err := s.Overview(context.Background(), history.OverviewQuery{ByRepoType: true, Series: true})
	if err != nil {
		return nil, err
	}
	var out []typeDay
	for _, g := range o.Groups {
		for _, n := range g.Series {
			out = append(out, typeDay{g.RepoType, n})
		}
	}
	return out, nil
}

// overview asks the engine for the same: the sums of each day, as its last sample has
// them.
func (e *engine) overview(name string, days history.Days) ([]typeDay, error) {
	const lastSecond = 86_399
	q := url.Values{
		"query": {fmt.Sprintf(`sum(last_over_time(huggingface_history_org_downloads{history=%q}[1d])) by (repo_type)`, name)},
		"start": {strconv.FormatInt(int64(days.From)*86_400+lastSecond, 10)}, "end": {strconv.FormatInt(int64(days.To)*86_400+lastSecond, 10)},
		"step": {"86400s"}, "nocache": {"1"},
	}
	body, err := e.get("/api/v1/query_range?" + q.Encode())
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	var out []typeDay
	for _, series := range answer.Data.Result {
		for _, v := range series.Values {
			seconds, err := strconv.ParseInt(string(v[0]), 10, 64)
			if err != nil {
				return nil, err
			}
			n, err := strconv.ParseInt(string(v[1][1:len(v[1])-1]), 10, 64)
			if err != nil {
				return nil, err
			}
			day := history.Day(seconds / 86_400)
			out = append(out, typeDay{history.RepoType(series.Metric["repo_type"]), history.DayDownloads{Day: day, Downloads: n}})
		}
	}
	slices.SortStableFunc(out, func(a, b typeDay) int { return a.repoType.Compare(b.repoType) })
	return out, nil
}

func sameDays(got, want []typeDay) error {
	if len(got) == 0 || !slices.Equal(got, want) {
		return fmt.Errorf("expected the same days, got %d and %d, or others", len(got), len(want))
	}
	return nil
}
