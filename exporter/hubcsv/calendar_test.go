package hubcsv

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestCalendar(t *testing.T) {
	for d := history.MinDay; d <= history.MaxDay; d++ {
		wantYear, wantMonth, wantDay := d.Time().Date()
		year, month, day := civil(d)
		if year != wantYear || month != int(wantMonth) || day != wantDay {
			t.Fatalf("civil(%s) = %d, %d, %d", d, year, month, day)
		}
		if got := firstOf(year, month) + history.Day(day-1); got != d {
			t.Fatalf("firstOf(%d, %d) is %d days off", year, month, got-d)
		}
		if day != 1 {
			continue
		}
		if got := d + history.Day(daysIn(year, month)); got != history.DayOf(d.Time().AddDate(0, 1, 0)) {
			t.Fatalf("daysIn(%d, %d) = %d", year, month, daysIn(year, month))
		}
		text := binary.LittleEndian.AppendUint64(nil, monthText(year, month))
		if want := fmt.Sprintf("%04d-%02d-", year, month); string(text) != want {
			t.Fatalf("monthText(%d, %d) = %q, want %q", year, month, text, want)
		}
		if y, m, ok := parseMonth(monthText(year, month)); y != year || m != month || !ok {
			t.Fatalf("parseMonth(%q) = %d, %d, %v", text, y, m, ok)
		}
	}
}
