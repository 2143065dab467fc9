package victoria

import (
	"context"
	"iter"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// readingFields are the fields of readingsSeries, in the order of readingValues. A reading has a
// sample of the first, and of those others that are not what is implied. The Hub's id of the
// repository is a label of likesField.
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

// implied returns what number i is if it is not written, by those before it: a reading that has
// likes is mostly a listing, another an export, and either the only one of its day.
func (x *readingValues) implied(i int) int64 {
	origin := history.Listing
	if x[likesField] == history.Unknown {
		origin = history.Export
	}
	return [...]int64{0, history.Unknown, history.Unknown, int64(origin), 0, x[0], x[0], x[1]}[i]
}

// reading is the inverse of valuesOf.
func (x *readingValues) reading(r history.Repo, asOf history.AsOf, hubID string) history.Reading {
	out := history.NewReading(r, asOf, history.Origin(x[3]), x[0], x[1], x[2])
	out.HubID = hubID
	out.FirstAsOf, out.First, out.High, out.HighMonth = asOf-history.AsOf(x[4]), x[5], x[6], x[7]
	return out
}

// writeReadings writes readings under the numbers of their times.
func (w *writer) writeReadings(l labels, readings []history.Reading, numbers *orgNumbers) {
	var samples []daySample
	for f, name := range readingFields {
		hubID := ""
		write := func() {
			w.days(readingsSeries, l.with("field", name, "hub_id", hubID), samples)
			samples = samples[:0]
		}
		for i := range readings {
			r, values := &readings[i], valuesOf(&readings[i])
			if f == likesField && r.HubID != hubID {
				write()
				hubID = r.HubID
			}
			if f == 0 || hubID != "" || values[f] != values.implied(f) {
				samples = append(samples, daySample{r.Day(), numbers.ofReading(r), values[f]})
			}
		}
		write()
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
			for at := range lines.repos.meta {
				if r := lines.of(v, at); len(r.Readings) > 0 && !yield(r, nil) {
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

// days returns where the days of a series go.
func (x *readingLines) days(at int, field, hubID string) *repoDays {
	line := x.lines[at]
	if line == nil {
		line = &readingLine{likes: make(map[string]*repoDays)}
		x.lines[at] = line
	}
	switch f := slices.Index(readingFields[:], field); {
	case f < 0:
		return new(repoDays)
	case f != likesField:
		return &line.numbers[f]
	case line.likes[hubID] == nil:
		line.likes[hubID] = new(repoDays)
	}
	return line.likes[hubID]
}

func (v *snapshot) readingLines(p piece) (*readingLines, error) {
	out := &readingLines{repos: p.repos, lines: make(map[int]*readingLine)}
	if start, end := millis(p.days); start <= end {
		err := v.s.engine.Export(v.ctx, v.selectors(readingsSeries, p.filter), start, end, func(l *vmapi.Line) error {
			if at, ok := p.repos.index[repoOf(l)]; ok {
				out.days(at, l.Label("field"), l.Label("hub_id")).addLine(l, v.log(p.repos.meta[at].Repo.Org()), shown)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for at, m := range p.repos.stored {
		for s, texts := range m.days {
			if s.name == readingsSeries {
				out.days(at, s.field, s.hubID).addTexts(texts[shown], p.days)
			}
		}
	}
	return out, nil
}

// of puts the readings of a repository together, once.
func (x *readingLines) of(v *snapshot, at int) *history.RepoReadings {
	r := x.repos.meta[at].Repo
	x.out.Meta, x.out.Readings = history.NewRepoMeta(r), x.out.Readings[:0]
	line := x.lines[at]
	if line == nil {
		return &x.out
	}
	log, totals := v.log(r.Org()), &line.numbers[0]
	for i, d := range totals.days {
		if totals.downloads[i] == readingGone {
			continue
		}
		n, values, hubID := totals.numbers[i], readingValues{totals.downloads[i]}, ""
		for f := 1; f < len(values); f++ {
			v, ok := line.numbers[f].take(d, n)
			if !ok {
				v = values.implied(f)
			}
			values[f] = v
			if f != likesField {
				continue
			}
			for id, likes := range line.likes {
				if v, ok := likes.take(d, n); ok {
					values[f], hubID = v, id
				}
			}
		}
		x.out.Readings = append(x.out.Readings, values.reading(r, log.version(n).AsOf, hubID))
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
