// Package storetest is the conformance suite of Store. Every engine is
// run through it, so that all give the same answers:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) Store { return open(t) })
//	}
//
// The cases spell out by hand what a user would notice. Random histories are then
// compared, answer by answer, with Model, a store so simple that it is obviously
// right. A store that has a method Counts() iter.Seq[history.Counts] is also
// asked for what the metrics page shows.
package storetest
