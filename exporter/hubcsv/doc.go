// Package hubcsv reads and writes the CSV record format: a row for each
// repository and day, as the Hub exports them.
//
//	repoType,repoName,total,timestamp,downloads
//	model,org/name,4362460,2021-01-22T00:00:00.000Z,4
//
// Read streams such a text into blocks of history.Rows and reports every fault
// with its line, column and value; Writer writes blocks. What Read has read and
// Writer writes, Read reads back as the same rows. Neither holds more than a few
// buffers and the names of the repositories, whatever the size of the text.
//
// A row has two ways through the reader. The general one (fields.go, row.go)
// splits it by the rules of RFC 4180 and checks every field. The fast one
// (fast.go, prefix.go, ahead.go) takes rows that begin with the very bytes of a
// row that the general one has passed - same type, name and total - and have a
// plain timestamp and number after them; whatever else it meets it leaves to
// the general one, which alone describes faults.
package hubcsv

// Header is the first line of the format, without its line end.
const Header = "repoType,repoName,total,timestamp,downloads"

// ContentType is the media type of the format.
const ContentType = "text/csv; charset=utf-8"

// The columns of the format, in the order of Header.
const (
	colType = iota
	colName
	colTotal
	colTimestamp
	colDownloads
	numColumns
)

var columnNames = [numColumns]string{"repoType", "repoName", "total", "timestamp", "downloads"}
