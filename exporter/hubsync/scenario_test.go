package hubsync

import (
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/fakehub"
)

// step is a collection, after a change of the Hub, and what is known after it.
type step struct {
	name      string
	day, hour int
	change    func(*fakehub.Hub)
	// said is what the outcome tells, records and exposed what the store holds and
	// the metrics page shows: see the methods of world.
	said, records, exposed string
}

// scenario runs steps three times: in one process, with a restart before each step,
// and with a restart from the disk before each step.
func scenario(t *testing.T, name string, o options, steps ...step) {
	t.Helper()
	run := func(how string, durable, restart bool) {
		t.Run(name+"/"+how, func(t *testing.T) {
			o.durable = durable
			w := newWorld(t, o)
			for _, s := range steps {
				if restart {
					w.restart()
				}
				if s.change != nil {
					s.change(w.hub)
				}
				out := w.try(s.day, s.hour)
				if got := said(out); got != s.said {
					t.Errorf("%s: the outcome is %q (%v), want %q", s.name, got, out.Err, s.said)
				}
				if got := w.records(); got != s.records {
					t.Errorf("%s: records are\n%s\nwant\n%s", s.name, got, s.records)
				}
				if out.OK() {
					w.checkRemoved(out, s.day, s.hour)
				}
				if got := w.exposed(); got != s.exposed {
					t.Errorf("%s: exposed is\n%s\nwant\n%s", s.name, got, s.exposed)
				}
				w.hub.Heal()
			}
		})
	}
	run("one process", false, false)
	run("restarts", false, true)
	run("disk", true, true)
}

// What tests do to the Hub.

func add(t history.RepoType, name string, total int64) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) { h.AddRepo(t, name).SetTotal(total) }
}

func total(t history.RepoType, name string, n int64) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) { h.Repo(t, name).SetTotal(n) }
}

func rename(t history.RepoType, name, to string) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) { h.Repo(t, name).Rename(to) }
}

func remove(t history.RepoType, name string) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) { h.Repo(t, name).Delete() }
}

func private(t history.RepoType, name string, is bool) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) { h.Repo(t, name).SetPrivate(is) }
}

// day sets the downloads of a day in March.
func day(t history.RepoType, name string, d int, n int64) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) {
		r := h.Repo(t, name)
		if r == nil {
			r = h.AddRepo(t, name)
		}
		r.SetDay(march(d), n)
	}
}

func failing(route fakehub.Route, f fakehub.Fault) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) { h.Fail(fakehub.On{Route: route}, fakehub.Always, f) }
}

func all(changes ...func(*fakehub.Hub)) func(*fakehub.Hub) {
	return func(h *fakehub.Hub) {
		for _, c := range changes {
			c(h)
		}
	}
}
