package backfill

import (
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// flushSize is how much text is gathered before it is written.
const flushSize = 256 << 10

const openMetricsHead = "# HELP huggingface_repo_downloads All-time downloads of the repository as counted by the Hugging Face Hub.\n" +
	"# TYPE huggingface_repo_downloads counter\n"

// WriteOpenMetrics writes all series as an OpenMetrics text whose samples have
// times, series by series, for promtool tsdb create-blocks-from openmetrics. An
// error of the stream, or of w, ends it; the text then has no end mark, and
// promtool refuses it. each is called after each series.
func WriteOpenMetrics(w io.Writer, all iter.Seq2[*Series, error], each func()) (err error) {
	writer := parallel.NewWriter(w, flushSize)
	defer func() {
		if e := writer.Close(); err == nil {
			err = e
		}
	}()
	buf := append(make([]byte, 0, flushSize), openMetricsHead...)
	var prefix []byte
	var ends lineEnds
	for s, err := range all {
		if err != nil {
			return err
		}
		prefix = appendName(prefix[:0], s.Labels)
		most := len(prefix) + maxAfterPrefix
		for i, v := range s.Values {
			if cap(buf)-len(buf) < most {
				if buf, err = writer.Swap(buf); err != nil {
					return err
				}
				buf = slices.Grow(buf, most)
			}
			n := len(buf)
			line := buf[n:cap(buf)]
			size := copy(line, prefix)
			size += textenc.PutDecimal(line[size:], uint64(v))
			if end := ends.at(s.At[i]); end != nil {
				*(*lineEnd)(line[size:]) = *end
				size += len(end)
			} else {
				line[size] = ' '
				size++
				size += textenc.PutDecimal(line[size:], uint64(s.Seconds(i)))
				line[size] = '\n'
				size++
			}
			buf = buf[:n+size]
		}
		each()
	}
	_, err = writer.Swap(append(buf, "# EOF\n"...))
	return err
}

// maxAfterPrefix is the most that follows labels in a line, in bytes: two numbers of
// 64 bits, a space and the end of the line.
const maxAfterPrefix = 20 + 1 + 20 + 1

// lineEnd is how a line ends whose time has ten digits.
type lineEnd [12]byte

// Days whose seconds have ten digits: 2001-09-09 to 2286-11-20.
const (
	firstTenDigits history.Day = 11575
	lastTenDigits  history.Day = 115740
)

// lineEnds are the ends of lines by day, from firstTenDigits on. Series are of the
// same days mostly, so each is written once.
type lineEnds []lineEnd

// at returns the end of the lines of a time, nil if it has not ten digits.
func (l *lineEnds) at(at history.Day) *lineEnd {
	i := int(at - firstTenDigits)
	if uint(i) < uint(len(*l)) {
		return &(*l)[i]
	}
	if at < firstTenDigits || at > lastTenDigits {
		return nil
	}
	for n := len(*l); n <= i; n++ {
		e := lineEnd{0: ' ', 11: '\n'}
		textenc.PutDecimal(e[1:], uint64(firstTenDigits+history.Day(n))*86400)
		*l = append(*l, e)
	}
	return &(*l)[i]
}

var labelEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// appendName appends the metric with its labels and a space.
func appendName(b []byte, labels []Label) []byte {
	b = append(b, Metric+"{"...)
	for i, l := range labels {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, l.Name...)
		b = append(b, `="`...)
		b = append(b, labelEscaper.Replace(l.Value)...)
		b = append(b, '"')
	}
	return append(b, "} "...)
}
