package victoria_test

import (
	"iter"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history/storetest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// counting offers the suite what the metrics page shows, as shown sees it: from its
// first Snapshot on, a Store answers from what it keeps.
type counting struct {
	*victoria.Store
	t     *testing.T
	shown *victoria.Store
}

func (c counting) Counts() iter.Seq[history.Counts] {
	snapshot, err := c.shown.Snapshot(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return slices.Values(snapshot.Counts)
}

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	u := theEngine(t)
	storetest.RunShort(t, func(t *testing.T) history.Store {
		o := optionsFor(u)
		return counting{reopen(t, o), t, reopen(t, o)}
	})
}

func TestStoreOverANewerVersionConforms(t *testing.T) {
	t.Parallel()
	u := theNewerEngine(t)
	storetest.Run(t, func(t *testing.T) history.Store {
		s := reopen(t, optionsFor(u))
		return counting{s, t, s}
	})
}

func TestStoreOverAClusterConforms(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	storetest.RunShort(t, func(t *testing.T) history.Store {
		s := reopen(t, optionsIn(c))
		return counting{s, t, s}
	})
}
