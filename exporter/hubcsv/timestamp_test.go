package hubcsv

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

func TestMonthText(t *testing.T) {
	for d := history.MinDay; d <= history.MaxDay; d += 28 {
		year, month, _ := d.Date()
		text := binary.LittleEndian.AppendUint64(nil, monthText(year, month))
		if want := fmt.Sprintf("%04d-%02d-", year, month); string(text) != want {
			t.Fatalf("monthText(%d, %d) = %q, want %q", year, month, text, want)
		}
		if y, m, ok := parseMonth(monthText(year, month)); y != year || m != month || !ok {
			t.Fatalf("parseMonth(%q) = %d, %d, %v", text, y, m, ok)
		}
	}
}
