package exposition

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// The field numbers of io.prometheus.client. They are written by hand since the
// generated types would take a dozen allocations a series.
const (
	fieldFamilyName   protowire.Number = 1
	fieldFamilyHelp   protowire.Number = 2
	fieldFamilyType   protowire.Number = 3
	fieldFamilyMetric protowire.Number = 4

	fieldMetricLabel   protowire.Number = 1
	fieldMetricGauge   protowire.Number = 2
	fieldMetricCounter protowire.Number = 3

	fieldLabelName  protowire.Number = 1
	fieldLabelValue protowire.Number = 2

	fieldValue protowire.Number = 1 // of Gauge and Counter

	typeCounter = 0
	typeGauge   = 1
)

// protobufHead returns what comes before the samples of a MetricFamily: the
// length of the message, then its other fields.
func (m *metric) protobufHead(body *segment) []byte {
	kind := uint64(typeGauge)
	if m.counter {
		kind = typeCounter
	}
	b := appendString(nil, fieldFamilyName, m.name)
	b = appendString(b, fieldFamilyHelp, m.help)
	b = protowire.AppendTag(b, fieldFamilyType, protowire.VarintType)
	b = protowire.AppendVarint(b, kind)
	size := len(b)
	for _, block := range body.plain {
		size += len(block)
	}
	return append(protowire.AppendVarint(nil, uint64(size)), b...)
}

// protobufSampler writes samples as fields of a MetricFamily.
type protobufSampler struct {
	last   org
	prefix []byte // the labels that all repositories of last have
	labels []byte
}

func (p *protobufSampler) setRepo(r *history.Repo) {
	if o := (org{r.Type, r.Org()}); o != p.last || p.prefix == nil {
		p.last = o
		p.prefix = appendOrgPairs(p.prefix[:0], o, true)
	}
	p.labels = append(p.labels[:0], p.prefix...)
	p.labels = appendPair(p.labels, "repo", r.Name)
}

func (p *protobufSampler) append(b []byte, m *metric, value int64) []byte {
	if m.counter {
		return appendSample(b, p.labels, fieldMetricCounter, value)
	}
	return appendSample(b, p.labels, fieldMetricGauge, value)
}

func (p *protobufSampler) orgs(b []byte, m *metric, orgs []orgSample) []byte {
	for _, o := range orgs {
		if m.group != nil {
			p.labels = appendPair(p.labels[:0], "group", o.name)
		} else {
			p.labels = appendOrgPairs(p.labels[:0], o.org, m.stored == nil)
		}
		b = p.append(b, m, o.value)
	}
	return b
}

// appendSample appends a Metric. The format has but floating-point numbers: the
// value is rounded above 2^53, as it is in a scraper that reads text.
func appendSample(b, labels []byte, kind protowire.Number, value int64) []byte {
	const number = 1 + 8 // tag and value
	b = protowire.AppendTag(b, fieldFamilyMetric, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(len(labels)+1+1+number))
	b = append(b, labels...)
	b = protowire.AppendTag(b, kind, protowire.BytesType)
	b = protowire.AppendVarint(b, number)
	b = protowire.AppendTag(b, fieldValue, protowire.Fixed64Type)
	return protowire.AppendFixed64(b, math.Float64bits(float64(value)))
}

func appendOrgPairs(b []byte, o org, typed bool) []byte {
	if typed {
		b = appendPair(b, "repo_type", string(o.typ))
	}
	return appendPair(b, "org", o.name)
}

// appendPair appends a LabelPair as a field of a Metric.
func appendPair(b []byte, name, value string) []byte {
	value = validUTF8(value)
	size := protowire.SizeTag(fieldLabelName) + protowire.SizeBytes(len(name)) +
		protowire.SizeTag(fieldLabelValue) + protowire.SizeBytes(len(value))
	b = protowire.AppendTag(b, fieldMetricLabel, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = appendString(b, fieldLabelName, name)
	return appendString(b, fieldLabelValue, value)
}

func appendString(b []byte, field protowire.Number, v string) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	return protowire.AppendString(b, v)
}
