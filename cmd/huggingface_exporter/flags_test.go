package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/alecthomas/kingpin/v2"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

func TestLimitFlags(t *testing.T) {
	parse := func(args ...string) (*config.Config, error) {
		c, err := config.Parse("c.yaml", []byte("web: {max_requests: 7, max_exports: 3}\nquery: {timeout: 30s, max_rows: 100}\n"))
		if err != nil {
			t.Fatal(err)
		}
		app := kingpin.New("x", "")
		override := addLimitFlags(app.Command("serve", ""))
		if _, err := app.Parse(append([]string{"serve"}, args...)); err != nil {
			return nil, err
		}
		return c, override(c)
	}
	f := func(want string, args ...string) {
		t.Helper()
		c, err := parse(args...)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal([]any{c.Web.MaxRequests, c.Web.MaxExports, c.Query.Timeout.String(), c.Query.MaxRows}); string(got) != want {
			t.Errorf("%q: got %s, want %s", args, got, want)
		}
	}
	f(`[7,3,"30s",100]`)
	f(`[0,3,"30s",0]`, "--web.max-requests=0", "--query.max-rows=0")
	f(`[1,2,"1m30s",4]`, "--web.max-requests=1", "--web.max-exports=2", "--query.timeout=90s", "--query.max-rows=4")
	for arg, want := range map[string]string{
		"--web.max-requests=-1": "expected a whole number from 0", "--query.timeout=0s": "expected a duration like 30s", "--query.timeout=2": "missing unit",
	} {
		if _, err := parse(arg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", arg, err, want)
		}
	}
}
