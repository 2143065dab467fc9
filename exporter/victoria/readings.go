package victoria

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// readingText is the field of textSeries with readings that samples do not hold.
const readingText = "reading"

// readingFields are the fields of readingsSeries, in the order of readingValues. A reading has a
// sample of the first, and of those others that are not what is implied. The Hub's id of the
// repository is a label of likesField, as value.
var readingFields = [...]string{"total", "last_month", "likes", "origin", "first_before", "first", "high", "high_month"}

const likesField = 2

// readingGone is the total of a reading that is forgotten.
const readingGone = -2

// readingValues are the numbers of a reading.
type readingValues [len(readingFields)]int64

// valuesOf returns the numbers of r. Its time is that of the version that it is written under.
func valuesOf(r *history.Reading) readingValues {
	return readingValues{r.Total, r.LastMonth, r.Likes, int64(r.Origin), int64(r.AsOf - r.FirstAsOf), r.First, r.High, r.HighMonth}
}

// implied returns what number i is if it is not written: a reading is mostly a listing, and
// the only one of its day.
func (x *readingValues) implied(i int) int64 {
	return [...]int64{0, history.Unknown, history.Unknown, int64(history.Listing), 0, x[0], x[0], x[1]}[i]
}

// reading is the inverse of valuesOf.
func (x *readingValues) reading(r history.Repo, asOf history.AsOf, hubID string) history.Reading {
	out := history.NewReading(r, asOf, history.Origin(x[3]), x[0], x[1], x[2])
	out.HubID = hubID
	out.FirstAsOf, out.First, out.High, out.HighMonth = asOf-history.AsOf(x[4]), x[5], x[6], x[7]
	return out
}

// textReading is a reading that is written as a text, and the number that it was written
// under.
type textReading struct {
	n      seq
	values readingValues
	hubID  string
}

// addReading takes the text of a reading.
func (x *storedRepo) addReading(d history.Day, n seq, text string) (err error) {
	r := textReading{n: n}
	parts := strings.Split(text, ",")
	if len(parts) != len(r.values)+1 {
		return fmt.Errorf("expected a reading of %d numbers and an id in the history, got %q", len(r.values), text)
	}
	for i := range r.values {
		if r.values[i], err = strconv.ParseInt(parts[i], 10, 64); err != nil {
			return err
		}
	}
	r.hubID = parts[len(r.values)]
	x.updateReading(d, r)
	return nil
}

func (x *storedRepo) updateReading(d history.Day, r textReading) {
	if x.readings == nil {
		x.readings = make(map[history.Day]textReading)
	}
	if r.n >= x.readings[d].n {
		x.readings[d] = r
	}
}

// writeReadings writes readings under the numbers of their times.
func (w *writer) writeReadings(l labels, readings []history.Reading, numbers *orgNumbers) {
	last := lastDay()
	values := make([]readingValues, len(readings))
	for i := range readings {
		values[i] = valuesOf(&readings[i])
	}
	isText := func(i int) bool { return readings[i].Day() > last || slices.Max(values[i][:]) > maxExact }
	for f, name := range readingFields {
		hubID := ""
		w.series(readingsSeries, l.with("field", name))
		for i := range readings {
			r, v := &readings[i], values[i][f]
			if isText(i) {
				continue
			}
			if f == likesField && r.HubID != hubID {
				hubID = r.HubID
				w.series(readingsSeries, l.with("field", name, "value", hubID))
			}
			if f == 0 || v != values[i].implied(f) || hubID != "" {
				w.Add(int64(r.Day())*msPerDay+int64(numbers.ofReading(r)), v)
			}
		}
	}
	for i := range readings {
		if r := &readings[i]; isText(i) {
			var text strings.Builder
			for _, v := range values[i] {
				fmt.Fprintf(&text, "%d,", v)
			}
			w.writeText(textSeries, l.with("field", readingText, "day", r.Day().String()), numbers.ofReading(r), text.String()+r.HubID)
		}
	}
}

// readingsAtOnce is how many readings a repository is taken to have, where some are read at
// a time.
const readingsAtOnce = 4000

// readings yields what repositories have readings of in a run of days, in the order of
// repos: of those that have any. The Meta of them is the name alone, and what it is yielded
// with is valid until the next.
func (v *snapshot) readings(f history.Filter, repos *repoList, run history.Days) iter.Seq2[*history.RepoReadings, error] {
	return func(yield func(*history.RepoReadings, error) bool) {
		if run.Len() == 0 {
			return
		}
		pieces := byRepo(f, repos, run, max(1, int(v.s.piece/readingsAtOnce)))
		for lines, err := range readAhead(v, pieces, (*snapshot).readingLines) {
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range lines.repos.meta {
				if r := lines.of(v, i, run); len(r.Readings) > 0 && !yield(r, nil) {
					return
				}
			}
		}
	}
}

