// Package rowstream writes blocks of records as bytes and reads them back: what an
// exporter and its clients of this project tell each other. A record takes about
// four bytes, a seventh of what it takes as text, and is written and read at the
// speed of a copy.
//
// The format is for programs of one API version and no file format: files of
// records are CSV, JSON lines or Parquet.
//
//	stream  = "HFXROWS\x01" { size block } 0 rows
//	block   = rows entries { entry } version repos days downloads
//	entry   = length type length name total
//	version = 0 | source age
//
// Numbers are varints as encoding/binary has them. size is the number of bytes
// of a block, rows that of its records, and behind the last block the number of
// records of the whole stream: one that was cut anywhere is not taken for a
// whole one. The entries are those that the dictionary has grown by, their totals
// one higher than told and 0 where none was. A version is that of the block
// before (0), or a source counted from 1 and the as_of, signed. The columns of a
// block follow each other: repos as signed differences of indexes, days as signed
// differences of numbers, both from one row to the next and beginning at 0, and
// downloads as they are.
package rowstream

// ContentType is the media type of a stream.
const ContentType = "application/vnd.huggingface-exporter.rows"

// magic begins a stream. Its last byte is the version of the format.
const magic = "HFXROWS\x01"
