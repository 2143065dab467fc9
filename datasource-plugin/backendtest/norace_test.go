//go:build !race

package backendtest

// raceDetector says whether the tests, and so the programs, look for races.
const raceDetector = false
