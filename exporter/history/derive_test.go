package history

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// answer is what the Hub said at a time of a day, counted from 2026-03-01.
type answer struct {
	day, hour    int
	total, month int64
	origin       Origin
}

var firstDay = DayOf(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))

func (a answer) reading() Reading {
	at := time.Date(2026, 3, 1+a.day, a.hour, 0, 0, 0, time.UTC)
	return NewReading(Repo{Model, "acme/a"}, AsOfTime(at), max(a.origin, Listing), a.total, a.month, Unknown)
}

// kept returns what is kept of answers: one reading a day, in order.
func kept(answers []answer) []Reading {
	byDay := make(map[Day]Reading)
	for _, a := range answers {
		r := a.reading()
		if was, ok := byDay[r.Day()]; ok {
			r = was.Merge(r)
		}
		byDay[r.Day()] = r
	}
	var out []Reading
	for _, r := range byDay {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Reading) int { return int(a.Day() - b.Day()) })
	return out
}

// derive returns the days as text, counted from the first, and the counters.
func derive(answers []answer, published map[int]int64) (days string, c Counters) {
	var d Derivation
	var out []string
	lookUp := func(day Day) (int64, bool) { n, ok := published[int(day-firstDay)]; return n, ok }
	d.Read(kept(answers), lookUp, func(day Day, n int64, s Source) {
		out = append(out, fmt.Sprintf("%d:%d%s", day-firstDay, n, map[Source]string{Estimated: "~"}[s]))
	}, nil)
	return strings.Join(out, " "), d.Counters()
}

