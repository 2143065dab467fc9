package wire

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// readingJSON is an element of the answer to ReadingsRoute.
type readingJSON struct {
	repoJSON
	AsOf      asOfJSON `json:"as_of"`
	Origin    string   `json:"origin"`
	Total     *int64   `json:"total"`
	LastMonth *int64   `json:"last_month"`
	Likes     *int64   `json:"likes"`
	HubID     string   `json:"hub_id,omitempty"`

	// What the other answers of the day add is left out where they add nothing.
	FirstAsOf *asOfJSON `json:"first_as_of,omitempty"`
	First     *int64    `json:"first_total,omitempty"`
	High      *int64    `json:"highest_total,omitempty"`
	HighMonth *int64    `json:"highest_last_month,omitempty"`
}

func readingOf(r *history.Reading) readingJSON {
	other := func(n *int64, than int64) *int64 {
		if *n == than {
			return nil
		}
		return n
	}
	return readingJSON{
		repoOf(r.Repo), asOfJSON(r.AsOf), r.Origin.String(), history.Known(&r.Total), history.Known(&r.LastMonth), history.Known(&r.Likes), r.HubID,
		(*asOfJSON)(other((*int64)(&r.FirstAsOf), int64(r.AsOf))),
		other(&r.First, r.Total), other(&r.High, r.Total), other(&r.HighMonth, r.LastMonth),
	}
}

func (j *readingJSON) reading() (history.Reading, error) {
	origin, err := history.ParseOrigin(j.Origin)
	r := history.NewReading(j.repo(), history.AsOf(j.AsOf), origin, countIn(j.Total), countIn(j.LastMonth), countIn(j.Likes))
	r.HubID = j.HubID
	for _, other := range []struct{ from, to *int64 }{
		{(*int64)(j.FirstAsOf), (*int64)(&r.FirstAsOf)}, {j.First, &r.First}, {j.High, &r.High}, {j.HighMonth, &r.HighMonth},
	} {
		if other.from != nil {
			*other.to = *other.from
		}
	}
	return r, err
}

// WriteReadings writes the answer to ReadingsRoute.
func WriteReadings(w io.Writer, revision string, readings history.ReadingSeq) error {
	head := struct {
		Revision *string `json:"revision"`
	}{optional(revision)}
	return writeList(w, head, "rows", func(yield func(readingJSON, error) bool) {
		for r, err := range readings {
			if !yield(readingOf(&r), err) {
				return
			}
		}
	})
}

// ReadReadings streams an answer of which no element has more than limit bytes.
func ReadReadings(r io.Reader, limit int64) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		from := &limitedReader{r: r, left: limit, limit: limit}
		dec := json.NewDecoder(from)
		stopped, err := false, beginRows(dec)
		var last history.Repo
		for err == nil && !stopped && dec.More() {
			var j readingJSON
			if err = dec.Decode(&j); err != nil {
				break
			}
			from.left = limit
			var reading history.Reading
			if reading, err = j.reading(); err == nil {
				if reading.Repo == last {
					reading.Repo = last // one copy of its name
				}
				last = reading.Repo
				stopped = !yield(reading, nil)
			}
		}
		if err == nil && !stopped {
			err = expectTokens(dec, json.Delim(']'), json.Delim('}'), nil)
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			yield(history.Reading{}, err)
		}
	}
}

// beginRows reads an object until its member rows, a list, begins.
func beginRows(dec *json.Decoder) error {
	if err := expectTokens(dec, json.Delim('{')); err != nil {
		return err
	}
	for {
		switch name, err := dec.Token(); {
		case err != nil:
			return err
		case name == "rows":
			return expectTokens(dec, json.Delim('['))
		case name == json.Delim('}'):
			return fmt.Errorf("expected a member rows, got none")
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return err
		}
	}
}

// expectTokens reads tokens of JSON, nil for the end.
func expectTokens(dec *json.Decoder, want ...json.Token) error {
	for _, w := range want {
		switch got, err := dec.Token(); {
		case err == io.EOF && w == nil:
		case err != nil:
			return err
		case got != w:
			return fmt.Errorf("expected %v in JSON, got %v", w, got)
		}
	}
	return nil
}
