// Package segment reads and writes the Parquet files that a history is kept in:
// files of records and files of readings. They are plain tables for any tool that
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
// A file of readings has a row for each reading of a repository, and rows for what else is
// known of it apart from its days:
//
//	repo_type, repo            string
//	as_of                      timestamp, microseconds, UTC: the age of the row
//	hub_id                     of the newest listing; null if it did not have it
//	total, last_month, likes   as the Hub said; null if it did not
//	moved_to                   the repository is gone: its new name, or empty
//	start_total, start_downloads, start_removed
//	                           where the counters go on from, if an earlier version had some
//	origin                     string: archive, listing, export, or listing and export
//	first_as_of, first_total   of the first answer of the day; null if as_of and total
//	high_total, high_last_month
//	                           the largest of the day; null if total and last_month
//
// Rows with an origin are readings. Those with moved_to or start_total are not, and a row
// without any of the three has nothing but the name. Files of versions that kept no readings
// are read too: readingReader.addPrevious.
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
