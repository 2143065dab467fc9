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
	// of sets the labels of the samples that follow.
	of(*history.Repo)
	// append appends a sample.
	append(b []byte, m *metric, value int64) []byte
}

// renderText makes the page in the two text formats, not yet packed.
func renderText(sel selection, s *settings) (text, openMetrics *form) {
	bodies := renderRepos(sel.repos, s.repoFamilies, func() sampler { return new(textSampler) })
	families := slices.Clone(s.repoFamilies)
	if len(sel.orgs) > 0 {
		families = append(families, *orgFamily)
		bodies = append(bodies, &segment{plain: [][]byte{orgText(sel.orgs)}})
	}
	var plain, open []part
	for i, body := range bodies {
		if len(body.plain) == 0 {
			continue // as client_golang, introduce no family that has no samples
		}
		m := &families[i]
		plain = append(plain, part{m.name, head(m.textHead(m.name)), body})
		open = append(open, part{m.name, head(m.textHead(m.openMetricsName())), body})
	}
	return newForm(plain), newForm(open)
}

func head(b []byte) *segment { return &segment{plain: [][]byte{b}} }

// renderRepos returns the samples of each family.
func renderRepos(repos countList, families []metric, newSampler func() sampler) []*segment {
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
				samples.of(&c.Repo)
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
	for _, s := range bodies {
		s.plain = slices.DeleteFunc(s.plain, func(b []byte) bool { return len(b) == 0 })
	}
	return bodies
}