// What the Hub may say, and what follows. An estimated day has a tilde.
func TestDerivation(t *testing.T) {
	f := func(name string, answers []answer, wantDays string, downloads, removed, backdated int64) {
		t.Helper()
		days, c := derive(answers, nil)
		if days != wantDays {
			t.Errorf("%s: got the days %s\nwant %s", name, days, wantDays)
		}
		if c.Downloads != downloads || c.Removed != removed || c.Backdated != backdated {
			t.Errorf("%s: got %d downloads, %d removed, %d backdated, want %d, %d, %d",
				name, c.Downloads, c.Removed, c.Backdated, downloads, removed, backdated)
		}
	}
	const unknown = Unknown
	daily := func(from, to int, total, each, month int64) (out []answer) {
		for i := from; i <= to; i++ {
			out = append(out, answer{i, 6, total + int64(i-from)*each, month, 0})
		}
		return out
	}

	f("nothing", nil, "", unknown, 0, 0)
	f("one total", daily(0, 0, 100, 0, unknown), "", 100, 0, 0)
	f("no total", []answer{{0, 6, unknown, 5, 0}, {1, 6, unknown, 6, 0}}, "", unknown, 0, 0)
	f("growth", daily(0, 3, 100, 10, 300), "0:10 1:10 2:10", 130, 0, 0)
	f("an idle day", daily(0, 2, 100, 0, 0), "0:0 1:0", 100, 0, 0)
	f("several answers a day", []answer{{0, 6, 100, 50, 0}, {0, 18, 104, 50, 0}, {1, 6, 110, 50, 0}, {1, 18, 113, 50, 0}}, "0:10", 113, 0, 0)
	f("a gap", []answer{{0, 6, 100, 90, 0}, {3, 6, 110, 90, 0}, {4, 6, 115, 90, 0}}, "0:3~ 1:3~ 2:4~ 3:5", 115, 0, 0)

	f("totals of 0 for an hour",
		[]answer{{0, 6, 1_000_000, 300_000, 0}, {1, 6, 1_010_000, 300_000, 0}, {1, 7, 0, 0, 0}, {1, 8, 1_010_500, 300_000, 0}, {2, 6, 1_020_000, 300_000, 0}},
		"0:10000 1:10000", 1_020_000, 0, 0)
	f("totals of 0 in the last answer",
		[]answer{{0, 6, 1_000_000, 300_000, 0}, {1, 6, 1_010_000, 300_000, 0}, {1, 7, 0, 0, 0}},
		"0:10000", 1_010_000, 0, 0)
	f("totals of 0 on the first answer of a day",
		[]answer{{0, 6, 1_000_000, 300_000, 0}, {1, 6, 0, 0, 0}, {1, 8, 1_010_000, 300_000, 0}, {2, 6, 1_020_000, 300_000, 0}},
		"0:10000 1:10000", 1_020_000, 0, 0)
	f("totals of 0 for two days",
		[]answer{{0, 6, 1_000_000, 300_000, 0}, {1, 6, 0, 0, 0}, {2, 6, 0, 0, 0}, {3, 6, 1_030_000, 300_000, 0}},
		"0:10000~ 1:10000~ 2:10000~", 1_030_000, 0, 0)
	f("totals of 0 for a week, then right again",
		slices.Concat(daily(0, 0, 1_000_000, 0, 300_000), daily(1, 7, 0, 0, 0), []answer{{8, 6, 1_080_000, 300_000, 0}, {9, 6, 1_090_000, 300_000, 0}}),
		"1:0 2:0 3:0 4:0 5:0 6:0 7:80000 8:10000", 1_090_000, 1_000_000, 1_000_000)

	f("a correction, provisional", slices.Concat(daily(0, 0, 1_001_000, 0, 30_000), daily(1, 3, 501_000, 1000, 30_000)),
		"", 1_001_000, 0, 0)
	f("a correction, confirmed", slices.Concat(daily(0, 0, 1_001_000, 0, 30_000), daily(1, 4, 501_000, 1000, 30_000)),
		"1:1000 2:1000 3:1000", 1_004_000, 500_000, 0)
	f("growth after a correction", slices.Concat(daily(0, 0, 1_001_000, 0, 30_000), daily(1, 8, 501_000, 1000, 30_000)),
		"1:1000 2:1000 3:1000 4:1000 5:1000 6:1000 7:1000", 1_008_000, 500_000, 0)
	f("growth to what was taken back", slices.Concat(daily(0, 0, 1000, 0, 1000), daily(1, 11, 500, 100, 1000)),
		"1:100 2:100 3:100 4:100 5:100 6:100 7:100 8:100 9:100 10:100", 2000, 500, 0)
	f("a correction that an export confirms", []answer{{0, 6, 1000, 300, 0}, {1, 6, 900, 300, 0}, {2, 6, 910, 300, Export}},
		"1:10", 1010, 100, 0)
	f("a correction within an export, seen once", []answer{{0, 6, 1000, 300, Export}, {1, 6, 900, 300, Export}}, "", 1000, 0, 0)
	f("two falls", []answer{{0, 6, 1000, 300, 0}, {1, 6, 900, 300, 0}, {2, 6, 800, 300, 0}, {4, 6, 801, 300, 0}, {5, 6, 802, 300, 0}},
		"2:0~ 3:1~ 4:1", 1002, 200, 0)
	f("a fall over a gap", []answer{{0, 6, 1000, 300, 0}, {9, 6, 900, 300, 0}, {10, 6, 905, 300, 0}, {12, 6, 915, 300, 0}},
		"9:5 10:5~ 11:5~", 1015, 100, 0)

	f("more than the 30-day number", []answer{{0, 6, 0, 0, 0}, {1, 6, 0, 0, 0}, {2, 6, 500_000, 40_000, 0}}, "0:0 1:40000~", 40_000, 0, 0)
	f("more than the 30-day number, settled", []answer{{0, 6, 0, 0, 0}, {1, 6, 0, 0, 0}, {2, 6, 500_000, 40_000, 0}, {3, 6, 501_000, 41_000, 0}},
		"0:0 1:40000~ 2:1000", 41_000, 0, 460_000)
	f("counts that come late and all at once", slices.Concat(daily(0, 2, 1000, 0, 300), []answer{{3, 6, 1400, 400, 0}, {4, 6, 1410, 400, 0}}),
		"0:0 1:0 2:400 3:10", 1410, 0, 0)
	f("a 30-day number that comes later that day", []answer{{0, 6, 100, 10, 0}, {1, 6, 150, 10, 0}, {1, 12, 150, 60, 0}, {2, 6, 160, 60, 0}},
		"0:50 1:10", 160, 0, 0)
	f("a 30-day number of 0 by a fault", slices.Concat(daily(0, 1, 100, 10, 300), daily(2, 4, 120, 10, 0)), "0:10 1:10 2:10", 130, 0, 0)
	f("a counting rule applied to the past", slices.Concat(daily(0, 1, 1000, 10, 300), daily(2, 3, 9020, 10, 310)), "0:10 1:310~ 2:10", 1330, 0, 7700)

	f("a gap of 40 days", []answer{{0, 6, 1000, 30, 0}, {40, 6, 1090, 60, 0}},
		strings.Join(slices.Concat(estimated(0, 10, 3), estimated(10, 30, 2)), " "), 1090, 0, 0)
	f("a gap of 400 days", []answer{{0, 6, 0, unknown, 0}, {400, 6, 800, unknown, 0}}, strings.Join(estimated(0, 400, 2), " "), 800, 0, 0)
	f("a gap of 401 days", []answer{{0, 6, 0, 0, 0}, {401, 6, 800, 60, 0}, {402, 6, 802, 60, 0}}, "401:2", 2, 0, 800)
}

