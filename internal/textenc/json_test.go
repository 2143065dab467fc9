package textenc

import (
	"encoding/json"
	"testing"
)

func FuzzJSONString(f *testing.F) {
	for _, s := range []string{`acme/"quoted"`, "acme/été-模型-🤗", `acme/back\slash`, "acme/tab\tline\nfeed\rbell\a", "acme/\u2028", ""} {
		f.Add(s)
	}
	f.Add("\x00\x1f\x7f\x80\xff\xc3\xed\xa0\x80\u2028\\\"")
	f.Fuzz(func(t *testing.T, s string) {
		theirs, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var want, got string
		if err := json.Unmarshal(theirs, &want); err != nil {
			t.Fatal(err)
		}
		ours := AppendJSON(nil, s)
		if err := json.Unmarshal(ours, &got); err != nil || got != want {
			t.Errorf("%q: expected %q, got %q as %s, %v", s, want, got, ours, err)
		}
	})
}
