//go:build race

package hubsync

// pollEvery is how often the test of an hour polls: the race detector makes each
// collection ten times as slow.
const pollEvery = 5 * minute
