package archive

import (
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// cells are the cells of a row, by column; "" is an empty one, or that of no column.
type cells [numColumns]string

// assembler makes readings of rows.
type assembler struct {
	o     *Options
	names *[numColumns]string // of the columns in the archive, for messages
	unit  string              // what rows are counted in
	yield func(history.Reading, error) bool

	shape history.RepoType // what the fields of the archive show, "" for nothing
	fixed history.AsOf     // of rows without a column of days

	faults history.InputErrors
	notes  history.InputNotes
	wrong  history.BadRowReason // of the row, "" as long as it is good
	left   bool                 // nobody asks for more
	// seen has a hash of each reading and how often it came. A later row of the same
	// repository and time is a microsecond later, so that it stands, in whatever order
	// readings arrive.
	seen map[uint64]int64
	seed maphash.Seed
}

func newAssembler(file, unit string, o *Options, yield func(history.Reading, error) bool) *assembler {
	a := &assembler{o: o, unit: unit, yield: yield, seen: make(map[uint64]int64), seed: maphash.MakeSeed()}
	a.faults.File, a.notes.BadRows = file, make(history.BadRows)
	return a
}

// dayOfAll says that there is no column of days, and finds the one day of the archive.
func (a *assembler) dayOfAll() error {
	day := dayOfName(a.faults.File)
	switch {
	case day == history.NoDay:
		day = a.o.Day
	case a.o.Day != history.NoDay && a.o.Day != day:
		return fmt.Errorf("%s: expected --day to match the day in the file name, %s, got %s; if --day is right, rename the file",
			a.faults.File, day, a.o.Day)
	}
	if day == history.NoDay {
		return fmt.Errorf("%s: expected the day of its readings in a column, in the file name (like 2024-05-31), or in --day, got none; "+
			"to use a column other than day or date, set --columns=day=NAME", a.faults.File)
	}
	if day > a.o.LastDay {
		return fmt.Errorf("%s: expected a day up to %s, got %q in its name; %s", a.faults.File, a.o.LastDay, day, history.HintFuture)
	}
	a.fixed = noonOf(day)
	return nil
}

// fault counts a fault of the whole archive, which is then refused.
func (a *assembler) fault(row int64, column, value string, e expected) {
	a.o.SkipBadRows = false
	a.addFault(row, column, value, e)
}

// rowFault counts a fault of a row.
func (a *assembler) rowFault(reason history.BadRowReason, row int64, column, value string, e expected) {
	if a.wrong == "" {
		a.wrong = reason
	}
	a.addFault(row, column, value, e)
}

func (a *assembler) addFault(row int64, column, value string, e expected) {
	if a.faults.Full() {
		a.faults.Count++
		return
	}
	a.faults.Add(&history.InputError{Unit: a.unit, Line: row, Column: column, Value: strings.Clone(value), Want: e.want, Hint: e.hint})
}

// endRow counts a row.
func (a *assembler) endRow() {
	if a.wrong != "" {
		a.notes.BadRows[a.wrong]++
		a.wrong = ""
		return
	}
	a.notes.Rows++
}

// dropped reports whether nothing of the archive is to be kept.
func (a *assembler) dropped() bool { return a.faults.Count > 0 && !a.o.SkipBadRows }

// row takes a row and reports whether more are wanted.
func (a *assembler) row(n int64, c *cells) bool {
	defer a.endRow()
	repo, ok := a.repo(n, c)
	if !ok || !a.keeps(repo.Name) {
		return true
	}
	at := a.moment(n, c[dayColumn])
	var counts [len(numbers)]int64
	for i, column := range numbers {
		counts[i] = a.count(n, column, a.names[column], c[column])
	}
	return a.wrong != "" || a.emit(repo, at, counts)
}

func (a *assembler) count(n int64, c column, name, cell string) int64 {
	count, e := parseCount(cell)
	if e.want != "" {
		reason := history.BadDownloads
		if c == totalColumn {
			reason = history.BadTotal
		}
		a.rowFault(reason, n, name, cell, e)
	}
	return count
}

// repo returns the repository of a row.
func (a *assembler) repo(n int64, c *cells) (history.Repo, bool) {
	name := c[repoColumn]
	if org := c[orgColumn]; org != "" && a.o.Columns[orgColumn.String()] != "" && name != "" && !strings.Contains(name, "/") {
		name = org + "/" + name
	}
	t, name, want := parseRepo(name)
	if want != "" {
		a.rowFault(history.BadRepoName, n, a.names[repoColumn], c[repoColumn], expected{want: want})
		return history.Repo{}, false
	}
	if want = history.WantOfName(c[typeColumn]); want != "" {
		a.rowFault(history.BadRepoType, n, a.names[typeColumn], c[typeColumn], expected{want: want})
		return history.Repo{}, false
	}
	return history.Repo{Type: a.repoType(c[typeColumn], t), Name: name}, true
}

// repoType returns the type of a repository: as the row says it, the address, whoever
// reads the archive, or the fields that it has.
func (a *assembler) repoType(cell string, ofAddress history.RepoType) history.RepoType {
	for _, t := range []history.RepoType{parseRepoType(cell), ofAddress, a.o.RepoType, a.shape} {
		if t != "" {
			return t
		}
	}
	return history.Model
}

// keeps reports whether a repository is of an organization that is asked for.
func (a *assembler) keeps(name string) bool {
	return len(a.o.Orgs) == 0 || a.o.hasOrg(history.Repo{Name: name}.Org())
}

func (o *Options) hasOrg(org string) bool {
	for _, wanted := range o.Orgs {
		if len(org) == len(wanted) && strings.EqualFold(org, wanted) {
			return true
		}
	}
	return false
}

// moment returns when the reading of a row was taken.
func (a *assembler) moment(n int64, cell string) history.AsOf {
	if a.names[dayColumn] == "" {
		return a.fixed
	}
	at, e := parseMoment(cell)
	switch {
	case e.want != "":
		a.rowFault(history.BadTimestamp, n, a.names[dayColumn], cell, e)
	case history.DayOf(at.Time()) > a.o.LastDay:
		a.rowFault(history.BadFuture, n, a.names[dayColumn], cell, expected{"a day up to " + a.o.LastDay.String(), history.HintFuture})
	}
	return at
}

// emit yields a reading, unless nothing is known in it or a fault was found before.
func (a *assembler) emit(r history.Repo, at history.AsOf, counts [len(numbers)]int64) bool {
	if counts == [len(numbers)]int64{history.Unknown, history.Unknown, history.Unknown} || a.dropped() {
		return true
	}
	r.Name = strings.Clone(r.Name) // without the row around it
	key := maphash.Comparable(a.seed, struct {
		history.Repo
		history.AsOf
	}{r, at})
	later := a.seen[key]
	a.seen[key] = later + 1
	a.left = !a.yield(history.NewReading(r, at+history.AsOf(later), history.Archive, counts[0], counts[1], counts[2]), nil)
	return !a.left
}

// end takes the end of the archive: an error of reading it, or nil.
func (a *assembler) end(err error) {
	if a.left {
		return
	}
	if err != nil && !strings.HasPrefix(err.Error(), a.faults.File) {
		err = fmt.Errorf("%s: %w", a.faults.File, err)
	}
	if !a.dropped() {
		a.faults.Why = a.notes.TooManyBad()
	}
	if err == nil && !a.dropped() && a.faults.Why == "" {
		a.notes.Faults = a.faults
		if a.o.Notes != nil {
			*a.o.Notes = a.notes
		}
		return
	}
	a.yield(history.Reading{}, errors.Join(a.faults.Err(), err))
}
