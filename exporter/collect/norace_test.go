//go:build !race

package collect

// pollEvery is how often the test of an hour polls.
const pollEvery = minute
