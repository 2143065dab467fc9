package memtable

import (
	"iter"
	"math/bits"
	"reflect"
	"sort"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// column is one repository: what is known of it, and its days. It is immutable.
type column struct {
	meta history.RepoMeta
	// lower is the full name in lower case, to search in.
	lower string
	// days are those that answers are of.
	days
	// stored are the days that are stored, nil if they are days; others follow from readings.
	// amongDays stands for those of days that have an age.
	stored *days
	read   *readings // nil if there is none
}

// noDays are those of repositories of which readings alone are stored, amongDays those of
// which none is hidden by one that follows from readings: these have no age.
var noDays, amongDays days

// storedDays returns the days that are stored.
func (c *column) storedDays() *days {
	switch c.stored {
	case nil:
		return &c.days
	case &amongDays:
		d := c.aged()
		return &d
	}
	return c.stored
}

// aged returns the days that have an age.
func (d *days) aged() days {
	var k packer
	var p plain
	for i := range d.windows {
		w := &d.windows[i]
		if w.source != 0 {
			if w.asOf != 0 {
				k.copy(d, i)
			}
			continue
		}
		w.expand(d.data, &p)
		for m := p.mask; m != 0; m &= m - 1 {
			if bit := bits.TrailingZeros64(m); p.at(bit).AsOf == 0 {
				p.mask &^= 1 << bit
			}
		}
		k.pack(w.no(), &p)
	}
	return k.finish()
}

// storedOnly returns c with the days that are stored.
func (c *column) storedOnly() *column {
	if c.stored == nil {
		return c
	}
	o := *c
	o.days, o.stored = *c.storedDays(), nil
	return &o
}

// days is the records of a repository: windows ascending by number, none of them
// empty, over their packed data.
type days struct {
	windows []window
	data    []byte
	records int64
	sum     wide
}

func newColumn(s history.RepoMeta, d days) *column {
	return &column{meta: s, lower: strings.ToLower(s.Repo.Name), days: d}
}

// moved reports whether the repository's history went over to another name.
func (c *column) moved() bool { return c.meta.Moved() }

// recorded returns the first and the last recorded day, NoDays without any.
func (d *days) recorded() history.Days {
	if len(d.windows) == 0 {
		return history.NoDays
	}
	return history.Days{From: d.windows[0].first(), To: d.windows[len(d.windows)-1].last()}
}

// from returns the index of the first window that holds day or a later one.
func (d *days) from(day history.Day) int {
	no, _ := windowOf(day)
	return sort.Search(len(d.windows), func(i int) bool { return d.windows[i].no() >= no })
}

// total sums the downloads over a run of days.
func (d *days) total(run history.Days) int64 {
	if run.Len() == 0 || len(d.windows) == 0 {
		return 0
	}
	var sum int64
	var buf [windowDays]int64
	for i := d.from(run.From); i < len(d.windows); i++ {
		w := &d.windows[i]
		if dayAt(w.no(), 0) > run.To {
			break
		}
		part := w.clip(run)
		if part == w.mask {
			sum = addCounts(sum, w.sum)
			continue
		}
		for _, v := range w.values(d.data, part, &buf) {
			sum = addCounts(sum, v)
		}
	}
	return sum
}

var (
	columnSize = int64(reflect.TypeFor[column]().Size())
	windowSize = int64(reflect.TypeFor[window]().Size())
	groupSize  = int64(reflect.TypeFor[group]().Size())

	packedSumsSize = int64(reflect.TypeFor[packedSums]().Size())

	readingsSize = int64(reflect.TypeFor[readings]().Size())
	resumeSize   = int64(reflect.TypeFor[resume]().Size())
)

// memory returns the bytes that the column holds on to.
func (c *column) memory() int64 {
	b := columnSize + int64(cap(c.windows))*windowSize + int64(cap(c.data)) +
		int64(len(c.meta.Repo.Name)+len(c.meta.HubID))
	if c.stored != nil && c.stored != &noDays {
		b += int64(cap(c.stored.windows))*windowSize + int64(cap(c.stored.data))
	}
	b += c.read.memory()
	if c.lower != c.meta.Repo.Name {
		b += int64(len(c.lower))
	}
	return b
}

// each returns the records of a run of days, ascending.
func (d *days) each(run history.Days) iter.Seq2[history.Day, int64] {
	return func(yield func(history.Day, int64) bool) {
		if run.Len() == 0 {
			return
		}
		var buf [windowDays]int64
		for i := d.from(run.From); i < len(d.windows); i++ {
			w := &d.windows[i]
			if dayAt(w.no(), 0) > run.To {
				return
			}
			part := w.clip(run)
			for _, v := range w.values(d.data, part, &buf) {
				if !yield(dayAt(w.no(), bits.TrailingZeros64(part)), v) {
					return
				}
				part &= part - 1
			}
		}
	}
}
