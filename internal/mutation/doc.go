// Package mutation checks the tests themselves: it breaks the product on purpose,
// in small ways, and expects tests to fail.
//
// The breakages are listed in breakages_test.go: of the rules by which histories
// are merged, of the counter that never falls, and of the CSV record format. None
// touches the working tree: each is a copy of one file that the go command takes
// in place of the file (go test -overlay).
package mutation
