package export

import "github.com/huggingface-exporter/huggingface_exporter/exporter/history"

// appendDay appends the day as "2021-01-22". It is Day.Append for the days that
// a record can have, without the way through time.Time, which takes several
// times as long.
func appendDay(b []byte, d history.Day) []byte {
	if d < history.MinDay || d > history.MaxDay {
		return d.Append(b)
	}
	// The year is taken to begin in March, so that a leap day is its last day.
	z := uint32(d) + 719468 // days since 0000-03-01
	era := z / 146097       // of 400 years
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day := doy - (153*mp+2)/5 + 1
	month := mp + 3
	year := era*400 + yoe
	if month > 12 {
		month -= 12
		year++
	}
	return append(b,
		byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-',
		byte('0'+month/10), byte('0'+month%10), '-',
		byte('0'+day/10), byte('0'+day%10))
}
