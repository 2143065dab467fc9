package archive

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// readCSV reads a CSV in long or in wide form.
func (a *assembler) readCSV(r io.Reader, limited *limitedReader) error {
	text := csv.NewReader(r)
	text.ReuseRecord = true
	header, err := text.Read()
	if err != nil {
		a.o.SkipBadRows = false // the header is no row
		return a.csvError(err, nil)
	}
	header = slices.Clone(header)
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	if want := wantOfHeader(header); want != "" {
		a.fault(1, "", strings.Join(header, ","), expected{want: want})
		return nil
	}
	var take func(line int64, fields []string) bool
	if a.o.Wide != "" {
		take, err = a.wide(header)
	} else {
		take, err = a.long(header)
	}
	if err != nil || a.faults.Count > 0 {
		return err
	}
	for {
		limited.next()
		fields, err := text.Read()
		if err == io.EOF {
			return nil
		}
		if _, ofLine := errors.AsType[*csv.ParseError](err); err != nil && !ofLine {
			return err
		} else if err != nil {
			if err := a.csvError(err, fields); err != nil {
				return err
			}
			continue
		}
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		line, _ := text.FieldPos(0)
		if !take(int64(line), fields) {
			return nil
		}
	}
}

// wantOfHeader says what was expected in place of a header that is none of an archive.
func wantOfHeader(header []string) string {
	switch {
	case slices.Contains(header, "repoName") && slices.Contains(header, "timestamp"):
		return "an archive of listings, not a CSV export of the Hub: import it without --readings"
	case len(header) > 1:
		return ""
	}
	if other := textenc.OtherSeparator([]byte(header[0])); other != "" {
		return "fields with commas between them, not " + other
	}
	return "JSON, Parquet, or the header row of a CSV"
}

// csvError counts the fault of a line, or returns an error of reading.
func (a *assembler) csvError(err error, fields []string) error {
	fault, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case !ok:
		return err
	case errors.Is(err, csv.ErrFieldCount):
		want := fmt.Sprintf("as many fields as in the header, not %d", len(fields))
		a.rowFault(history.BadFields, int64(fault.StartLine), "", strings.Join(fields, ","), expected{want: want})
	default:
		want := "quotes only around an entire field, and quotes within it doubled"
		a.rowFault(history.BadQuotes, int64(fault.Line), "", fault.Err.Error(), expected{want: want})
	}
	a.endRow()
	return nil
}

// long returns what takes the rows of a CSV in long form.
func (a *assembler) long(header []string) (func(int64, []string) bool, error) {
	l, want := a.o.findLong(header)
	if want != "" {
		a.fault(1, "", strings.Join(header, ","), expected{want: want})
		return nil, nil
	}
	a.names, a.shape = &l.names, l.shape
	if l.at[dayColumn] < 0 {
		if err := a.dayOfAll(); err != nil {
			return nil, err
		}
	}
	var c cells
	return func(line int64, fields []string) bool {
		for i, at := range l.at {
			if at >= 0 {
				c[i] = fields[at]
			}
		}
		return isEmpty(fields) || a.row(line, &c)
	}, nil
}

// isEmpty reports whether a row has nothing but empty fields, as spreadsheets append some.
func isEmpty(fields []string) bool {
	return !slices.ContainsFunc(fields, func(f string) bool { return f != "" })
}

// wide returns what takes the rows of a CSV in wide form.
func (a *assembler) wide(header []string) (func(int64, []string) bool, error) {
	l, want := a.o.findColumns(header)
	if want == "" && l.at[dayColumn] < 0 {
		want = "a column of days: day or date, or another one with --columns=day=NAME"
	}
	if want != "" {
		a.fault(1, "", strings.Join(header, ","), expected{want: want})
		return nil, nil
	}
	a.names, a.shape = &l.names, l.shape
	repos := make([]history.Repo, len(header))
	for i, name := range header {
		// The column of row numbers that pandas writes has no name.
		if i == l.at[dayColumn] || name == "" {
			continue
		}
		if slices.Contains(header[:i], name) {
			a.fault(1, name, name, expected{want: "a repository in one column, not in several"})
			continue
		}
		if !strings.Contains(name, "/") && len(a.o.Orgs) == 1 {
			name = a.o.Orgs[0] + "/" + name
		}
		var c cells
		c[repoColumn] = name
		l.names[repoColumn] = header[i]
		repo, ok := a.repo(1, &c)
		switch {
		case !ok:
			a.o.SkipBadRows = false // the header is no row
		case a.keeps(repo.Name):
			repos[i] = repo
		}
	}
	number := slices.IndexFunc(numbers[:], func(c column) bool { return c.String() == a.o.Wide })
	values := make([]int64, len(header))
	return func(line int64, fields []string) bool {
		if isEmpty(fields) {
			return true
		}
		defer a.endRow()
		at := a.moment(line, fields[l.at[dayColumn]])
		for i, repo := range repos {
			if repo.Name != "" {
				values[i] = a.count(line, numbers[number], header[i], fields[i])
			}
		}
		for i, repo := range repos {
			counts := [len(numbers)]int64{history.Unknown, history.Unknown, history.Unknown}
			counts[number] = values[i]
			if repo.Name != "" && a.wrong == "" && !a.emit(repo, at, counts) {
				return false
			}
		}
		return true
	}, nil
}
