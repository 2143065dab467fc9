package victoria

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/vmapi"
)

// The names of the series.
const (
	prefix           = "huggingface_history_"
	downloadsSeries  = prefix + "downloads"
	readingsSeries   = prefix + "readings"
	metaSeries       = prefix + "meta"
	textSeries       = prefix + "text"
	orgDownloads     = prefix + "org_downloads"
	orgDownloadsHigh = prefix + "org_downloads_high"
	orgRecords       = prefix + "org_records"
	orgMeta          = prefix + "org_meta"
	orgText          = prefix + "org_text"
	versionSeries    = prefix + "version"
	appendsSeries    = prefix + "appends"
	// oldJournal is what the layout before this one had.
	oldJournal = prefix + "journal"
)

// seq is a sequence number of an organization, counted from 1.
type seq int64

const (
	msPerDay = 86_400_000
	// maxSeq is the last number that fits into a day.
	maxSeq seq = msPerDay - 1
	// numbersDay is the day at which samples lie that are of a number and of no day.
	// Queries that look back to the first day of 1970 find nothing in some versions.
	numbersDay = 10
	// maxExact is the largest number that a sample holds exactly.
	maxExact = 1<<53 - 1
)

// ms returns the time of a sample of n that is of no day.
func (n seq) ms() int64 { return numbersDay*msPerDay + int64(n) }

// seqAt is the inverse of ms.
func seqAt(ms int64) seq { return seq(ms - numbersDay*msPerDay) }

// textsOf returns the series of the texts that stand for numbers of another.
func textsOf(name string) string {
	if strings.HasPrefix(name, prefix+"org_") {
		return orgText
	}
	return textSeries
}

// labels are those of a series without its name and history, name and value by turns.
type labels []string

func repoLabels(r history.Repo) labels {
	return labels{"repo_type", string(r.Type), "org", r.Org(), "repo", r.Name}
}

func (l labels) with(more ...string) labels { return append(slices.Clip(l), more...) }

// selector returns the match of a series name under further conditions. Engines remember
// for some seconds which series a selector matches: nonce makes it differ from those that
// were asked of an earlier state.
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

// maxPattern bounds the patterns of a selector, in bytes: what a longer one would
// select is selected here.
const maxPattern = 16 << 10

// conditions returns the parts of f that the engine can select by. What they let
// through is still to be matched.
func conditions(f history.Filter) []string {
	var out []string
	types := make([]string, len(f.RepoTypes))
	for i, t := range f.RepoTypes {
		types[i] = string(t)
	}
	for _, c := range []struct {
		label  string
		values []string
	}{{"repo_type", types}, {"org", f.Orgs}, {"repo", f.Repos}} {
		if pattern := oneOf(c.values); len(c.values) > 0 && len(pattern) <= maxPattern {
			out = append(out, c.label+`=~`+strconv.Quote("("+pattern+")"))
		}
	}
	return out
}

// oneOf returns the pattern that matches any of the values.
func oneOf(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return strings.Join(quoted, "|")
}

// What a selector may name for the engine to look it up, instead of trying a pattern on
// all there is; and how many selectors a question may have.
const (
	maxLookups   = 100
	maxSelectors = 200
)

// selectors returns the matches of a series name that select at least what f does.
func (v *snapshot) selectors(name string, f history.Filter) []string {
	if n := len(f.Repos); n <= maxLookups || n > maxLookups*maxSelectors {
		return []string{v.selector(name, conditions(f)...)}
	}
	var out []string
	for part := range slices.Chunk(f.Repos, maxLookups) {
		f.Repos = part
		out = append(out, v.selector(name, conditions(f)...))
	}
	return out
}

func repoOf(l *vmapi.Line) history.Repo {
	return history.Repo{Type: history.RepoType(l.Label("repo_type")), Name: l.Label("repo")}
}
