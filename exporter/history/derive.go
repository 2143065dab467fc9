//gosec:disable G115 -- days are within MinDay and MaxDay

package history

import (
	"math"
	"time"
)

// Counters are what is exposed of a repository. None of them ever falls.
type Counters struct {
	// Downloads is the first total known and each rise since that is believed to be
	// downloads. Unknown if no total was collected.
	Downloads int64
	// Removed is what the Hub took back, Backdated what it added for days in the distant past:
	// Downloads + Backdated - Removed is the Hub's total, unless a fall is being waited for.
	Removed, Backdated int64
	// RemovedAsOf is when the newest fall was confirmed, BackdatedAsOf when Backdated last
	// grew: 0 if that never was.
	RemovedAsOf, BackdatedAsOf AsOf
}

// The bounds of the rules.
const (
	// confirmAfter is how long a fall has to last.
	confirmAfter = AsOf(72 * time.Hour / time.Microsecond)
	// monthDays are the days of the Hub's 30-day number.
	monthDays = 30
	// maxGap is the longest gap between readings whose days are filled.
	maxGap = 400
	// noBound is the 30-day number of a total that none bounds.
	noBound = math.MaxInt64
)

// Derivation turns the readings of a repository, in the order of their days, into daily
// downloads and counters. It is a pure function of the readings. Days follow from listings
// and archives, since exports bring days of their own; counters follow from listings and
// exports, since archives are of what nobody scraped. The rules of both are:
//
//   - Days. The downloads between the first believed totals of two days are those of the
//     days from the first on: of a single day they are observed, of several they are
//     spread evenly and estimated. Published days among those keep their numbers, and the
//     others share the rest.
//   - 30-day number. A rise is believed to be downloads as far as the 30-day number of the
//     day allows, and the rest is backdated. A 30-day number that is 0 or missing beside a
//     rising total is a known fault of the Hub: the last one above 0 holds for up to 30 days.
//     Over more than 30 days the whole rise is believed, the last 30 days have the 30-day
//     number, and the days before share the rest. An export without a download in its last 30
//     days bounds nothing.
//   - Gaps of more than 400 days are not filled, and their rise is backdated.
//   - Falls. A total below the one believed last is provisional: the counters stand still. If
//     a total that is not below comes first, there was no fall. The fall is confirmed by a
//     total below after 72 hours, or by an export on a later day: it is removed, the days
//     before it stay absent, and later rises count from the lower total.
//   - Another repository under the same name, by the Hub's id: the total of the one before is
//     removed, that of the new one backdated, and the days between stay absent.
//   - Returns. A rise that takes back at least half of a confirmed fall at once is backdated,
//     up to the total before the fall.
//   - Within a day the largest 30-day number holds. What it does not allow waits until a
//     later day is read, since a later answer of the day may allow it.
//
// The counters after some readings do not depend on the readings that follow, so they never
// fall as readings arrive in their order. The zero value has read nothing. It may be copied
// to go on from the same state twice.
type Derivation struct {
	started  bool
	hubID    string
	total    int64 // the total believed last
	counters Counters
	excess   int64 // waits for a later day to be read, and is backdated then
	day      Day   // of the reading read last

	// from is the first day without a number, fromDownloads the counter at its first total.
	from          Day
	fromDownloads int64

	month   int64 // the last 30-day number above 0, of monthAt
	monthAt AsOf

	fallFrom, fallTo int64 // the fall confirmed last; equal if it was taken back
}

// StartAt sets the state to what a counter was at some time, in place of readings before it.
func (d *Derivation) StartAt(asOf AsOf, total int64, c Counters) {
	day := DayOf(asOf.Time())
	*d = Derivation{started: true, total: total, counters: c, day: day, from: day, fromDownloads: c.Downloads}
}

// Counters returns the counters after what was read.
func (d *Derivation) Counters() Counters {
	if !d.started {
		return Counters{Downloads: Unknown}
	}
	return d.counters
}

