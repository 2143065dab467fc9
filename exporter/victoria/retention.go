package victoria

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// ErrRetention says that the engine drops samples that are as old as those of a history.
var ErrRetention = errors.New("VictoriaMetrics drops samples of 1970, which a history has: " +
	"start it, or each vmstorage, with -retentionPeriod=100y")

// probeSeries is written to see whether the engine keeps old samples.
const probeSeries = prefix + "probe"

// probeAfter is how long an append is not seen until the engine is asked whether it keeps what
// it takes.
const probeAfter = 2 * time.Second

// Check writes a sample of the oldest day that a history has, and reads it back: an engine takes
// samples that are older than its retention, and drops them.
func (s *Store) Check(ctx context.Context) error {
	w := s.newWriter(ctx)
	defer w.stop()
	w.series(probeSeries, nil)
	w.Add(numbersDay*msPerDay, 1)
	if err := w.flush(); err != nil {
		return err
	}
	for start := time.Now(); ; {
		if err := s.engine.Settle(ctx); err != nil {
			return err
		}
		found := false
		err := s.engine.Export(ctx, []string{s.selector(newNonce(), probeSeries)}, numbersDay*msPerDay, numbersDay*msPerDay,
			func(*vmapi.Line) error { found = true; return nil })
		switch {
		case err != nil:
			return fmt.Errorf("asking whether the engine keeps old samples: %w", err)
		case found:
			return nil
		case time.Since(start) > visibleFor/3:
			return ErrRetention
		}
		if err := pause(ctx, 10*shortPause); err != nil {
			return err
		}
	}
}
