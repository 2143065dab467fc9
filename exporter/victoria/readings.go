package victoria

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// readingText is the field of textSeries with readings that samples do not hold.
const readingText = "reading"

// readingFields are the fields of readingsSeries, in the order of readingValues. A reading
// has a sample of the first, and of those others that are not what is implied.
var readingFields = [...]string{"total", "last_month", "likes", "origin", "first_before", "first", "high", "high_month"}

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
func (x *readingValues) reading(r history.Repo, asOf history.AsOf) history.Reading {
	out := history.NewReading(r, asOf, history.Origin(x[3]), x[0], x[1], x[2])
	out.FirstAsOf, out.First, out.High, out.HighMonth = asOf-history.AsOf(x[4]), x[5], x[6], x[7]
	return out
}

// textReading is a reading that is written as a text, and the number that it was written
// under.
type textReading struct {
	n      seq
	values readingValues
}

// addReading takes the text of a reading.
func (x *storedRepo) addReading(d history.Day, n seq, text string) (err error) {
	r := textReading{n: n}
	parts := strings.Split(text, ",")
	if len(parts) != len(r.values) {
		return fmt.Errorf("expected a reading of %d numbers in the history, got %q", len(r.values), text)
	}
	for i, p := range parts {
		if r.values[i], err = strconv.ParseInt(p, 10, 64); err != nil {
			return err
		}
	}
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
		w.series(readingsSeries, l.with("field", name))
		for i := range readings {
			if v := values[i][f]; !isText(i) && (f == 0 || v != values[i].implied(f)) {
				w.Add(int64(readings[i].Day())*msPerDay+int64(numbers.ofReading(&readings[i])), v)
			}
		}
	}
	for i := range readings {
		if !isText(i) {
			continue
		}
		text := make([]string, len(values[i]))
		for f, v := range values[i] {
			text[f] = strconv.FormatInt(v, 10)
		}
		w.writeText(textSeries, l.with("field", readingText, "day", readings[i].Day().String()), numbers.ofReading(&readings[i]), strings.Join(text, ","))
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
	days  map[int]*[len(readingFields)]repoDays
	out   history.RepoReadings
}

func (v *snapshot) readingLines(p piece) (*readingLines, error) {
	out := &readingLines{repos: p.repos, days: make(map[int]*[len(readingFields)]repoDays)}
	start, end := int64(max(p.days.From, history.MinDay))*msPerDay, min((int64(p.days.To)+1)*msPerDay-1, endOfTime)
	if start > end {
		return out, nil
	}
	return out, v.s.engine.Export(v.ctx, v.selectors(readingsSeries, p.filter), start, end, func(l *vmapi.Line) error {
		r := repoOf(l)
		at, ok := p.repos.index[r]
		f := slices.Index(readingFields[:], l.Label("field"))
		if !ok || f < 0 {
			return nil
		}
		if out.days[at] == nil {
			out.days[at] = new([len(readingFields)]repoDays)
		}
		out.days[at][f].addLine(l, v.log(r.Org()), shown)
		return nil
	})
}

// of puts the readings of a repository together.
func (x *readingLines) of(v *snapshot, at int, run history.Days) *history.RepoReadings {
	r, texts := x.repos.meta[at].Repo, x.repos.stored[at].readings
	log := v.log(r.Org())
	x.out.Meta, x.out.Readings = history.NewRepoMeta(r), x.out.Readings[:0]
	if days := x.days[at]; days != nil {
		var next [len(readingFields)]int
		for i, d := range days[0].days {
			n := days[0].numbers[i]
			if texts[d].n > n {
				continue
			}
			var values readingValues
			for f := range days {
				of, k := &days[f], &next[f]
				for *k < len(of.days) && of.days[*k] < d {
					*k++
				}
				// What was written under an earlier number is of an earlier reading of the day.
				if values[f] = values.implied(f); *k < len(of.days) && of.days[*k] == d && of.numbers[*k] == n {
					values[f] = of.downloads[*k]
				}
			}
			x.out.Readings = append(x.out.Readings, values.reading(r, log.version(n).AsOf))
		}
	}
	for d, t := range texts {
		// One that a later sample replaced is not of the last answer of its day.
		if run.Contains(d) && !x.has(at, d, t.n) {
			x.out.Readings = append(x.out.Readings, t.values.reading(r, log.version(t.n).AsOf))
		}
	}
	if len(texts) > 0 {
		slices.SortFunc(x.out.Readings, func(a, b history.Reading) int { return int(a.Day()) - int(b.Day()) })
	}
	return &x.out
}

// has reports whether a day has a sample that was written after number n.
func (x *readingLines) has(at int, d history.Day, n seq) bool {
	if x.days[at] == nil {
		return false
	}
	total := &x.days[at][0]
	i, found := slices.BinarySearch(total.days, d)
	return found && total.numbers[i] > n
}

// contents reads all that is known of repositories: what answers have of them follows from
// it.
func (v *snapshot) contents(f history.Filter, repos *repoList) (*memtable.Table, error) {
	t, err := v.table(f, repos, allDays, stored, nil)
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
		run := allDays
		if q.Period.Kind != history.AllTime {
			run, _, _ = q.Period.Resolve(all.Recorded())
		}
		repos, err := v.repos(q.Filter)
		if err != nil {
			yield(history.Reading{}, err)
			return
		}
		for r, err := range v.readings(q.Filter, repos, run) {
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