// The counters say when they last moved.
func TestWhenCountersMoved(t *testing.T) {
	_, c := derive([]answer{{0, 6, 1000, 30, 0}, {1, 6, 900, 30, 0}, {4, 6, 900, 30, 0}, {5, 6, 5000, 40, 0}, {5, 7, 5000, 40, 0}, {6, 8, 5001, 40, 0}, {7, 6, 5002, 40, 0}}, nil)
	at := func(day, hour int) AsOf { return answer{day: day, hour: hour}.reading().AsOf }
	if c.RemovedAsOf != at(4, 6) || c.BackdatedAsOf != at(6, 8) || c.Removed != 100 || c.Backdated == 0 {
		t.Errorf("got %+v, want 100 removed at %d, and some backdated at %d", c, at(4, 6), at(6, 8))
	}
}

func estimated(from, days int, each int64) (out []string) {
	for i := range days {
		out = append(out, fmt.Sprintf("%d:%d~", from+i, each))
	}
	return out
}

// Published days in a gap keep their numbers, and the others share the rest.
func TestDerivationPublished(t *testing.T) {
	f := func(published map[int]int64, want string) {
		t.Helper()
		days, c := derive([]answer{{0, 6, 100, 90, 0}, {4, 6, 140, 90, 0}}, published)
		if days != want || c.Downloads != 140 {
			t.Errorf("got %s and %d downloads, want %s", days, c.Downloads, want)
		}
	}
	f(nil, "0:10~ 1:10~ 2:10~ 3:10~")
	f(map[int]int64{0: 1, 2: 9}, "1:15~ 3:15~")
	f(map[int]int64{0: 1, 2: 90}, "1:0~ 3:0~")
	f(map[int]int64{0: 1, 1: 1, 2: 1, 3: 1}, "")
}

// history makes up what the Hub says over some time, with its faults.
func randomAnswers(rng *rand.Rand) []answer {
	var out []answer
	truth, recent := rng.Int64N(5000), []int64{}
	shown := func() int64 {
		var sum int64
		for _, n := range recent[max(len(recent)-30, 0):] {
			sum += n
		}
		return sum
	}
	dip := 0
	for day := 0; day < 400 && len(out) < 60; day++ {
		n := rng.Int64N(200)
		truth += n
		recent = append(recent, n)
		switch rng.IntN(24) {
		case 0: // a correction
			truth -= rng.Int64N(truth/2 + 1)
		case 1: // a rule applied to the past
			truth += rng.Int64N(50_000)
		case 2:
			dip = 1 + rng.IntN(6)
		case 3: // the exporter is away
			skip := rng.IntN(50)
			if rng.IntN(30) == 0 {
				skip = 420
			}
			for range skip {
				day++
				n := rng.Int64N(200)
				truth += n
				recent = append(recent, n)
			}
		}
		for hour := rng.IntN(8); hour < 24; hour += 1 + rng.IntN(20) {
			a := answer{day, hour, truth, shown(), Listing}
			switch {
			case dip > 0 && rng.IntN(2) == 0:
				a.total, a.month = rng.Int64N(a.total+1), 0
				dip--
			case rng.IntN(20) == 0:
				a.month = 0
			case rng.IntN(20) == 0:
				a.month = Unknown
			case rng.IntN(20) == 0:
				a.origin = Export
			}
			out = append(out, a)
		}
	}
	return out
}

