//gosec:disable G115 -- days are within MinDay and MaxDay

package history

import (
	"fmt"
	"math"
	"time"
)

// Day is a UTC day, counted from 1970-01-01 (day 0).
type Day int32

const (
	// NoDay stands for an absent day: the last day of an empty history, or an
	// open end of a period.
	NoDay Day = math.MinInt32
	// MinDay and MaxDay bound the days a record can have: 1970-01-01 and 9999-12-31.
	MinDay Day = 0
	MaxDay Day = 2932896
)

const secondsPerDay = 86400

// DayOf returns the UTC day in which t lies.
func DayOf(t time.Time) Day {
	s := t.Unix()
	d := s / secondsPerDay
	if s%secondsPerDay < 0 {
		d--
	}
	return Day(d)
}

// ParseDay reads "2021-01-22". The error quotes s.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return NoDay, fmt.Errorf("expected a date like 2021-01-22, got %q", s)
	}
	d := DayOf(t)
	if d < MinDay || d > MaxDay {
		return NoDay, fmt.Errorf("expected a date from %s to %s, got %q", MinDay, MaxDay, s)
	}
	return d, nil
}

// Time returns the first instant of the day, in UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// String returns the day as "2021-01-22", or "none" for NoDay.
func (d Day) String() string {
	if d == NoDay {
		return "none"
	}
	return string(d.Append(nil))
}

// Append appends the day as "2021-01-22" to b.
func (d Day) Append(b []byte) []byte {
	if d < MinDay || d > MaxDay {
		return d.Time().AppendFormat(b, time.DateOnly)
	}
	year, month, day := d.Date()
	return append(b,
		byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-',
		byte('0'+month/10), byte('0'+month%10), '-',
		byte('0'+day/10), byte('0'+day%10))
}

// Date returns the year, the month (1 to 12) and the day of the month of a day that a
// record can have, in a fraction of the time that time.Time takes.
func (d Day) Date() (year, month, day int) {
	// Years that begin in March have their leap day last; counted like that, from
	// March of the year 0, the months before month m of a year have (153*m+2)/5 days.
	n := uint32(d) + 719468 // days since 0000-03-01
	century := (4*n + 3) / 146097
	n -= 146097 * century / 4
	y := (4*n + 3) / 1461
	n -= 1461 * y / 4
	m := (5*n + 2) / 153
	day = int(n-(153*m+2)/5) + 1
	year, month = int(100*century+y), int(m)+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}

// DaysIn returns the number of days of a month.
func DaysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// MarshalText writes the day as "2021-01-22", NoDay as the empty string.
func (d Day) MarshalText() ([]byte, error) {
	if d == NoDay {
		return []byte{}, nil
	}
	return d.Append(nil), nil
}

// UnmarshalText reads what MarshalText writes.
func (d *Day) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = NoDay
		return nil
	}
	v, err := ParseDay(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// Days is a run of days, both ends within it. It is empty if To < From.
type Days struct {
	From Day `json:"from"`
	To   Day `json:"to"`
}

// NoDays is an empty run.
var NoDays = Days{From: NoDay + 1, To: NoDay}

// Len returns the number of days in the run.
func (r Days) Len() int {
	if r.To < r.From {
		return 0
	}
	return int(r.To) - int(r.From) + 1
}

// Span returns the run that covers both; an empty run covers nothing.
func (r Days) Span(o Days) Days {
	switch {
	case r.Len() == 0:
		return o
	case o.Len() == 0:
		return r
	}
	return Days{From: min(r.From, o.From), To: max(r.To, o.To)}
}

// Contains reports whether d lies in the run.
func (r Days) Contains(d Day) bool { return r.From <= d && d <= r.To }

// NilIfEmpty returns a pointer to r, or nil if r is empty.
func (r Days) NilIfEmpty() *Days {
	if r.Len() == 0 {
		return nil
	}
	return &r
}