// Settled returns the first day that has no number yet, and the counter at its first total.
func (d *Derivation) Settled() (Day, int64) { return d.from, d.fromDownloads }

// addCounts adds two counts, and stays at the largest int64 if the sum is larger.
func addCounts(a, b int64) int64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxInt64
}

// point is a total at a moment.
type point struct {
	asOf    AsOf
	total   int64
	month   int64
	day     Day
	export  bool
	hubID   string // "" if it is not known, or that of the last total of the day
	reading int    // its place among the readings
}

// points appends the totals of the readings in their order: of each day the first, the
// largest and the last.
func points(to []point, readings []Reading) []point {
	for i := range readings {
		r := &readings[i]
		if r.Total == Unknown {
			continue
		}
		p := point{asOf: r.FirstAsOf, total: r.First, month: r.HighMonth, day: r.Day(), export: r.Origin&Export != 0, reading: i}
		if r.unbounded() {
			p.month = noBound
		}
		to = append(to, p)
		if r.High > max(r.First, r.Total) {
			p.total = r.High
			to = append(to, p)
		}
		if r.AsOf != r.FirstAsOf || r.Total != r.First {
			p.asOf, p.total = r.AsOf, r.Total
			to = append(to, p)
		}
		to[len(to)-1].hubID = r.HubID
	}
	return to
}

// Read takes the readings that follow those read before, whose last day may not be among
// them, and calls emit for each day that has a number now, ascending. published returns the
// published number of a day; nil stands for none. settled, if not nil, is called after each
// reading that no later one can change the meaning of, with the number of readings until
// then: d may be copied in it, to go on from there with the others.
func (d *Derivation) Read(readings []Reading, published func(Day) (int64, bool), emit func(Day, int64, Source), settled func(n int)) {
	var buf [3 * 64]point
	all := points(buf[:0], readings)
	for i := 0; i < len(all); {
		p := &all[i]
		if settled != nil && i > 0 && all[i-1].reading != p.reading {
			settled(p.reading)
		}
		if d.excess > 0 && p.day != d.day {
			d.counters.Backdated = addCounts(d.counters.Backdated, d.excess)
			d.counters.BackdatedAsOf = p.asOf
			d.excess = 0
		}
		switch {
		case !d.started:
			d.StartAt(p.asOf, p.total, Counters{Downloads: p.total})
		case d.isOther(p):
			d.replace(p, emit)
		case p.total < d.total:
			cameBack, confirmed := d.fall(all[i:])
			switch {
			case confirmed != 0:
				d.confirm(p, confirmed, emit)
			case cameBack == 0:
				return // provisional
			default:
				i += cameBack
				continue
			}
		default:
			d.rise(p, all[len(all)-1].day > p.day, published, emit)
		}
		if p.month > 0 && p.month != noBound {
			d.month, d.monthAt = p.month, p.asOf
		}
		if p.hubID != "" {
			d.hubID = p.hubID
		}
		d.day = p.day
		i++
	}
}

// fall looks at what follows a fall, which is the first total: it returns how many totals
// are below until one is not, or when the fall was confirmed, or 0 twice.
func (d *Derivation) fall(all []point) (cameBack int, confirmed AsOf) {
	start := &all[0]
	for i := 1; i < len(all); i++ {
		p := &all[i]
		if d.isOther(p) {
			return 0, p.asOf
		}
		if p.total >= d.total {
			return i, 0
		}
		// The first answer of a day confirms, since answers later that day do not change it.
		first := p.reading != all[i-1].reading
		if first && (p.asOf-start.asOf >= confirmAfter || p.export && p.day > start.day) {
			return 0, p.asOf
		}
	}
	return 0, 0
}

// isOther reports whether a total is of another repository than those before.
func (d *Derivation) isOther(p *point) bool {
	return p.hubID != "" && d.hubID != "" && p.hubID != d.hubID
}

