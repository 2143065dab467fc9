// Package memtable holds a history in memory: a packed column of counts a
// repository, with sums kept beside it, so that every answer of history.Reader
// is near at hand. It knows the merge rules and nothing of files or networks.
//
// A Table is immutable. New knowledge makes a new Table that shares what did not
// change with the old one, so that readers never wait for a writer.
//
// Days are kept in windows of 64: a mask of the days that have a record, and
// their downloads in as many bits as the largest of the window needs.
package memtable
