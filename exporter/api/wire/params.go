//gosec:disable G115 -- limits are not negative

package wire

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	// maxValue is the length of a value in bytes, maxItems the number of items of a
	// list, which are names, maxWord the length of a value that is one of few words.
	maxValue = 1024
	maxItems = 10_000
	maxWord  = 80
)

// Query is the table of the parameters of a route: it reads them as a query Q, and
// writes a Q as parameters. What is written is read as the same query.
type Query[Q any] []field[Q]

// field is a part of a query and the parameters that carry it.
type field[Q any] struct {
	read  func(*params, *Q)
	write func(url.Values, *Q)
}

// Decode reads the parameters of a request. An error is a *Fault.
func (fields Query[Q]) Decode(rawQuery string) (q Q, err error) {
	p := new(params)
	if p.values, err = url.ParseQuery(rawQuery); err != nil {
		return q, &Fault{Message: fmt.Sprintf("expected a URL-encoded query, got %s: %s", textenc.Quote(rawQuery), err)}
	}
	for _, f := range fields {
		f.read(p, &q)
	}
	if p.checkNames(); p.fault != nil {
		return q, p.fault
	}
	return q, nil
}

// Encode writes a query as parameters, sorted by name. Values that are the defaults
// are left out.
func (fields Query[Q]) Encode(q Q) string {
	v := make(url.Values)
	for _, f := range fields {
		f.write(v, &q)
	}
	return v.Encode()
}

// params are the parameters of a request. The first fault is kept, and what is read
// after it does not matter.
type params struct {
	values url.Values
	known  []string // names that were read
	fault  *Fault
}

// bad keeps a fault of a parameter.
func (p *params) bad(name, format string, args ...any) {
	if p.fault == nil {
		p.fault = &Fault{Field: textenc.Cut(name), Message: fmt.Sprintf(format, args...)}
	}
}

// checkNames finds a parameter that no field has read.
func (p *params) checkNames() {
	var unknown string
	for name := range p.values {
		if !slices.Contains(p.known, name) && (unknown == "" || name < unknown) {
			unknown = name
		}
	}
	if !p.values.Has("") && unknown == "" {
		return
	}
	want := "no parameter"
	if len(p.known) > 0 {
		slices.Sort(p.known)
		want = "one of the parameters " + strings.Join(p.known, ", ")
	}
	p.bad(unknown, "expected %s, got %s", want, textenc.Quote(unknown))
}

// get returns the values of a parameter.
func (p *params) get(name string) []string {
	p.known = append(p.known, name)
	return p.values[name]
}

// single returns the value of a parameter that may be given once.
func (p *params) single(name string) (value string, ok bool) {
	values := p.get(name)
	if len(values) == 0 {
		return "", false
	}
	if len(values) > 1 {
		p.bad(name, "expected one value, got %d: %s, %s", len(values), textenc.Quote(values[0]), textenc.Quote(values[1]))
	}
	if len(values[0]) > maxValue {
		p.bad(name, "expected at most %d bytes, got %s", maxValue, textenc.Quote(values[0]))
	}
	return values[0], true
}

// list returns the items of a parameter that may be repeated, that may have several
// items with commas between them, or both.
func (p *params) list(name string) []string {
	var items []string
	for _, v := range p.get(name) {
		items = AppendItems(items, v)
	}
	if len(items) > maxItems {
		p.bad(name, "expected at most %d items, got %d", maxItems, len(items))
	}
	for _, item := range items {
		if len(item) > history.MaxNameBytes {
			p.bad(name, "expected items of at most %d bytes, got %s", history.MaxNameBytes, textenc.Quote(item))
		}
	}
	return items
}

