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
func (d Day) Append(b []byte) []byte { return d.Time().AppendFormat(b, time.DateOnly) }

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

// Contains reports whether d lies in the run.
func (r Days) Contains(d Day) bool { return r.From <= d && d <= r.To }
