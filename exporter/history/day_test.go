package history

import (
	"encoding/json"
	"testing"
	"time"
)

func TestParseDay(t *testing.T) {
	f := func(s string, want Day) {
		t.Helper()
		got, err := ParseDay(s)
		if err != nil || got != want {
			t.Fatalf("ParseDay(%q): expected %d, got %d, %v", s, want, got, err)
		}
		if got.String() != s {
			t.Errorf("day %d: expected %q, got %q", got, s, got)
		}
	}
	f("1970-01-01", MinDay)
	f("1970-01-02", 1)
	f("2000-02-29", 11016)
	f("2021-01-22", 18649)
	f("9999-12-31", MaxDay)
}

func TestParseDayRefuses(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		got, err := ParseDay(s)
		if err == nil || err.Error() != want || got != NoDay {
			t.Errorf("ParseDay(%q): expected the error %q, got %d, %v", s, want, got, err)
		}
	}
	f("", `expected a date like 2021-01-22, got ""`)
	f("yesterday", `expected a date like 2021-01-22, got "yesterday"`)
	f("2021-1-22", `expected a date like 2021-01-22, got "2021-1-22"`)
	f("2021-02-29", `expected a date like 2021-01-22, got "2021-02-29"`)
	f("2021-01-22T00:00:00Z", `expected a date like 2021-01-22, got "2021-01-22T00:00:00Z"`)
	f("10000-01-01", `expected a date like 2021-01-22, got "10000-01-01"`)
	f("1969-12-31", `expected a date from 1970-01-01 to 9999-12-31, got "1969-12-31"`)
}

func TestDayOf(t *testing.T) {
	f := func(s string, want Day) {
		t.Helper()
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		if got := DayOf(at); got != want {
			t.Errorf("DayOf(%s): expected %d, got %d", s, want, got)
		}
	}
	f("1970-01-01T00:00:00Z", 0)
	f("1970-01-01T23:59:59.999999999Z", 0)
	f("1969-12-31T23:59:59.999999999Z", -1)
	f("1969-12-31T00:00:00Z", -1)
	f("1969-12-30T23:59:59Z", -2)
	// The day is that of UTC, wherever the clock hangs.
	f("2021-01-22T23:30:00-02:00", 18650)
	f("2021-01-22T01:30:00+02:00", 18648)
}

func TestDayTime(t *testing.T) {
	want := time.Date(2021, 1, 22, 0, 0, 0, 0, time.UTC)
	if got := Day(18649).Time(); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("expected %s, got %s", want, got)
	}
	for _, d := range []Day{MinDay, 1, 18649, MaxDay} {
		if got := DayOf(d.Time()); got != d {
			t.Errorf("expected day %d, got %d", d, got)
		}
		if got := DayOf(d.Time().Add(24*time.Hour - 1)); got != d {
			t.Errorf("expected day %d at its end, got %d", d, got)
		}
	}
}

func TestDayAsJSON(t *testing.T) {
	f := func(d Days, want string) {
		t.Helper()
		b, err := json.Marshal(d)
		if err != nil || string(b) != want {
			t.Fatalf("expected %s, got %s, %v", want, b, err)
		}
		var back Days
		if err := json.Unmarshal(b, &back); err != nil || back != d {
			t.Errorf("%s: expected %v, got %v, %v", b, d, back, err)
		}
	}
	f(Days{From: 18649, To: 18651}, `{"from":"2021-01-22","to":"2021-01-24"}`)
	f(Days{From: MinDay, To: MaxDay}, `{"from":"1970-01-01","to":"9999-12-31"}`)
	f(Days{From: 18649, To: NoDay}, `{"from":"2021-01-22","to":""}`)

	var d Day
	if err := json.Unmarshal([]byte(`"22.1.2021"`), &d); err == nil {
		t.Errorf("expected an error, got day %d", d)
	}
}

func TestNoDay(t *testing.T) {
	if got := NoDay.String(); got != "none" {
		t.Errorf("expected none, got %q", got)
	}
}

func TestDays(t *testing.T) {
	f := func(r Days, length int, within, without []Day) {
		t.Helper()
		if got := r.Len(); got != length {
			t.Errorf("%v: expected a length of %d, got %d", r, length, got)
		}
		for _, d := range within {
			if !r.Contains(d) {
				t.Errorf("%v: expected day %d within", r, d)
			}
		}
		for _, d := range without {
			if r.Contains(d) {
				t.Errorf("%v: expected day %d outside", r, d)
			}
		}
	}
	f(Days{From: 5, To: 7}, 3, []Day{5, 6, 7}, []Day{4, 8, NoDay})
	f(Days{From: 5, To: 5}, 1, []Day{5}, []Day{4, 6})
	f(Days{From: 5, To: 4}, 0, nil, []Day{4, 5})
	f(Days{From: MinDay, To: MaxDay}, int(MaxDay)+1, []Day{MinDay, MaxDay}, []Day{-1, MaxDay + 1})
	f(NoDays, 0, nil, []Day{NoDay, NoDay + 1, 0})
}

// TestCalendar compares every day that a record can have with time.Time.
func TestCalendar(t *testing.T) {
	for d := MinDay; d <= MaxDay; d++ {
		wantYear, wantMonth, wantDay := d.Time().Date()
		year, month, day := d.Date()
		if year != wantYear || month != int(wantMonth) || day != wantDay {
			t.Fatalf("day %d: got %d, %d, %d", int32(d), year, month, day)
		}
		if day != 1 {
			continue
		}
		if got := d + Day(DaysIn(year, month)); got != DayOf(d.Time().AddDate(0, 1, 0)) {
			t.Fatalf("DaysIn(%d, %d) = %d", year, month, DaysIn(year, month))
		}
		if got, want := d.String(), d.Time().Format(time.DateOnly); got != want {
			t.Fatalf("day %d: got %s, want %s", int32(d), got, want)
		}
	}
}
