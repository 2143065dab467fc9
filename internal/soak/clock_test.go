package soak

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestClock has the clock that the Hub's answers tell jump back and forth, by seconds
// and by a year. Nothing is lost and no counter falls. What is told more than a day ahead of
// time is not believed, so that a day later all is as the Hub has it.
func TestClock(t *testing.T) {
	begin := time.Now()
	days, jumps := size(15, 120), 0
	s := simulate(t, 6, func(s *simulation) {
		for day := range days {
			s.downloads()
			for range 4 {
				ahead := time.Duration(0)
				if s.random.IntN(3) == 0 {
					most := []time.Duration{time.Minute, 10 * time.Minute, 26 * time.Hour, 400 * 24 * time.Hour}[s.random.IntN(4)]
					ahead = time.Duration(s.random.Int64N(int64(2*most))) - most
					jumps++
				}
				s.ahead.Store(int64(ahead))
				time.Sleep(interval)
				synctest.Wait()
			}
			if day%9 == 8 {
				s.restart()
			}
			if t.Failed() {
				return
			}
		}
		// The time comes that the furthest answer told which was believed.
		s.ahead.Store(0)
		time.Sleep(24 * time.Hour)
		s.downloads()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		s.check()
	})
	figures(t, begin, "%d days with %d jumps of up to 400 days, %d restarts, %d answers; "+
		"no counter fell, and a day later the history is the Hub's", days, jumps, s.restarts, s.outcomes["requests"])
}
