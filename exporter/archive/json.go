package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// jsonReader reads objects, one after the other or in arrays.
type jsonReader struct {
	*assembler
	d       *json.Decoder
	limited *limitedReader
	fields  map[string][]field
	met     [numColumns]bool // in any object
	n       int64            // objects read
	raw     json.RawMessage
}

// field says that a field of an object is a column. Of several fields for one column that of
// the lowest rank counts.
type field struct {
	column column
	rank   int
}

func (a *assembler) readJSON(r io.Reader, limited *limitedReader) error {
	j := jsonReader{assembler: a, d: json.NewDecoder(r), limited: limited, fields: make(map[string][]field)}
	j.names = new([numColumns]string)
	for c := range numColumns {
		for rank, name := range a.o.namesOf(c) {
			j.fields[name] = append(j.fields[name], field{c, rank})
		}
	}
	for {
		token, err := j.d.Token()
		if err == io.EOF {
			return j.end()
		}
		more := true
		switch {
		case err != nil:
		case token == json.Delim('{'):
			more, err = j.object()
		case token == json.Delim('['):
			more, err = j.array()
		default:
			err = fmt.Errorf("expected an object or an array before byte %d, got %v", j.d.InputOffset(), token)
		}
		if err != nil || !more {
			return j.explain(err)
		}
	}
}

// explain says where an error is.
func (j *jsonReader) explain(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if fault, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("expected JSON at byte %d, in or after object %d: %w", fault.Offset, j.n, err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("expected the end of a JSON array or object, the file ends in or after object %d: %w", j.n, err)
	}
	return err
}

func (j *jsonReader) array() (more bool, err error) {
	for j.d.More() {
		token, err := j.d.Token()
		if err != nil {
			return false, err
		}
		if token != json.Delim('{') {
			return false, fmt.Errorf("expected an object in the array before byte %d, got %v", j.d.InputOffset(), token)
		}
		if more, err := j.object(); err != nil || !more {
			return false, err
		}
	}
	_, err = j.d.Token() // the bracket
	return true, err
}

// object reads an object of which the brace was read.
func (j *jsonReader) object() (more bool, err error) {
	j.n++
	j.limited.next()
	var c cells
	var rank [numColumns]int
	*j.names = [numColumns]string{}
	for j.d.More() {
		token, err := j.d.Token()
		if err != nil {
			return false, err
		}
		key, _ := token.(string) // what else a key could be is an error of syntax
		if err := j.d.Decode(&j.raw); err != nil {
			return false, err
		}
		if t, ok := shapes[key]; ok {
			j.shape = t
		}
		for _, f := range j.fields[key] {
			if j.names[f.column] == "" || f.rank <= rank[f.column] {
				c[f.column], rank[f.column], j.names[f.column], j.met[f.column] = cellOf(j.raw), f.rank, key, true
			}
		}
	}
	if _, err := j.d.Token(); err != nil { // the brace
		return false, err
	}
	if j.names[dayColumn] == "" && j.fixed == 0 {
		if err := j.dayOfAll(); err != nil {
			return false, err
		}
	}
	if j.names[repoColumn] == "" {
		j.rowFault(history.BadRepoName, j.n, j.o.namesOf(repoColumn)[0], "", expected{want: "a repository"})
		j.endRow()
		return true, nil
	}
	return j.row(j.n, &c), nil
}

// cellOf returns a value as a cell.
func cellOf(raw json.RawMessage) string {
	switch {
	case string(raw) == "null":
		return ""
	case raw[0] == '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return strings.TrimSpace(s)
		}
	}
	return string(bytes.TrimSpace(raw))
}

// end counts the faults of an archive none of whose objects has what is needed.
func (j *jsonReader) end() error {
	if j.n == 0 || j.dropped() {
		return nil
	}
	for c := range numColumns {
		if name := j.o.Columns[c.String()]; name != "" && !j.met[c] {
			j.fault(0, name, "", expected{want: "this field, for " + c.String() + ", in an object at least"})
		}
	}
	if !j.met[totalColumn] && !j.met[lastMonthColumn] && !j.met[likesColumn] && !j.dropped() {
		j.fault(0, "", "", expected{want: wantNumbers})
	}
	return nil
}
