package victoria_test

import (
	"context"
	"iter"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history/storetest"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/victoria"
)

// counting offers the suite what the metrics page shows, as another Store has it, which
// keeps the metadata in memory.
type counting struct {
	*victoria.Store
	shown *victoria.Store
}

func (c counting) Counts(ctx context.Context, f history.Filter) iter.Seq2[history.Counts, error] {
	return c.shown.Counts(ctx, f)
}

func keeping(o victoria.Options) victoria.Options {
	o.KeepMeta = true
	return o
}

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	u := theEngine(t)
	storetest.RunShort(t, func(t *testing.T) storetest.Store {
		o := optionsFor(u)
		return counting{reopen(t, o), reopen(t, keeping(o))}
	})
}

func TestStoreOverANewerVersionConforms(t *testing.T) {
	t.Parallel()
	u := theNewerEngine(t)
	storetest.RunShort(t, func(t *testing.T) storetest.Store {
		return reopen(t, keeping(optionsFor(u)))
	})
}

func TestStoreOverAClusterConforms(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	storetest.RunShort(t, func(t *testing.T) storetest.Store {
		return reopen(t, keeping(optionsIn(c)))
	})
}
