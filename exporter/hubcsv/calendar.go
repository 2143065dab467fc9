package hubcsv

import "github.com/huggingface-exporter/huggingface_exporter/exporter/history"

// The Gregorian calendar, for the days that a record can have. Years that begin
// in March have their leap day last; counted like that, from March of the year
// 0, the months before month m of a year (March is 0) have (153*m+2)/5 days.

// day0 is the number of days from 0000-03-01 to 1970-01-01.
const day0 = 719468

// firstOf returns the first day of a month.
func firstOf(year, month int) history.Day {
	m := month - 3
	if m < 0 {
		m += 12
		year--
	}
	return history.Day(year*365 + year/4 - year/100 + year/400 + (153*m+2)/5 - day0)
}

// civil returns the year, the month (1 to 12) and the day of the month of d.
func civil(d history.Day) (year, month, day int) {
	n := uint32(d) + day0
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

// daysIn returns the number of days of a month.
func daysIn(year, month int) int {
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
