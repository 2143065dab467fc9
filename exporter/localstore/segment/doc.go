// Package segment reads and writes the Parquet files that a history is kept in:
// files of records and files of metadata. They are plain tables for any tool that
// reads Parquet.
//
// A file of records has the columns
//
//	repo_type  string
//	repo       string, the full name
//	day        date
//	downloads  int64
//	source     string: published, observed or estimated
//	as_of      timestamp, microseconds, UTC
//
// A file of metadata has a row for each group of fields of a repository
// (history.MetaFields); groups of the same age share a row:
//
//	repo_type, repo                  string
//	hub_id, last_month, likes        of a listing; null if it did not have them
//	total, total_highest, corrected  the Hub's total, the highest one ever, and how
//	                                 many downloads were taken back; null if unknown
//	corrected_as_of                  timestamp: the age of the newest correction
//	base                             the total that the next observed day counts from
//	moved_to                         the repository is gone: its new name, or empty
//	as_of                            timestamp, microseconds, UTC: the age of the row
//
// Three columns are null in the rows of other groups alone: corrected (of the total),
// base (-1 is none) and moved_to. A row that has none of the three is of a listing.
//
// Reading goes through parquet-go, a typed page at a time. Its writer takes a
// value, a hash and a comparison for every cell, which costs five times as much as
// the encoding itself; so its encodings, compression and metadata are put together
// here from whole columns (see column.go).
//
// The key-value metadata of a file names its format, its layout and a checksum of
// all its bytes, so that a file that is damaged anywhere is found before a byte
// of it is believed.
package segment