// readingLines are the series of the readings of some repositories, by their place.
type readingLines struct {
	repos *repoList
	lines map[int]*readingLine
	out   history.RepoReadings
}

// readingLine is the series of the readings of a repository.
type readingLine struct {
	numbers [len(readingFields)]repoDays
	likes   map[string]*repoDays // by the Hub's id
}

func (v *snapshot) readingLines(p piece) (*readingLines, error) {
	out := &readingLines{repos: p.repos, lines: make(map[int]*readingLine)}
	start, end := millis(p.days)
	if start > end {
		return out, nil
	}
	return out, v.s.engine.Export(v.ctx, v.selectors(readingsSeries, p.filter), start, end, func(l *vmapi.Line) error {
		r, field := repoOf(l), l.Label("field")
		at, ok := p.repos.index[r]
		if !ok {
			return nil
		}
		x := out.lines[at]
		if x == nil {
			x = &readingLine{likes: make(map[string]*repoDays)}
			out.lines[at] = x
		}
		switch f := slices.Index(readingFields[:], field); {
		case f == likesField:
			likes := new(repoDays)
			likes.addLine(l, v.log(r.Org()), shown)
			x.likes[l.Label("value")] = likes
		case f >= 0:
			x.numbers[f].addLine(l, v.log(r.Org()), shown)
		}
		return nil
	})
}

// of puts the readings of a repository together, once.
func (x *readingLines) of(v *snapshot, at int, run history.Days) *history.RepoReadings {
	r, texts := x.repos.meta[at].Repo, maps.Clone(x.repos.stored[at].readings)
	log := v.log(r.Org())
	x.out.Meta, x.out.Readings = history.NewRepoMeta(r), x.out.Readings[:0]
	if line := x.lines[at]; line != nil {
		for i, d := range line.numbers[0].days {
			n := line.numbers[0].numbers[i]
			if texts[d].n > n {
				continue
			}
			if delete(texts, d); line.numbers[0].downloads[i] == readingGone {
				continue
			}
			var values readingValues
			for f := range values {
				ok := true
				if values[f] = line.numbers[0].downloads[i]; f > 0 {
					values[f], ok = line.numbers[f].take(d, n)
				}
				if !ok {
					values[f] = values.implied(f)
				}
			}
			hubID := ""
			for id, likes := range line.likes {
				if v, ok := likes.take(d, n); ok {
					values[likesField], hubID = v, id
				}
			}
			x.out.Readings = append(x.out.Readings, values.reading(r, log.version(n).AsOf, hubID))
		}
	}
	for d, t := range texts {
		if run.Contains(d) && t.values[0] != readingGone {
			x.out.Readings = append(x.out.Readings, t.values.reading(r, log.version(t.n).AsOf, t.hubID))
		}
	}
	if len(texts) > 0 {
		slices.SortFunc(x.out.Readings, func(a, b history.Reading) int { return int(a.Day()) - int(b.Day()) })
	}
	return &x.out
}

// take returns what was written of a day under a number, and lets go the days before it: what
// was written under an earlier number is of an earlier reading of the day.
func (x *repoDays) take(d history.Day, n seq) (int64, bool) {
	i := 0
	for i < len(x.days) && x.days[i] < d {
		i++
	}
	x.days, x.numbers, x.downloads = x.days[i:], x.numbers[i:], x.downloads[i:]
	if len(x.days) == 0 || x.days[0] != d || x.numbers[0] != n {
		return 0, false
	}
	return x.downloads[0], true
}

// contents reads all that is known of repositories: what answers have of them follows from
// it.
func (v *snapshot) contents(f history.Filter, repos *repoList) (*memtable.Table, error) {
	t, err := v.table(piece{f, repos, allDays}, stored, true, nil)
	if err != nil {
		return nil, err
	}
	read, err := memtable.BuildReadings(v.ctx, v.readings(f, repos, allDays))
	if err != nil {
		return nil, err
	}
	return t.Union(read), nil
}

// Readings implements history.Reader. They are read some repositories at a time.
func (s *Store) Readings(ctx context.Context, q history.ReadingsQuery) history.ReadingSeq {
	return func(yield func(history.Reading, error) bool) {
		v, all, err := s.latestGroups(ctx)
		if err != nil {
			yield(history.Reading{}, err)
			return
		}
		repos, err := v.repos(q.Filter)
		if err != nil {
			yield(history.Reading{}, err)
			return
		}
		for r, err := range v.readings(q.Filter, repos, q.Days(all.Recorded())) {
			if err != nil {
				yield(history.Reading{}, err)
				return
			}
			for _, x := range r.Readings {
				if !yield(x, nil) {
					return
				}
			}
		}
	}
}
