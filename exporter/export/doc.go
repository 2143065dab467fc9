// Package export writes a stream of records as CSV, JSON lines or Parquet.
//
// All three carry the five fields of the Hub's record format under the Hub's
// own names: repoType, repoName, total, timestamp, downloads. Rows are written
// as they come, in blocks, so that the memory needed does not grow with their
// number.
package export
