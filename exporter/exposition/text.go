package exposition

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// openMetricsName returns the name of the family in OpenMetrics, where _total
// belongs to the samples of a counter alone.
func (m *metric) openMetricsName() string {
	if m.counter {
		return strings.TrimSuffix(m.name, "_total")
	}
	return m.name
}

// textHead returns the lines that introduce a family.
func (m *metric) textHead(name string) []byte {
	kind := "gauge"
	if m.counter {
		kind = "counter"
	}
	return []byte("# HELP " + name + " " + m.help + "\n# TYPE " + name + " " + kind + "\n")
}

// textSampler writes samples as both text formats have them. It appends them by
// hand: the writers of VictoriaMetrics/metrics want the name of each as a
// string and format it with fmt, which takes several times as long as all the
// rest (BenchmarkRender1M).
type textSampler struct {
	// Neighbors mostly share their type and organization: prefix is what comes
	// before the name of repositories of last.
	last   org
	prefix []byte
	labels []byte // {repo_type="...",org="...",repo="..."} and a space
}

func (t *textSampler) setRepo(r *history.Repo) {
	if o := (org{r.Type, r.Org()}); o != t.last || t.prefix == nil {
		t.last = o
		t.prefix = append(appendOrgLabels(t.prefix[:0], o, true), `,repo="`...)
	}
	t.labels = append(t.labels[:0], t.prefix...)
	t.labels = appendEscaped(t.labels, r.Name)
	t.labels = append(t.labels, `"} `...)
}

func (t *textSampler) append(b []byte, m *metric, value int64) []byte {
	b = append(b, m.name...)
	b = append(b, t.labels...)
	b = strconv.AppendInt(b, value, 10)
	return append(b, '\n')
}

// orgs leaves the samples of organizations and groups to VictoriaMetrics/metrics. This is all
// there is for it: its metrics of the process have other names than those of client_golang
// that dashboards and alerts know, and why it does not push is said at Pusher. Its switch
// ExposeMetadata, for the whole process and off unless turned on, has to stay off.
func (t *textSampler) orgs(b []byte, m *metric, orgs []orgSample) []byte {
	buf := bytes.NewBuffer(b)
	var name []byte
	for _, o := range orgs {
		name = append(name[:0], m.name...)
		if m.group != nil {
			name = append(appendEscaped(append(name, `{group="`...), o.name), `"}`...)
		} else {
			name = append(appendOrgLabels(name, o.org, m.stored == nil), '}')
		}
		metrics.WriteGaugeUint64(buf, string(name), uint64(o.value))
	}
	return buf.Bytes()
}

// appendOrgLabels appends {repo_type="...",org="..." and no closing brace, the first only
// if typed.
func appendOrgLabels(b []byte, o org, typed bool) []byte {
	b = append(b, '{')
	if typed {
		b = append(b, `repo_type="`...)
		b = appendEscaped(b, string(o.typ))
		b = append(b, `",`...)
	}
	b = append(b, `org="`...)
	b = appendEscaped(b, o.name)
	return append(b, '"')
}

// appendEscaped appends a label value. Both formats escape the same three
// characters.
func appendEscaped(b []byte, v string) []byte {
	if !plain(v) {
		v = labelEscaper.Replace(validUTF8(v))
	}
	return append(b, v...)
}

var labelEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// plain reports whether v is of ASCII characters that need no escaping.
func plain(v string) bool {
	for i := range len(v) {
		if c := v[i]; c >= 0x80 || c == '\\' || c == '"' || c == '\n' {
			return false
		}
	}
	return true
}

// validUTF8 returns v with what is not UTF-8 as U+FFFD: a scraper would refuse
// the whole page for one such label.
func validUTF8(v string) string { return strings.ToValidUTF8(v, "\uFFFD") }