func TestDerivationProperties(t *testing.T) {
	histories := 10_000
	if testing.Short() {
		histories = 1000
	}
	for seed := range uint64(histories) {
		rng := rand.New(rand.NewPCG(seed, 0))
		answers := randomAnswers(rng)
		var was Counters
		for n := 1; n <= len(answers); n++ {
			if n < len(answers) && rng.IntN(4) > 0 {
				continue // each prefix of some histories, some of each
			}
			now := checkDerivation(t, seed, kept(answers[:n]))
			if n > 1 && (now.Downloads < was.Downloads || now.Removed < was.Removed || now.Backdated < was.Backdated) {
				t.Fatalf("history %d: a counter fell from %+v to %+v with answer %d, %+v", seed, was, now, n, answers[n-1])
			}
			was = now
		}
		shuffled := slices.Clone(answers)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if !slices.Equal(kept(shuffled), kept(answers)) {
			t.Fatalf("history %d: what is kept depends on the order of arrival", seed)
		}
	}
}

// allowed returns the largest 30-day number of the readings that a day may be settled by,
// without a bound if one of them is not known.
func allowed(readings []Reading, day Day) int64 {
	month := int64(0)
	for _, r := range readings {
		if r.Day() >= day-31 && r.Day() <= day+60 {
			if r.LastMonth == Unknown {
				return math.MaxInt64
			}
			month = max(month, r.HighMonth)
		}
	}
	return month
}

// checkDerivation reads readings at once and in parts, and checks what must hold.
func checkDerivation(t *testing.T, seed uint64, readings []Reading) Counters {
	t.Helper()
	var d, at Derivation
	var rest int
	first := Unknown
	days := make(map[Day]int64)
	last := Day(-1)
	observed := make(map[Day]bool)
	emit := func(day Day, n int64, s Source) {
		observed[day] = s == Observed
		if day <= last || n < 0 {
			t.Fatalf("history %d: day %d with %d downloads after day %d", seed, day, n, last)
		}
		days[day], last = n, day
	}
	d.Read(readings, nil, emit, func(n int) { at, rest = d, n })
	for _, r := range readings {
		if r.Total != Unknown {
			first = r.First
			break
		}
	}
	until, counter := d.Settled()
	var sum int64
	for day, n := range days {
		if sum += n; day >= until {
			t.Fatalf("history %d: day %d has a number, but is not settled before %d", seed, day, until)
		}
	}
	if first+sum != counter {
		t.Fatalf("history %d: expected the first total %d and the days %d to be the counter %d", seed, first, sum, counter)
	}
	c := d.Counters()
	if c.Downloads+c.Backdated+d.excess-c.Removed != d.total {
		t.Fatalf("history %d: expected the identity to hold, got %+v and a total of %d", seed, c, d.total)
	}
	for day, n := range days {
		if most := allowed(readings, day); n > most && observed[day] {
			t.Fatalf("history %d: day %d has %d downloads, and the 30-day number is at most %d", seed, day, n, most)
		}
	}
	if rest > 0 {
		var tail int64
		at.Read(readings[rest:], nil, func(day Day, n int64, _ Source) {
			if tail += n; days[day] != n {
				t.Fatalf("history %d: day %d is %d from the start, and %d read on from reading %d", seed, day, days[day], n, rest)
			}
		}, nil)
		if at != d {
			t.Fatalf("history %d: got %+v read on from reading %d, want %+v", seed, at, rest, d)
		}
	}
	return c
}
