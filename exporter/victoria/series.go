package victoria

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// The names of the series. high series have the upper bits of the numbers of those
// they are named after.
const (
	prefix           = "huggingface_history_"
	downloadsSeries  = prefix + "downloads"
	downloadsHigh    = prefix + "downloads_high"
	stateSeries      = prefix + "state"
	textSeries       = prefix + "text"
	orgDownloads     = prefix + "org_downloads"
	orgDownloadsHigh = prefix + "org_downloads_high"
	orgRecords       = prefix + "org_records"
	orgState         = prefix + "org_state"
	versionSeries    = prefix + "version"
	journalSeries    = prefix + "journal"
)

// seq is a sequence number, counted from 1; 0 is before the first append.
type seq int64

const (
	msPerDay = 86_400_000
	// maxSeq is the last number that fits into a day.
	maxSeq seq = msPerDay - 1
	// eraDays is the length of an era.
	eraDays = 16384
)

// labels are those of a series besides history, name and value by turns.
type labels []string

func repoLabels(r history.Repo) labels {
	return labels{"repo_type", string(r.Type), "org", r.Org(), "repo", r.Name}
}

func (l labels) with(name, value string) labels {
	return append(slices.Clip(l), name, value)
}

// place returns the time of a sample of a day, and its era, "" for days that the
// engine takes as they are: those until last.
func place(d, last history.Day, n seq) (ms int64, era string) {
	if d > last {
		era = strconv.Itoa(int(d) / eraDays)
		d %= eraDays
	}
	return int64(d)*msPerDay + int64(n), era
}

// placed returns what place was told.
func placed(ms int64, era int) (history.Day, seq) {
	return history.Day(era*eraDays) + history.Day(ms/msPerDay), seq(ms % msPerDay)
}

// split53 cuts a number into the 53 bits that a sample holds and those above. A
// negative number, Unknown, stays whole.
func split53(v int64) (low, high int64) {
	if v < 0 {
		return v, 0
	}
	return v & (1<<53 - 1), v >> 53
}

func join53(low, high int64) int64 {
	if low < 0 {
		return low
	}
	return high<<53 | low
}

// appendSeries appends the JSON of a series up to its values, for /api/v1/import.
func appendSeries(b []byte, name, of string, l labels) []byte {
	b = append(b, `{"metric":{"__name__":"`...)
	b = append(b, name...)
	b = append(b, `","history":`...)
	b = appendJSON(b, of)
	for i := 0; i < len(l); i += 2 {
		if l[i+1] == "" {
			continue // an empty label is none
		}
		b = append(b, ',', '"')
		b = append(b, l[i]...)
		b = append(b, '"', ':')
		b = appendJSON(b, l[i+1])
	}
	return append(b, '}')
}

func appendJSON(b []byte, s string) []byte {
	text, _ := json.Marshal(s) // a string can always be written
	return append(b, text...)
}

// selector returns the match of a series name under further conditions. nonce makes it
// differ from those that were asked before.
func (s *Store) selector(nonce, name string, conditions ...string) string {
	var b strings.Builder
	b.WriteString(`{__name__="` + name + `",history=` + strconv.Quote(s.history) + `,history!=` + strconv.Quote(s.history+"@"+nonce))
	for _, c := range conditions {
		b.WriteByte(',')
		b.WriteString(c)
	}
	b.WriteByte('}')
	return b.String()
}

// selector returns the match of a series name under further conditions. It is of this
// view alone, see Store.refresh.
func (v *view) selector(name string, conditions ...string) string {
	return v.s.selector(strconv.FormatUint(v.sum, 36), name, conditions...)
}
