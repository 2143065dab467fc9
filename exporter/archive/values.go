package archive

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// absent are the cells that stand for no value; the words are those of pandas, Polars and R.
var absent = map[string]bool{"": true, "NaN": true, "nan": true, "NA": true, "None": true, "null": true}

// expected says what should have been there, and what may have happened to what is.
type expected struct{ want, hint string }

// parseCount reads a count. Of a cell that is none it returns what was expected.
func parseCount(cell string) (int64, expected) {
	if absent[cell] {
		return history.Unknown, expected{}
	}
	n, fault := textenc.ParseCount([]byte(cell))
	if fault != textenc.CountOK {
		return 0, expected{fault.Want(), fault.Hint()}
	}
	return n, expected{}
}

// noon is when on its day a reading was taken of which only the day is known.
const noon = 12 * time.Hour

func noonOf(d history.Day) history.AsOf { return history.AsOfTime(d.Time().Add(noon)) }

// moments are the forms of a time; a fraction of the second may follow in each.
var moments = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
	"2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 -0700 MST",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "20060102T150405Z07:00", "20060102",
}

// parseMoment reads a day or a time, of UTC unless it says otherwise. Midnight stands for
// the day: so days are written by programs that know only times.
func parseMoment(cell string) (history.AsOf, expected) {
	if d, err := history.ParseDay(cell); err == nil {
		return noonOf(d), expected{}
	}
	for _, form := range moments {
		t, err := time.Parse(form, cell)
		if err != nil {
			continue
		}
		d := history.DayOf(t)
		switch {
		case d < history.MinDay || d > history.MaxDay:
			return 0, expected{want: "a day from " + history.MinDay.String() + " on"}
		case t.Equal(d.Time()):
			return noonOf(d), expected{}
		}
		return history.AsOfTime(t), expected{}
	}
	return 0, expected{want: "a day like 2021-01-22 or a time like 2021-01-22T06:00:00Z"}
}

var dayInName = regexp.MustCompile(`\d{4}-\d\d-\d\d|\d{4}_\d\d_\d\d|\d{8}`)

// dayOfName returns the day in the name of a file, without its folders: NoDay if there is
// none, or more than one.
func dayOfName(name string) history.Day {
	name = filepath.Base(name)
	day := history.NoDay
	isDigit := func(i int) bool { return i >= 0 && i < len(name) && '0' <= name[i] && name[i] <= '9' }
	for _, at := range dayInName.FindAllStringIndex(name, -1) {
		if isDigit(at[0]-1) || isDigit(at[1]) {
			continue // a longer number
		}
		text := strings.Map(func(r rune) rune {
			if r == '-' || r == '_' {
				return -1
			}
			return r
		}, name[at[0]:at[1]])
		d, err := history.ParseDay(text[:4] + "-" + text[4:6] + "-" + text[6:])
		if err != nil || d == day {
			continue
		}
		if day != history.NoDay {
			return history.NoDay
		}
		day = d
	}
	return day
}

// repoTypes are the words for types of repositories in paths of the Hub, and by those who
// write them into a column.
var repoTypes = map[string]history.RepoType{"models": history.Model, "datasets": history.Dataset, "spaces": history.Space}

func parseRepoType(cell string) history.RepoType {
	if t, ok := repoTypes[cell]; ok {
		return t
	}
	return history.RepoType(cell)
}

// parseRepo reads the name of a repository, "org/name", or its address, as in
// https://huggingface.co/datasets/org/name. The type is "" if that does not tell it.
func parseRepo(cell string) (t history.RepoType, name, want string) {
	name, isURL := cell, strings.Contains(cell, "://")
	if isURL {
		u, err := url.Parse(cell)
		if err != nil {
			return "", "", wantURL
		}
		name = strings.Trim(u.Path, "/")
	}
	if kind, rest, ok := strings.Cut(name, "/"); ok && repoTypes[kind] != "" && (isURL || strings.Contains(rest, "/")) {
		t, name = repoTypes[kind], rest
	}
	switch {
	case isURL && (name == "" || strings.Count(name, "/") > 1):
		return "", "", wantURL
	case name == "" || strings.Count(name, "/") > 1 || strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/"):
		return "", "", "the name of a repository like org/name, or its URL"
	}
	return t, name, history.WantOfName(name)
}

const wantURL = "the URL of a repository like https://huggingface.co/org/name"