// AppendItems splits a value at its commas. A backslash takes the meaning from
// a comma or a backslash after it; names on the Hub have neither.
func AppendItems(items []string, value string) []string {
	if !strings.Contains(value, `\`) {
		return append(items, strings.Split(value, ",")...)
	}
	var item []byte
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && i+1 < len(value) && (value[i+1] == ',' || value[i+1] == '\\'):
			i++
			item = append(item, value[i])
		case c == ',':
			items = append(items, string(item))
			item = item[:0]
		default:
			item = append(item, c)
		}
	}
	return append(items, string(item))
}

var escapeItem = strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace

// parsed returns the value of a parameter as parse reads it, def without one.
// The errors of parse quote the value.
func parsed[T any](p *params, name string, def T, parse func(string) (T, error)) T {
	s, ok := p.single(name)
	if !ok || p.fault != nil {
		return def
	}
	if len(s) > maxWord { // the error of parse would quote it whole
		p.bad(name, "expected at most %d bytes, got %s", maxWord, textenc.Quote(s))
		return def
	}
	v, err := parse(s)
	if err != nil {
		p.bad(name, "%s", err)
		return def
	}
	return v
}

// text is any text.
func text[Q any](name string, at func(*Q) *string) field[Q] {
	return field[Q]{
		read: func(p *params, q *Q) { *at(q), _ = p.single(name) },
		write: func(v url.Values, q *Q) {
			if *at(q) != "" {
				v.Set(name, *at(q))
			}
		},
	}
}

// list is a list of texts. If want is not "", it says what an item is, and items may
// not be empty.
func list[Q any, T ~string](name, want string, at func(*Q) *[]T) field[Q] {
	return field[Q]{
		read: func(p *params, q *Q) {
			for _, item := range p.list(name) {
				if item == "" && want != "" {
					p.bad(name, `expected %s, got ""`, want)
				}
				*at(q) = append(*at(q), T(item))
			}
		},
		write: func(v url.Values, q *Q) {
			for _, item := range *at(q) {
				v.Add(name, escapeItem(string(item)))
			}
		},
	}
}

// word is one of the words that parse reads and String writes.
func word[Q any, T interface {
	comparable
	fmt.Stringer
}](name string, def T, parse func(string) (T, error), at func(*Q) *T) field[Q] {
	return field[Q]{
		read: func(p *params, q *Q) { *at(q) = parsed(p, name, def, parse) },
		write: func(v url.Values, q *Q) {
			if *at(q) != def {
				v.Set(name, (*at(q)).String())
			}
		},
	}
}

// flag is true or false.
func flag[Q any](name string, at func(*Q) *bool) field[Q] {
	return field[Q]{
		read: func(p *params, q *Q) {
			s, ok := p.single(name)
			if *at(q) = s == "true"; ok && s != "true" && s != "false" {
				p.bad(name, "expected true or false, got %s", textenc.Quote(s))
			}
		},
		write: func(v url.Values, q *Q) {
			if *at(q) {
				v.Set(name, "true")
			}
		},
	}
}

// number is a whole number from least to most.
func number[Q any](name string, def, least, most int, at func(*Q) *int) field[Q] {
	return field[Q]{
		read: func(p *params, q *Q) {
			*at(q) = def
			s, ok := p.single(name)
			if !ok {
				return
			}
			n, err := strconv.ParseUint(s, 10, 62)
			if err != nil || n < uint64(least) || n > uint64(most) {
				p.bad(name, "expected a whole number from %d to %d, got %s", least, most, textenc.Quote(s))
				return
			}
			*at(q) = int(n)
		},
		write: func(v url.Values, q *Q) {
			if *at(q) != def {
				v.Set(name, strconv.Itoa(*at(q)))
			}
		},
	}
}

// check looks at fields together.
func check[Q any](f func(*params, *Q)) field[Q] {
	return field[Q]{read: f, write: func(url.Values, *Q) {}}
}

// selection are the fields of a filter.
func selection[Q any](at func(*Q) *history.Filter) Query[Q] {
	return Query[Q]{
		list("repo_type", "a repository type like model", func(q *Q) *[]history.RepoType { return &at(q).RepoTypes }),
		list("org", "", func(q *Q) *[]string { return &at(q).Orgs }), // "" is that of legacy names
		list("repo", "a full name like org/name", func(q *Q) *[]string { return &at(q).Repos }),
		text("search", func(q *Q) *string { return &at(q).Search }),
		list("group", "the name of a group", func(q *Q) *[]string { return &at(q).Groups }),
	}
}

// period is a period: one of few words, a range of days, or both.
func period[Q any](at func(*Q) *history.Period) field[Q] {
	return field[Q]{
		read:  func(p *params, q *Q) { *at(q) = readPeriod(p) },
		write: func(v url.Values, q *Q) { writePeriod(v, *at(q)) },
	}
}

// noPeriod is the value of period that stands for NoDays.
const noPeriod = "none"

// NoDays is a period of no day: what is left is what does not depend on days.
var NoDays = history.RangeOf(history.MinDay+1, history.MinDay)

// inverted reports whether a range ends before it begins.
func inverted(p history.Period) bool {
	return p.Kind == history.Range && p.From != history.NoDay && p.To != history.NoDay && p.To < p.From
}

func readPeriod(p *params) history.Period {
	days := history.RangeOf(
		parsed(p, "from", history.NoDay, history.ParseDay),
		parsed(p, "to", history.NoDay, history.ParseDay))
	open := history.RangeOf(history.NoDay, history.NoDay)
	period := history.Period{}
	if days != open {
		period = days
	}
	period = parsed(p, "period", period, func(s string) (history.Period, error) {
		if s == noPeriod {
			return NoDays, nil
		}
		kind, err := history.ParsePeriodKind(s)
		if err != nil {
			return NoDays, fmt.Errorf("expected all_time, last_month, range or none, got %q", s)
		}
		if kind == history.Range {
			return days, nil
		}
		return history.Period{Kind: kind}, nil
	})
	if days != open && period != days {
		p.bad("period", "expected range or no period with from and to, got %q", p.values.Get("period"))
	}
	if inverted(days) {
		p.bad("from", "expected a day on or before to, which is %s, got %q", days.To, days.From)
	}
	return period
}

func writePeriod(v url.Values, p history.Period) {
	switch {
	case p.Kind == history.AllTime:
		return
	case inverted(p):
		// The API takes it for a mistake; to a Reader it is a range of no day.
		v.Set("period", noPeriod)
		return
	}
	v.Set("period", p.Kind.String())
	if p.Kind != history.Range {
		return
	}
	if p.From != history.NoDay {
		v.Set("from", p.From.String())
	}
	if p.To != history.NoDay {
		v.Set("to", p.To.String())
	}
}
