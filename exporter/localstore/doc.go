// Package localstore keeps a history on disk: a directory of Parquet files that are
// written once and never changed.
//
//	DIR/records/*.parquet   records
//	DIR/readings/*.parquet  readings, and what else is known of repositories
//	DIR/lock                held by whoever writes
//
// An append is one new file of records and, if it tells of repositories too, one
// of readings. Each is written beside under a name that begins with a dot, synced,
// and renamed; then its directory is synced. Since merging does not depend on
// order, a reader unions whatever files there are, in whatever order. Writers take
// turns, also those of different processes; readers need no lock.
//
// Both files of an append count or neither: the file of readings bears the same name
// and says in its metadata that it belongs to the file of records. It is renamed
// first and is passed over by readers until the file of records is there, whose
// rename is the commit. Compaction writes the union of some files under a new name
// and then removes them, readings before records, so that a file of readings never
// loses the file of records that makes it count. It may be killed at any point: a
// file and its union may both be there without harm.
//
// Versions that kept no readings had the directory repos in place of readings. The first
// opening for writing renames it.
//
// A file that is damaged or is not of this store is an error, and nothing but
// leftovers of interrupted writes and compacted files is ever removed.
//
// The directory must be on a file system that has rename and advisory locks
// (flock), as local ones do.
package localstore