// replace takes the first total of another repository.
func (d *Derivation) replace(p *point, emit func(Day, int64, Source)) {
	if d.total > 0 {
		d.counters.Removed = addCounts(d.counters.Removed, d.total)
		d.counters.RemovedAsOf = p.asOf
	}
	d.excess = addCounts(d.excess, p.total)
	d.total, d.month, d.fallFrom, d.fallTo = p.total, 0, 0, 0
	d.leaveOut(p.day, emit)
}

// confirm takes a fall for true.
func (d *Derivation) confirm(p *point, asOf AsOf, emit func(Day, int64, Source)) {
	d.counters.Removed = addCounts(d.counters.Removed, d.total-p.total)
	d.counters.RemovedAsOf = asOf
	d.fallFrom, d.fallTo = d.total, p.total
	d.total = p.total
	d.leaveOut(p.day, emit)
}

// leaveOut leaves the days until day absent, but for what is known of the first of them.
func (d *Derivation) leaveOut(day Day, emit func(Day, int64, Source)) {
	if n := d.counters.Downloads - d.fromDownloads; n > 0 && day > d.from {
		emit(d.from, n, Estimated)
		d.fromDownloads = d.counters.Downloads
	}
	d.from = day
}

// rise takes a total that is not below the one before. ended says that a later day was read.
func (d *Derivation) rise(p *point, ended bool, published func(Day) (int64, bool), emit func(Day, int64, Source)) {
	rise := p.total - d.total
	if fall := d.fallFrom - d.fallTo; fall > 0 && d.total < d.fallFrom && rise >= fall-rise {
		back := min(rise, d.fallFrom-d.total)
		rise -= back
		d.excess = addCounts(d.excess, back)
		d.fallFrom = d.fallTo
	}
	d.total = p.total
	days := int(p.day - d.from)
	if days > maxGap {
		d.excess = addCounts(d.excess, rise)
		d.leaveOut(p.day, emit)
		return
	}
	month := p.month
	if month <= 0 && rise > 0 && days <= monthDays {
		if !ended {
			d.excess = addCounts(d.excess, rise) // a later answer of the day may have the number
			return
		}
		if d.month > 0 && p.asOf-d.monthAt <= AsOf(monthDays*24*time.Hour/time.Microsecond) {
			month = d.month
		}
	}
	believed := rise
	if month != Unknown && days <= monthDays {
		believed = max(min(rise, month-(d.counters.Downloads-d.fromDownloads)), 0)
	}
	d.counters.Downloads = addCounts(d.counters.Downloads, believed)
	d.excess = addCounts(d.excess, rise-believed)
	if days == 0 {
		return
	}
	sum := d.counters.Downloads - d.fromDownloads
	switch {
	case days == 1 && believed == rise:
		emit(d.from, sum, Observed)
	case days <= monthDays || month == Unknown:
		share(d.from, days, sum, published, emit)
	default:
		last := min(month, sum)
		share(d.from, days-monthDays, sum-last, published, emit)
		share(p.day-monthDays, monthDays, last, published, emit)
	}
	d.from, d.fromDownloads = p.day, d.counters.Downloads
}

// share spreads sum over days from the first on. Days that are published have their part of
// it already.
func share(first Day, days int, sum int64, published func(Day) (int64, bool), emit func(Day, int64, Source)) {
	open := int64(days)
	if published != nil && days > 1 {
		for i := range Day(days) {
			if n, ok := published(first + i); ok {
				sum -= n
				open--
			}
		}
		sum = max(sum, 0)
	}
	if open == 0 {
		return
	}
	each, rest, k := sum/open, sum%open, int64(0)
	for i := range Day(days) {
		if published != nil && days > 1 {
			if _, ok := published(first + i); ok {
				continue
			}
		}
		// The rest in steps, as a line is drawn on a grid.
		emit(first+i, each+rest*(k+1)/open-rest*k/open, Estimated)
		k++
	}
}
