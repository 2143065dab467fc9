package exposition

import (
	"bytes"
	"iter"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/internal/parallel"
)

// blockRepos is how many repositories a block of the page holds: some hundred
// kilobytes a family, enough for deflate to find what repeats, and small enough
// to spread the work over processors.
const blockRepos = 4096

// sampler writes samples in a format.
type sampler interface {
	// setRepo sets the labels of the samples that follow.
	setRepo(*history.Repo)
	// append appends a sample.
	append(b []byte, m *metric, value int64) []byte
	// orgs appends samples of organizations or groups.
	orgs(b []byte, m *metric, orgs []orgSample) []byte
}

// rendered is a family with its samples, of which there is at least one.
type rendered struct {
	*metric
	body *segment
}

// renderText makes the page in the two text formats, not yet packed.
func renderText(sel selection, s *settings) (text, openMetrics *form) {
	var plain, open []part
	for _, r := range render(sel, s, func() sampler { return new(textSampler) }) {
		plain = append(plain, part{r.name, newSegment(r.textHead(r.name)), r.body})
		open = append(open, part{r.name, newSegment(r.textHead(r.openMetricsName())), r.body})
	}
	return newForm(plain), newForm(open)
}

// renderProtobuf makes the page as length-delimited messages, packed.
func renderProtobuf(sel selection, s *settings) *form {
	var parts []part
	for _, r := range render(sel, s, func() sampler { return new(protobufSampler) }) {
		parts = append(parts, part{r.name, newSegment(r.protobufHead(r.body)), r.body})
	}
	f := newForm(parts)
	pack(f)
	return f
}

// render returns the families that have samples; those without are not introduced, as
// with client_golang.
func render(sel selection, s *settings, newSampler func() sampler) []rendered {
	repos, families := sel.repos, s.repoFamilies
	bodies := make([]*segment, len(families))
	for f := range bodies {
		bodies[f] = &segment{plain: make([][]byte, len(repos.blocks))}
	}
	parallel.Run(len(repos.blocks), 1, func(parts iter.Seq2[int, int]) {
		samples := newSampler()
		bufs := make([][]byte, len(families))
		for block := range parts {
			for f := range bufs {
				bufs[f] = bufs[f][:0]
			}
			for i := range repos.blocks[block] {
				c := &repos.blocks[block][i]
				samples.setRepo(&c.Repo)
				for f := range families {
					if v := families[f].value(c); v >= 0 {
						bufs[f] = samples.append(bufs[f], &families[f], v)
					}
				}
			}
			for f, b := range bufs {
				bodies[f].plain[block] = bytes.Clone(b)
			}
		}
	})
	var out []rendered
	for f, body := range bodies {
		body.plain = slices.DeleteFunc(body.plain, func(b []byte) bool { return len(b) == 0 })
		if len(body.plain) > 0 {
			out = append(out, rendered{&families[f], body})
		}
	}
	add := func(m *metric, orgs []orgSample) {
		body := new(segment)
		for block := range slices.Chunk(orgs, blockRepos) {
			body.plain = append(body.plain, bytes.Clone(newSampler().orgs(nil, m, block)))
		}
		if len(body.plain) > 0 {
			out = append(out, rendered{m, body})
		}
	}
	add(orgFamily, sel.orgs)
	samples := make([]orgSample, len(sel.stored.Groups))
	for i := range s.groupFamilies {
		for j, g := range sel.stored.Groups {
			samples[j] = orgSample{org{name: g.Name}, s.groupFamilies[i].group(g)}
		}
		add(&s.groupFamilies[i], samples)
	}
	samples = make([]orgSample, len(sel.stored.Orgs))
	for i := range storedFamilies {
		for j, o := range sel.stored.Orgs {
			samples[j] = orgSample{org{name: o.Org}, storedFamilies[i].stored(o)}
		}
		add(&storedFamilies[i], samples)
	}
	return out
}
