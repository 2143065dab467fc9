package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// filterFlags are the flags that select repositories.
type filterFlags struct {
	repoTypes, orgs, repos, groups *[]string
	search                         *string
}

func addFilterFlags(cmd *kingpin.CmdClause) filterFlags {
	return filterFlags{
		repoTypes: cmd.Flag("repo-type", "Select repositories of this type, such as model or dataset. Repeatable.").PlaceHolder("TYPE").Strings(),
		orgs:      cmd.Flag("org", "Select repositories of this organization. Repeatable.").PlaceHolder("ORG").Strings(),
		repos:     cmd.Flag("repo", "Select this repository (full name). Repeatable.").PlaceHolder("ORG/NAME").Strings(),
		groups:    cmd.Flag("group", "Select repositories of this group of the configuration file. Repeatable.").PlaceHolder("GROUP").Strings(),
		search:    cmd.Flag("search", "Select repositories with this text in their full name. Not case-sensitive.").PlaceHolder("TEXT").String(),
	}
}

func (f filterFlags) filter() history.Filter {
	var types []history.RepoType
	for _, t := range *f.repoTypes {
		types = append(types, history.RepoType(t))
	}
	return history.Filter{RepoTypes: types, Orgs: *f.orgs, Repos: *f.repos, Search: *f.search, Groups: *f.groups}
}

// periodFlags are the flags that select days.
type periodFlags struct {
	from, to, name *string
	byDefault      string
}

// addPeriodFlags declares the flags of a period, and the one that is meant without them.
func addPeriodFlags(cmd *kingpin.CmdClause, byDefault string) periodFlags {
	return periodFlags{
		byDefault: byDefault,
		from:      cmd.Flag("from", "First day, such as 2021-01-22. Default: the first recorded day.").PlaceHolder("DAY").String(),
		to:        cmd.Flag("to", "Last day, such as 2021-01-22. Default: the last recorded day.").PlaceHolder("DAY").String(),
		name: cmd.Flag("period", "Period: all_time or last_month (the 30 days that end with the last recorded day). Default: "+byDefault+", or the days from --from to --to.").
			PlaceHolder("NAME").Enum(history.AllTime.String(), history.LastMonth.String()),
	}
}

func (f periodFlags) period() (history.Period, error) {
	name := *f.name
	switch {
	case *f.from == "" && *f.to == "":
		if name == "" {
			name = f.byDefault
		}
		kind, err := history.ParsePeriodKind(name)
		return history.Period{Kind: kind}, err
	case name != "":
		return history.Period{}, errors.New("expected either --period or --from and --to, got both")
	}
	return parseDays("--from", *f.from, "--to", *f.to)
}

// parseDays reads the days of two flags, either of which may be empty.
func parseDays(fromFlag, from, toFlag, to string) (history.Period, error) {
	p := history.RangeOf(history.NoDay, history.NoDay)
	for _, f := range []struct {
		name, value string
		day         *history.Day
	}{{fromFlag, from, &p.From}, {toFlag, to, &p.To}} {
		if f.value == "" {
			continue
		}
		var err error
		if *f.day, err = history.ParseDay(f.value); err != nil {
			return p, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if from != "" && to != "" && p.To < p.From {
		return p, fmt.Errorf("expected %s on or after %s, got %s=%s and %s=%s", toFlag, fromFlag, fromFlag, from, toFlag, to)
	}
	return p, nil
}

// parsePast reads the time of a flag, which is not after now.
func parsePast(flag, s string, now time.Time) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%s: expected a time like 2024-05-01T12:00:00Z, got %q", flag, s)
	}
	if t.After(now) {
		return t, fmt.Errorf("%s: expected a time that is not in the future, got %q", flag, s)
	}
	return t, nil
}
