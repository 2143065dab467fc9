package textenc

import "testing"

func TestParseCount(t *testing.T) {
	f := func(text string, want int64, wantFault CountFault) {
		t.Helper()
		got, fault := ParseCount([]byte(text))
		if fault != wantFault || fault == CountOK && got != want {
			t.Errorf("%q: got %d, %d, want %d, %d", text, got, fault, want, wantFault)
		}
	}
	f("0", 0, CountOK)
	f("007", 7, CountOK)
	f("40.0", 40, CountOK)
	f("9223372036854775807", 1<<63-1, CountOK)
	f("9223372036854775807.000", 1<<63-1, CountOK)
	f("9223372036854775808", 0, CountTooLarge)
	f("99999999999999999999999", 0, CountTooLarge)
	f("", 0, NotACount)
	f("x", 0, NotACount)
	f("4x", 0, NotACount)
	f("+4", 0, NotACount)
	f("-4", 0, NotACount)
	f("4.", 0, NotACount)
	f(".0", 0, CountWithFraction)
	f("40.5", 0, CountWithFraction)
	f("40,5", 0, CountWithFraction)
	f("4e6", 0, CountScientific)
	f("4.36E+06", 0, CountScientific)
}

func TestForeignToCSV(t *testing.T) {
	f := func(text, wantValue, want string) {
		t.Helper()
		if value, got := ForeignToCSV([]byte(text)); got != want || string(value) != wantValue {
			t.Errorf("%q: got %q, %q, want %q, %q", text, value, got, wantValue, want)
		}
	}
	f("", "", "")
	f("a,b\n1,2\n", "", "")
	f("a,b\r\n1,2\r\n", "", "")
	f("a,b\r", "", "") // more may follow
	f("\"a\rb\",c\n", "", "")
	f("<html>", "<html>", "an HTML or XML page")
	f("PAR1\x15", "PAR1\x15", "a Parquet file")
	f("a\x00,\x00", "a\x00,\x00", "text in UTF-16")
	f("a,b\r1,2\r", "a,b", "lines that end with only CR")
}

func TestOtherSeparator(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		if got := OtherSeparator([]byte(line)); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
	f("a,b;c", "")
	f("a", "")
	f("a;b", "semicolons")
	f("a\tb", "tabs")
	f("a|b", "vertical bars")
}
