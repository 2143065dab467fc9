package query

import "github.com/huggingface-exporter/huggingface_exporter/exporter/history"

// maxLookup is the most names that a lookup gives, and the default.
const maxLookup = 50

// Lookup asks for names to choose from in an editor.
type Lookup struct {
	// Filter has the repo types, organisations and search asked for.
	Filter history.Filter
	// Limit is the most names, 1 to 50; Offset how many to skip.
	Limit, Offset int
}

// DecodeLookup reads a lookup from the parameters of its URL: repo_type, org,
// search, limit and offset. Every error is an *Error.
func DecodeLookup(rawQuery string) (Lookup, error) {
	p := readParams(rawQuery, false)
	l := Lookup{
		Filter: p.filter(false),
		Limit:  p.number("limit", maxLookup, 1, maxLookup),
		Offset: p.number("offset", 0, 0, maxOffset),
	}
	if err := p.done(); err != nil {
		return Lookup{}, err
	}
	return l, nil
}
