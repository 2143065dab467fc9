// Package archive reads listings of the Hub that others have saved: JSON as the Hub's API
// gives it, Parquet, and CSV in long form (a row a repository and day) or wide form (a row
// a day, a column a repository). What they hold are readings.
//
// All forms come down to rows of text cells, which assembler checks and makes readings of.
package archive

import (
	"fmt"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// column is what a column of an archive says of a reading.
type column uint8

const (
	repoColumn column = iota
	typeColumn
	orgColumn
	dayColumn
	totalColumn
	lastMonthColumn
	likesColumn
	numColumns
)

// columns have the name of each column and, in the order of preference, the names by which
// it is found without being told: those of the Hub's API and of our own export of readings.
var columns = [numColumns]struct {
	name    string
	aliases []string
}{
	repoColumn:      {"repo", []string{"id", "modelId", "repo"}},
	typeColumn:      {"repo_type", []string{"repo_type"}},
	orgColumn:       {"org", []string{"author", "org"}},
	dayColumn:       {"day", []string{"as_of", "day", "date"}},
	totalColumn:     {"total", []string{"downloadsAllTime", "total"}},
	lastMonthColumn: {"last_month", []string{"downloads", "last_month"}},
	likesColumn:     {"likes", []string{"likes"}},
}

// String returns the name of the column.
func (c column) String() string { return columns[c].name }

// numbers are the columns of numbers: at least one of them is in an archive.
var numbers = [...]column{totalColumn, lastMonthColumn, likesColumn}

// Options say how archives are read. The zero value, Day apart, reads listings of the Hub as
// they are.
type Options struct {
	// Columns has the name that a column has in the archive, by our name of it: repo,
	// repo_type, org, day, total, last_month or likes. Others have the names that the Hub's
	// API gives them. An empty name is that of no column.
	Columns map[string]string
	// Wide is what the numbers of a CSV in wide form are: total, last_month or likes. ""
	// is for archives in long form.
	Wide string
	// Orgs are the organizations whose repositories are kept, whatever the case of their
	// letters; without any all are.
	Orgs []string
	// RepoType is the type of repositories of which the archive does not say it, "" for
	// what the fields of an API's answer show, or else model.
	RepoType history.RepoType
	// Day is the day of archives that have it neither in a column nor in their name,
	// NoDay for none.
	Day history.Day
	// LastDay is the last day that a reading can be of: later ones are still to come.
	LastDay history.Day
	// SkipBadRows sets rows aside that cannot be understood, as long as they are few.
	SkipBadRows bool
	// Notes, if not nil, is where it is noted what was noticed of an archive that was
	// accepted, once the stream has ended.
	Notes *history.InputNotes
}

// Check returns an error if the options contradict each other or name what there is not.
func (o *Options) Check() error {
	for name := range o.Columns {
		if _, err := parseColumn(name); err != nil {
			return err
		}
	}
	if o.Wide != "" {
		if c, err := parseColumn(o.Wide); err != nil || c < totalColumn {
			return fmt.Errorf("expected total, last_month or likes as the numbers of a wide CSV, got %q", o.Wide)
		}
		for name := range o.Columns {
			if name != dayColumn.String() {
				return fmt.Errorf("expected only the column name for day in a wide CSV, got one for %s: the other columns are repositories", name)
			}
		}
	}
	for _, org := range o.Orgs {
		if org == "" || strings.Contains(org, "/") {
			return fmt.Errorf("expected the name of an organization, got %q", org)
		}
	}
	if o.Day > o.LastDay {
		return fmt.Errorf("expected a day up to %s, got %q", o.LastDay, o.Day)
	}
	return nil
}

func parseColumn(name string) (column, error) {
	var names []string
	for c := range columns {
		if columns[c].name == name {
			return column(c), nil
		}
		names = append(names, columns[c].name)
	}
	return 0, fmt.Errorf("expected a column %s, got %q", textenc.Alternatives(names), name)
}

// ParseColumns reads "repo=model_url,day=date", as the command line has Options.Columns.
func ParseColumns(lists []string) (map[string]string, error) {
	m := make(map[string]string)
	for pair := range strings.SplitSeq(strings.Join(lists, ","), ",") {
		if pair == "" {
			continue
		}
		ours, theirs, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("expected a name and a column of the file, such as repo=model_url, got %q", pair)
		}
		c, err := parseColumn(strings.TrimSpace(ours))
		if err != nil {
			return nil, err
		}
		if _, twice := m[c.String()]; twice {
			return nil, fmt.Errorf("expected a single column for %s, got %q as well", c, theirs)
		}
		m[c.String()] = strings.TrimSpace(theirs)
	}
	return m, nil
}

// shapes are fields that only the API's answers about one type of repository have.
var shapes = map[string]history.RepoType{
	"modelId": history.Model, "pipeline_tag": history.Model, "library_name": history.Model,
	"citation": history.Dataset, "paperswithcode_id": history.Dataset,
	"sdk": history.Space, "subdomain": history.Space,
}

// namesOf returns the names that a column can have in an archive, the best one first.
func (o *Options) namesOf(c column) []string {
	told, ok := o.Columns[c.String()]
	switch {
	case !ok:
		return columns[c].aliases
	case told == "":
		return nil
	}
	return []string{told}
}

// layout is which column of an archive is what.
type layout struct {
	// names has the name in the archive, "" for a column that it does not have.
	names [numColumns]string
	at    [numColumns]int  // its place among all columns, -1 for none
	shape history.RepoType // what the columns show, "" for nothing
}

const wantNumbers = "a column of numbers: downloadsAllTime, downloads, or likes, or another one with --columns=total=NAME, last_month=NAME, or likes=NAME"

// findColumns finds the columns among those of an archive. want says what was expected of
// them, "" if they are right.
func (o *Options) findColumns(header []string) (l layout, want string) {
	for _, name := range header {
		if t, ok := shapes[name]; ok {
			l.shape = t
		}
	}
	for c := range numColumns {
		l.at[c] = -1
		names := o.namesOf(c)
		for _, name := range names {
			if l.at[c] = slices.Index(header, name); l.at[c] < 0 {
				continue
			}
			if slices.Contains(header[l.at[c]+1:], name) {
				return l, fmt.Sprintf("one column %q, not several", name)
			}
			l.names[c] = name
			break
		}
		if o.Columns[c.String()] != "" && l.at[c] < 0 {
			return l, fmt.Sprintf("a column %q, for %s", names[0], c)
		}
	}
	return l, ""
}

// findLong finds the columns of an archive in long form, likewise.
func (o *Options) findLong(header []string) (l layout, want string) {
	l, want = o.findColumns(header)
	isThere := func(c column) bool { return l.at[c] >= 0 }
	switch {
	case want != "":
	case !isThere(repoColumn):
		want = "a column with the names of the repositories: id, or another one with --columns=repo=NAME"
	case !slices.ContainsFunc(numbers[:], isThere):
		want = wantNumbers
	}
	return l, want
}
