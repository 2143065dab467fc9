package export

import (
	"io"
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

const (
	// lineBuffer is how much text is gathered for one write.
	lineBuffer = 64 << 10
	// maxHeads and maxHeadBytes bound the memory that lineWriter spends on text
	// it has made before: the repositories past them are spelled out anew.
	maxHeads     = 64 << 10
	maxHeadBytes = 8 << 20
)

// layout is how a record is written as a line:
//
//	head 2021-01-22 middle downloads tail
type layout struct {
	// title is the first line of the text, with its line end.
	title  string
	head   func(b []byte, r *history.RepoTotal) []byte
	middle string
	tail   func(b []byte, v history.Version) []byte
}

// lineWriter writes a line a record. What a line begins with is the same for
// all days of a repository, what it ends with for all rows of a block; both are
// made once.
type lineWriter struct {
	w      io.Writer
	layout layout
	buf    []byte
	tail   []byte

	heads     [][]byte // by index into the dictionary; nil: not made yet
	headBytes int
}

func newLineWriter(w io.Writer, l layout) *lineWriter {
	buf := make([]byte, 0, lineBuffer+4<<10)
	return &lineWriter{w: w, layout: l, buf: append(buf, l.title...)}
}

// WriteRows implements blockWriter.
func (l *lineWriter) WriteRows(rows *history.Rows) error {
	if n := min(len(rows.Repos), maxHeads); n > len(l.heads) {
		l.heads = append(l.heads, make([][]byte, n-len(l.heads))...)
	}
	l.tail = l.layout.tail(l.tail[:0], rows.Version)
	b := l.buf
	for i, repo := range rows.Repo {
		b = l.appendHead(b, rows.Repos, repo)
		b = rows.Day[i].Append(b)
		b = append(b, l.layout.middle...)
		b = strconv.AppendInt(b, rows.Downloads[i], 10)
		b = append(b, l.tail...)
		if len(b) >= lineBuffer {
			if _, err := l.w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	l.buf = b
	return nil
}

// Close implements blockWriter.
func (l *lineWriter) Close() error {
	if len(l.buf) == 0 {
		return nil
	}
	_, err := l.w.Write(l.buf)
	l.buf = l.buf[:0]
	return err
}

// appendHead appends what comes before the day in a line of repository i.
func (l *lineWriter) appendHead(b []byte, repos []history.RepoTotal, i uint32) []byte {
	if int(i) < len(l.heads) && l.heads[i] != nil {
		return append(b, l.heads[i]...)
	}
	start := len(b)
	b = l.layout.head(b, &repos[i])
	if made := b[start:]; int(i) < len(l.heads) && l.headBytes+len(made) <= maxHeadBytes {
		l.heads[i] = append([]byte(nil), made...)
		l.headBytes += len(made)
	}
	return b
}

// VersionsHeader is the first line of CSV with versions, without its line end:
// that of the record format and two more columns.
const VersionsHeader = hubcsv.Header + ",source,asOf"

// csvVersions is the record format followed by the version of each record:
//
//	model,org/name,7,2021-01-22T00:00:00.000Z,4,published,2024-05-01T06:00:00.000000Z
var csvVersions = layout{
	title: VersionsHeader + "\n",
	head: func(b []byte, r *history.RepoTotal) []byte {
		b = append(textenc.AppendCSV(b, string(r.Repo.Type), ','), ',')
		b = append(textenc.AppendCSV(b, r.Repo.Name, ','), ',')
		if r.Total != history.Unknown {
			b = strconv.AppendInt(b, r.Total, 10)
		}
		return append(b, ',')
	},
	middle: "T00:00:00.000Z,",
	tail: func(b []byte, v history.Version) []byte {
		return append(appendVersion(append(b, ','), v, ","), '\n')
	},
}

// jsonLines is a JSON object a line:
//
//	{"repoType":"model","repoName":"org/name","total":7,"timestamp":"2021-01-22T00:00:00.000Z","downloads":4}
//
// total is null where it is unknown.
var jsonLines = layout{
	head:   appendJSONHead,
	middle: `T00:00:00.000Z","downloads":`,
	tail:   func(b []byte, _ history.Version) []byte { return append(b, "}\n"...) },
}

// jsonLinesVersions has the version of each record as well:
//
//	..."downloads":4,"source":"published","asOf":"2024-05-01T06:00:00.000000Z"}
var jsonLinesVersions = layout{
	head:   appendJSONHead,
	middle: jsonLines.middle,
	tail: func(b []byte, v history.Version) []byte {
		return append(appendVersion(append(b, `,"source":"`...), v, `","asOf":"`), "\"}\n"...)
	},
}

func appendJSONHead(b []byte, r *history.RepoTotal) []byte {
	b = textenc.AppendJSON(append(b, `{"repoType":`...), string(r.Repo.Type))
	b = textenc.AppendJSON(append(b, `,"repoName":`...), r.Repo.Name)
	b = append(b, `,"total":`...)
	if r.Total == history.Unknown {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, r.Total, 10)
	}
	return append(b, `,"timestamp":"`...)
}

// appendVersion appends the source and the age to the microsecond, its unit.
func appendVersion(b []byte, v history.Version, between string) []byte {
	b = append(append(b, v.Source.String()...), between...)
	return v.AsOf.Append(b)
}
