package exposition

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// packed returns the whole page in the text format 0.0.4 as one gzip member, in
// pieces that must not be changed. Each sample gets those of the labels that it
// has none of that name of. Without labels that is what is packed already.
func (p *Page) packed(labels map[string]string) [][]byte {
	page := p.current.Load().text
	var own bytes.Buffer
	p.own.append(&own, expfmt.FmtText, nil, labelPairs(labels)...)
	var d deflater
	pieces := [][]byte{[]byte(gzipHeader)}
	sum := page.sum
	if len(labels) == 0 {
		pieces = slices.AppendSeq(pieces, page.packed())
	} else {
		sum = checksum{}
		insert := labelText(labels)
		var block []byte
		for b := range page.plain() {
			block = appendLabelled(block[:0], b, insert)
			sum = sum.add(block)
			pieces = append(pieces, d.part(block))
		}
	}
	sum = sum.add(own.Bytes())
	return append(pieces, d.last(own.Bytes()), appendGzipTrailer(nil, sum))
}

// labelText returns labels as they begin the list of a sample: name="value", with a
// comma after each. Those that the samples of repositories have are not among
// them.
func labelText(labels map[string]string) []byte {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		b = append(b, name...)
		b = append(b, `="`...)
		b = appendEscaped(b, labels[name])
		b = append(b, `",`...)
	}
	return b
}

// appendLabelled appends lines of the page, whose samples all have labels, with
// insert before those.
func appendLabelled(out, lines, insert []byte) []byte {
	for len(lines) > 0 {
		end := bytes.IndexByte(lines, '\n') + 1
		line := lines[:end]
		lines = lines[end:]
		if line[0] != '#' {
			open := bytes.IndexByte(line, '{') + 1
			out = append(append(out, line[:open]...), insert...)
			line = line[open:]
		}
		out = append(out, line...)
	}
	return out
}

func labelPairs(labels map[string]string) []*dto.LabelPair {
	var pairs []*dto.LabelPair
	for name, value := range labels {
		value = validUTF8(value)
		pairs = append(pairs, &dto.LabelPair{Name: &name, Value: &value})
	}
	return pairs
}

// withLabels returns the labels of a metric with those of extra that it has none of
// that name of, ordered by name.
func withLabels(has, extra []*dto.LabelPair) []*dto.LabelPair {
	out := slices.Clone(has) // a metric may share its list with others
	for _, e := range extra {
		if !slices.ContainsFunc(has, func(l *dto.LabelPair) bool { return l.GetName() == e.GetName() }) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return out
}
