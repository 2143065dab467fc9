package synthetic

import (
	"math/rand/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// Numbers are kept in fixed point: how many bits lie after the point.
const (
	levelBits = 16
	weekBits  = 7
	burstBits = 4
	noiseBits = 8
	allBits   = levelBits + weekBits + burstBits + noiseBits
)

const (
	// startLevel and maxLevel bound the mean downloads a day of a repository:
	// what it starts with, and what it grows to. maxLevel, times the largest
	// factors of a day, still fits 63 bits.
	startLevel uint64 = 200_000 << levelBits
	maxLevel   uint64 = 1_000_000 << levelBits
	// quietLevel and busyLevel part the repositories whose downloads come in
	// twos and threes from those with a steady crowd.
	quietLevel uint64 = 8 << levelBits
	busyLevel  uint64 = 50 << levelBits

	maxBurst = 20 << burstBits
	// launch is the factor of a repository's first day.
	launch = 4 << burstBits

	// rare is how many of 8192 days bring a gap, a burst or an outage.
	rare   = 20
	maxGap = 14
)

// weekly holds factors for Monday to Sunday: of what people do at work, of what
// they do at any time, and of what machines do.
var weekly = [3][7]uint64{
	{142, 150, 152, 148, 136, 82, 76},
	{126, 130, 131, 129, 126, 120, 134},
	{128, 128, 129, 128, 128, 127, 128},
}

// series is the downloads of one repository, day after day. It is small, so
// that the days of many repositories can be made side by side.
type series struct {
	rng         rand.PCG
	level       uint64 // mean downloads a day
	burst       uint32 // factor, 1 on ordinary days
	gap, outage int32  // days without a record, with zeros, still to come
	first, last history.Day
	growth      int16 // of level, a week, in 1/4096
	week        uint8
}

// newSeries returns series number i of an export over the days first..last.
func newSeries(seed uint64, i int, first, last history.Day) series {
	s := series{first: first, last: last, burst: 1 << burstBits}
	// Neighboring states of a PCG are far apart once the index is spread out.
	s.rng.Seed(seed, uint64(i+1)*0x9e3779b97f4a7c15)
	rng := rand.New(&s.rng)
	// Zipf's law: one repository of ten has ten downloads a day or more, one of
	// a hundred has a hundred.
	s.level = min(1<<(levelBits+32)/(uint64(rng.Uint32())+1), startLevel)
	s.growth = int16(rng.IntN(92) - 26)
	s.week = uint8(rng.IntN(len(weekly)))
	// The first one is there from the start, so that the span is all it should be.
	if i > 0 && rng.IntN(5) == 0 {
		s.first += history.Day(rng.IntN(int(last-first) + 1))
		s.burst = launch
	}
	return s
}

// next returns the downloads of day, or false if there is no record of it. It
// is called with each day from first to last in turn.
func (s *series) next(day history.Day) (int64, bool) {
	weekday := int(day+3) % 7 // day 0 was a Thursday
	if weekday == 0 {
		s.level += uint64(int64(s.level) * int64(s.growth) >> 12)
		s.level = min(s.level, maxLevel)
	}
	if s.burst > 1<<burstBits {
		s.burst -= (s.burst - 1<<burstBits + 7) / 8
	}
	r := s.rng.Uint64()
	if r>>51 < rare {
		s.surprise(day)
	}
	if s.gap > 0 {
		s.gap--
		return 0, false
	}
	if s.outage > 0 {
		s.outage--
		return 0, true
	}
	// The noise is 1 in the mean: wide where few people come, narrow where many do.
	a, b := r&0xff, r>>8&0xff
	var noise uint64
	switch {
	case s.level < quietLevel:
		noise = 3*a*a>>noiseBits + 1
	case s.level < busyLevel:
		noise = a + b + 1
	default:
		noise = 192 + (a+b+1)/4
	}
	// Rounding up or down at random keeps the mean of small numbers.
	round := r >> 16 & (1<<allBits - 1)
	return int64((s.level*weekly[s.week][weekday]*uint64(s.burst)*noise + round) >> allBits), true
}

// surprise starts what happens now and then.
func (s *series) surprise(day history.Day) {
	r := s.rng.Uint64()
	n := int32(r >> 32 & 0xffff)
	switch r % 4 {
	case 0, 1:
		// The first and the last day always have a record.
		if day > s.first {
			s.gap = min(1+n%maxGap, int32(s.last-day))
		}
	case 2:
		s.burst = max(s.burst, 2<<burstBits+uint32(n)%(maxBurst-2<<burstBits))
	case 3:
		s.outage = 1 + n%2
	}
}

// total returns what the Hub would report of a series that has not started yet: the
// sum of its records and a little more.
func (s series) total() int64 {
	sum := int64(0)
	for day := s.first; day <= s.last; day++ {
		n, _ := s.next(day)
		sum += n
	}
	return sum + sum>>6 + int64(s.rng.Uint64()%64)
}
