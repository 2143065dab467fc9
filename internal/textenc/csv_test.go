package textenc

import "testing"

func TestAppendCSV(t *testing.T) {
	f := func(field string, separator byte, want string) {
		t.Helper()
		if got := string(AppendCSV([]byte("x"), field, separator)); got != "x"+want {
			t.Errorf("%q: got %s, expected x%s", field, got, want)
		}
	}
	f("", ',', "")
	f("org/name", ',', "org/name")
	f("a,b", ',', `"a,b"`)
	f("a,b", ';', "a,b")
	f("a;b", ';', `"a;b"`)
	f(`say "hi"`, ',', `"say ""hi"""`)
	f("a\nb", ',', "\"a\nb\"")
	f("a\rb", '\t', "\"a\rb\"")
}
