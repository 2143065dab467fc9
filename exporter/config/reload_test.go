package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestReload(t *testing.T) {
	name := filepath.Join(t.TempDir(), "c.yaml")
	var applied []int
	var refuse error
	r := NewReloader(name, func(c *Config) error {
		if refuse != nil {
			return refuse
		}
		applied = append(applied, c.Metrics.MaxRepos)
		return nil
	})
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(r)

	var lastSuccess float64
	f := func(text, wantErr string, wantRunning int) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		before := float64(time.Now().Unix())
		err := r.Reload()
		success, now := testutil.ToFloat64(r.successful), testutil.ToFloat64(r.timestamp)
		if wantErr == "" {
			if err != nil || success != 1 || now < before {
				t.Errorf("%q: error %v, successful %v, timestamp %v; want nil, 1, at least %v", text, err, success, now, before)
			}
			lastSuccess = now
		} else if err == nil || !strings.Contains(err.Error(), wantErr) || success != 0 || now != lastSuccess {
			t.Errorf("%q: error %v, successful %v, timestamp %v; want %q, 0, %v", text, err, success, now, wantErr, lastSuccess)
		}
		if got := r.Config().Metrics.MaxRepos; got != wantRunning {
			t.Errorf("%q: %d is running, want %d", text, got, wantRunning)
		}
	}
	f("metrics: {max_repos: x}", "expected a whole number", 100_000)
	f("metrics: {max_repos: 5}", "", 5)
	f("metrics: {max_repos: 0}", "expected a whole number from 1", 5)
	f("metrics: {max_repos: 7}", "", 7)
	refuse = errors.New("not now")
	f("metrics: {max_repos: 8}", "not now", 7)
	refuse = nil
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file: got %v", err)
	}
	f("", "", 100_000)

	if len(applied) != 3 || applied[0] != 5 || applied[1] != 7 || applied[2] != 100_000 {
		t.Errorf("applied %v, want [5 7 100000]", applied)
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	if n, err := testutil.GatherAndCount(reg); n != 2 || err != nil {
		t.Errorf("got %d metrics, %v, want 2", n, err)
	}
}

func TestReloadWithoutFile(t *testing.T) {
	r := NewReloader("", nil)
	if err := r.Reload(); err != nil {
		t.Error(err)
	}
	if testutil.ToFloat64(r.successful) != 1 {
		t.Error("the defaults are not reported as loaded")
	}
}
