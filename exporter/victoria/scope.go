package victoria

import (
	"context"
	"hash/fnv"
	"slices"
	"sync"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// scope is the organisations that an append is of: a number for each, ascending.
// Appends whose scopes have none in common do not get in each other's way.
type scope []int64

// everything is the number that stands for all organisations.
const everything int64 = 0

// maxScope is how many organisations a scope lists.
const maxScope = 512

// scopeOf returns the organisations that t has repositories of.
func scopeOf(t *memtable.Table) scope {
	orgs := make(map[string]bool)
	for s := range t.Meta() {
		orgs[s.Repo.Org()] = true
	}
	if len(orgs) > maxScope {
		return scope{everything}
	}
	out := make(scope, 0, len(orgs))
	for org := range orgs {
		h := fnv.New64a()
		h.Write([]byte(org))
		out = append(out, int64(mixed(h.Sum64())>>11|1))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// meets reports whether two scopes have an organisation in common.
func (a scope) meets(b scope) bool {
	if slices.Contains(a, everything) || slices.Contains(b, everything) {
		return true
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			return true
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return false
}

// turns lets one append of a Store at a time at an organisation.
type turns struct {
	mu   sync.Mutex
	held []*held
}

// held is a turn that was taken; done is closed when it ends.
type held struct {
	scope scope
	done  chan struct{}
}

// take waits until nobody else is at any of the organisations.
func (t *turns) take(ctx context.Context, sc scope) (release func(), err error) {
	for {
		t.mu.Lock()
		at := slices.IndexFunc(t.held, func(h *held) bool { return h.scope.meets(sc) })
		if at < 0 {
			mine := &held{sc, make(chan struct{})}
			t.held = append(t.held, mine)
			t.mu.Unlock()
			return func() {
				t.mu.Lock()
				t.held = slices.DeleteFunc(t.held, func(h *held) bool { return h == mine })
				t.mu.Unlock()
				close(mine.done)
			}, nil
		}
		other := t.held[at]
		t.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-other.done:
		}
	}
}
