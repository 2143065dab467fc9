// Package synthetic makes publisher-analytics exports of any size that look
// like real ones: for trials, tests and load tests.
//
// The same Options give the same records on every machine: numbers come from
// seeded generators and integer arithmetic alone, never from a clock or from
// floating point, whose last bit differs between processors.
package synthetic
