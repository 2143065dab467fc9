package storetest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Cases are written in lines of text, and answers are compared as lines of text:
// they say all that an answer holds, and read well when they differ.
//
//	record    model acme/a 100 2024-01-01 5        type, name, total (? if unknown), day, downloads
//	group     type=model org=acme repos=1 records=1 total=100 downloads=5 before=0
//	repo      model acme/a total=100 downloads=5 before=0 recorded=2024-01-01..2024-01-01
//	          ... removed=3@2025-06-01T01:00:00Z backdated=2   only if not 0
//	counts    model acme/a downloads=100 removed=0 last_month=5 likes=?
//	          ... backdated=2 all_time=99                    only if not 0, and if not the downloads

// day reads a day; a malformed one is a fault of the suite.
func day(s string) history.Day {
	d, err := history.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// between returns the period from..to; "" leaves an end open.
func between(from, to string) history.Period {
	end := func(s string) history.Day {
		if s == "" {
			return history.NoDay
		}
		return day(s)
	}
	return history.RangeOf(end(from), end(to))
}

var (
	allTime   = history.Period{}
	lastMonth = history.Period{Kind: history.LastMonth}
)

// hour returns an age: n hours after some midnight later than most days of the cases.
func hour(n int) history.AsOf {
	return history.AsOfTime(time.Date(2025, 6, 1, n, 0, 0, 0, time.UTC))
}

// hourMicros are the microseconds of an hour, hourDay is the day of hour.
const hourMicros = history.AsOf(time.Hour / time.Microsecond)

var hourDay = day("2025-06-01")

// readings streams readings, nil for none.
func readings(all ...history.Reading) history.ReadingSeq {
	if len(all) == 0 {
		return nil
	}
	return func(yield func(history.Reading, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// readingLine says all of a reading.
func readingLine(r history.Reading) string {
	line := fmt.Sprintf("%s %s %s total=%s last_month=%s likes=%s", r.Repo, r.AsOf.Time().Format(time.RFC3339Nano), r.Origin,
		numberText(r.Total), numberText(r.LastMonth), numberText(r.Likes))
	if r.HubID != "" {
		line += " id=" + r.HubID
	}
	if r.First != r.Total || r.High != r.Total || r.HighMonth != r.LastMonth {
		line += fmt.Sprintf(" first=%s@%s high=%s,%s", numberText(r.First), r.FirstAsOf.Time().Format(time.RFC3339Nano), numberText(r.High), numberText(r.HighMonth))
	}
	return line
}

func published(n int) history.Version {
	return history.Version{Source: history.Published, AsOf: hour(n)}
}

func observed(n int) history.Version {
	return history.Version{Source: history.Observed, AsOf: hour(n)}
}

func estimated(n int) history.Version {
	return history.Version{Source: history.Estimated, AsOf: hour(n)}
}

// repo reads "model acme/a".
func repo(s string) history.Repo {
	t, name, ok := strings.Cut(s, " ")
	if !ok {
		panic("expected a repo type and a name, got " + s)
	}
	return history.Repo{Type: history.RepoType(t), Name: name}
}

// record reads a record line.
func record(line string) history.Record {
	f := strings.Fields(line)
	if len(f) != 5 {
		panic("expected a record of five fields, got " + line)
	}
	return history.Record{
		Repo:      history.Repo{Type: history.RepoType(f[0]), Name: f[1]},
		Total:     number(f[2]),
		Day:       day(f[3]),
		Downloads: number(f[4]),
	}
}

func number(s string) int64 {
	if s == "?" {
		return history.Unknown
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func numberText(n int64) string {
	if n == history.Unknown {
		return "?"
	}
	return strconv.FormatInt(n, 10)
}

func daysText(d history.Days) string {
	if d.Len() == 0 {
		return "none"
	}
	return d.From.String() + ".." + d.To.String()
}

func recordLine(r history.Record) string {
	return fmt.Sprintf("%s %s %s %s", r.Repo, numberText(r.Total), r.Day, numberText(r.Downloads))
}

func recordLines(records []history.Record) []string {
	lines := make([]string, len(records))
	for i, r := range records {
		lines[i] = recordLine(r)
	}
	return lines
}

func versionText(v history.Version) string {
	return v.Source.String() + " " + v.AsOf.Time().Format(time.RFC3339Nano)
}

func periodText(days, before history.Days, hasBefore bool, recorded history.Days) string {
	if !hasBefore {
		before = history.NoDays
	}
	return fmt.Sprintf("days=%s before=%s recorded=%s", daysText(days), daysText(before), daysText(recorded))
}

// overviewLines is the period, then the groups.
func overviewLines(o history.Overview) []string {
	lines := []string{periodText(o.Days, o.Before, o.HasBefore, o.Recorded)}
	for _, g := range o.Groups {
		var line strings.Builder
		if o.All != nil {
			line.WriteString("group=" + g.Group + " ")
		}
		fmt.Fprintf(&line, "type=%s org=%s repos=%d records=%d total=%d downloads=%d before=%d",
			g.RepoType, g.Org, g.Repos, g.Records, g.Total, g.Downloads, g.Before)
		for _, d := range g.Series {
			fmt.Fprintf(&line, " %s=%d", d.Day, d.Downloads)
		}
		lines = append(lines, line.String())
	}
	if o.All != nil {
		lines = append(lines, fmt.Sprintf("all repos=%d downloads=%d", o.All.Repos, o.All.Downloads))
	}
	return lines
}

// recordedLines is the recorded days of each group.
func recordedLines(o history.Overview) []string {
	var lines []string
	for _, g := range o.Groups {
		lines = append(lines, fmt.Sprintf("type=%s org=%s recorded=%s", g.RepoType, g.Org, daysText(g.Recorded)))
	}
	return lines
}

// reposLines is the period and the size of the table, then the rows.
func reposLines(p history.ReposPage) []string {
	lines := []string{fmt.Sprintf("%s matched=%d step=%d",
		periodText(p.Days, p.Before, p.HasBefore, p.Recorded), p.Matched, p.TrendStep)}
	for _, r := range p.Rows {
		line := fmt.Sprintf("%s total=%s downloads=%d before=%d recorded=%s",
			r.Repo, numberText(r.Total), r.Downloads, r.Before, daysText(r.Recorded))
		if len(r.Trend) > 0 {
			line += " trend=" + trendText(r.Trend)
		}
		if r.Removed != 0 || r.RemovedAsOf != 0 {
			line += fmt.Sprintf(" removed=%d@%s", r.Removed, r.RemovedAsOf.Time().Format(time.RFC3339Nano))
		}
		if r.Backdated != 0 || r.BackdatedAsOf != 0 {
			line += fmt.Sprintf(" backdated=%d@%s", r.Backdated, r.BackdatedAsOf.Time().Format(time.RFC3339Nano))
		}
		lines = append(lines, line)
	}
	return lines
}

// trendText lists the points of a trend, "1,?,2".
func trendText(points []int64) string {
	texts := make([]string, len(points))
	for i, n := range points {
		texts[i] = numberText(n)
	}
	return strings.Join(texts, ",")
}

func countsLine(c history.Counts) string {
	line := fmt.Sprintf("%s downloads=%s removed=%d last_month=%s likes=%s",
		c.Repo, numberText(c.Downloads), c.Removed, numberText(c.LastMonth), numberText(c.Likes))
	if c.Backdated != 0 {
		line += fmt.Sprintf(" backdated=%d", c.Backdated)
	}
	if c.AllTime != c.Downloads {
		line += " all_time=" + numberText(c.AllTime)
	}
	return line
}

func changeText(c history.Change) string {
	return fmt.Sprintf("records=%d repos=%d days=%d new=%d changed=%d unchanged=%d outdated=%d removed=%d",
		c.Records, c.Repos, c.Days, c.New, c.Changed, c.Unchanged, c.Outdated, c.Removed)
}
