package fakehub

import (
	"net/http"
	"slices"
)

// Fault answers a request in place of the Hub, with or without the help of
// answer, which is what the Hub would have done.
type Fault func(w http.ResponseWriter, r *http.Request, answer http.Handler)

// On selects requests. An empty field selects all.
type On struct {
	Route Route
	Org   string
	// Page is the number of a listing's page, from 1.
	Page int
}

// Always is a number of times without an end.
const Always = -1

// fault is a Fault and when it is due.
type fault struct {
	on    On
	times int
	do    Fault
}

// Fail has the Hub answer the next requests of that kind, as many as times says,
// by f. Of several faults that fit a request the one that was added first acts.
func (h *Hub) Fail(on On, times int, f Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, &fault{on: on, times: times, do: f})
}

// Heal ends all faults.
func (h *Hub) Heal() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = nil
}

// due returns the fault that a request meets, nil if there is none.
func (h *Hub) due(r *http.Request, route Route, org string) Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.faults, func(f *fault) bool {
		return (f.on.Route == "" || f.on.Route == route) &&
			(f.on.Org == "" || f.on.Org == org) &&
			(f.on.Page == 0 || f.on.Page == pageOf(r))
	})
	if i < 0 {
		return nil
	}
	f := h.faults[i]
	if f.times > 0 {
		if f.times--; f.times == 0 {
			h.faults = slices.Delete(h.faults, i, i+1)
		}
	}
	return f.do
}
