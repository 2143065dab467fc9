//go:build !race

package hubsync

// pollEvery is how often the test of an hour polls.
const pollEvery = minute
