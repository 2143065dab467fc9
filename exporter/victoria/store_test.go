package victoria_test

import (
	"iter"
	"slices"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history/storetest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// counting offers the suite what the metrics page shows.
type counting struct {
	*victoria.Store
	t *testing.T
}

func (c counting) Counts() iter.Seq[history.Counts] {
	snapshot, err := c.Store.Snapshot(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return slices.Values(snapshot.Counts)
}

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	storetest.RunShort(t, func(t *testing.T) history.Store { return counting{open(t), t} })
}

func TestStoreOverANewerVersionConforms(t *testing.T) {
	t.Parallel()
	u := theNewerEngine(t)
	storetest.Run(t, func(t *testing.T) history.Store { return counting{reopen(t, optionsFor(u)), t} })
}

func TestStoreOverAClusterConforms(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	storetest.RunShort(t, func(t *testing.T) history.Store { return counting{reopen(t, optionsIn(c)), t} })
}
