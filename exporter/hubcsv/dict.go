package hubcsv

import (
	"hash/maphash"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// dict is the dictionary of an input: its repositories in the order of their
// first rows.
type dict struct {
	seed  maphash.Seed
	repos []history.RepoTotal
	lines []int64 // the line of the first row of each
	types map[string]history.RepoType
	names table // by type and name
}

func newDict() dict {
	return dict{seed: maphash.MakeSeed(), types: make(map[string]history.RepoType), names: newTable()}
}

// hash hashes a type and a name.
func (d *dict) hash(repoType, name []byte) uint32 {
	const odd = 0x9e3779b97f4a7c15 // tells (a, b) from (b, a)
	h := maphash.Bytes(d.seed, repoType)*odd ^ maphash.Bytes(d.seed, name)
	return uint32(h ^ h>>32)
}

// find returns the index of a repository.
func (d *dict) find(hash uint32, repoType, name []byte) (uint32, bool) {
	slots, mask := d.names.slots, d.names.mask()
	for i := hash & mask; ; i = (i + 1) & mask {
		s := slots[i]
		if s.ref == 0 {
			return 0, false
		}
		if s.hash == hash {
			r := &d.repos[s.ref-1].Repo
			if r.Name == string(name) && string(r.Type) == string(repoType) {
				return s.ref - 1, true
			}
		}
	}
}

// add enters a repository that find did not find.
func (d *dict) add(hash uint32, repoType, name []byte, total, line int64) uint32 {
	t, ok := d.types[string(repoType)]
	if !ok {
		t = history.RepoType(repoType)
		d.types[string(t)] = t
	}
	i := uint32(len(d.repos))
	d.repos = append(d.repos, history.RepoTotal{
		Repo:  history.Repo{Type: t, Name: string(name)},
		Total: total,
	})
	d.lines = append(d.lines, line)
	d.names.insert(hash, i)
	return i
}
