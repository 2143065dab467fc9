//go:build race

package soak

// raceDetector says whether the tests run with the race detector.
const raceDetector = true
