package victoria

import (
	"context"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// keptStates is what is known of all repositories besides days, as of a journal: of a
// history that was collected for years there are thousands of samples of each, and only
// those that are new are read then. Nothing is kept unless it is wanted.
type keptStates struct {
	// turn is held by who reads or changes it.
	turn    chan struct{}
	wanted  bool
	journal journal
	all     storedStates // nil: nothing is kept
}

func newKeptStates(wanted bool) *keptStates {
	return &keptStates{turn: make(chan struct{}, 1), wanted: wanted}
}

func (k *keptStates) lock(ctx context.Context) error {
	select {
	case k.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *keptStates) unlock() { <-k.turn }

// states is view.states of the repositories that matches takes, if they are kept. ok is
// false if they are not, or are already known as they became after the view.
func (k *keptStates) states(v *view, matches func(history.Repo) bool) (out []history.RepoMeta, ok bool, err error) {
	if err := k.lock(v.ctx); err != nil {
		return nil, false, err
	}
	defer k.unlock()
	if !k.wanted || v.appends < k.journal.appends {
		return nil, false, nil
	}
	if k.all == nil || v.appends > k.journal.appends {
		if err := k.catchUp(v); err != nil {
			return nil, false, err
		}
	}
	return v.list(k.all, matches), true, nil
}

// catchUp reads what came to count since.
func (k *keptStates) catchUp(v *view) error {
	from := seq(0)
	if k.all != nil {
		from = k.journal.from()
	}
	fresh := make(storedStates)
	everything := func(history.Repo) bool { return true }
	if err := v.readStates(fresh, everything, from, v.selector(stateSeries), v.selector(textSeries)); err != nil {
		return err
	}
	if k.all == nil {
		k.all = fresh
	} else {
		for r, x := range fresh {
			if k.all[r] == nil {
				k.all[r] = x
			} else {
				k.all[r].merge(x)
			}
		}
	}
	k.journal = v.journal
	return nil
}
