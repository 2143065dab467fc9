package soak

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestClock has the clock that the Hub's answers tell jump back and forth, by seconds
// and by a year. Nothing is lost and no counter falls; what was told ahead of time is
// the newest there is until that time has come, and then all is as the Hub has it.
func TestClock(t *testing.T) {
	begin := time.Now()
	days, jumps := size(15, 120), 0
	var furthest time.Duration
	s := simulate(t, 6, func(s *simulation) {
		for day := range days {
			s.downloads()
			for range 4 {
				ahead := time.Duration(0)
				if s.random.IntN(3) == 0 {
					most := []time.Duration{time.Minute, 10 * time.Minute, 26 * time.Hour, 400 * 24 * time.Hour}[s.random.IntN(4)]
					ahead = time.Duration(s.random.Int64N(int64(2*most))) - most
					furthest = max(furthest, ahead+time.Duration(day)*24*time.Hour)
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
		// The time comes that the furthest answer told.
		s.ahead.Store(int64(furthest))
		s.downloads()
		time.Sleep(3 * interval)
		synctest.Wait()
		s.check()
	})
	figures(t, begin, "%d days with %d jumps of up to 400 days, %d restarts, %d answers; "+
		"no counter fell, and once the furthest time had come the history is the Hub's", days, jumps, s.restarts, s.outcomes["requests"])
}
