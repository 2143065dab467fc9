package localstore

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/memtable"
)

// files are files by name.
type files map[string]file

type file struct {
	// size is in bytes.
	size int64
	// companionOf is the file of records that a file of states belongs to, "" if
	// it stands alone.
	companionOf string
}

func (f files) names() []string { return slices.Sorted(maps.Keys(f)) }

// snapshot is the content at a moment. It is immutable.
type snapshot struct {
	table *memtable.Table
	// records and states are the files that the table was made of. pending are
	// files of states that do not count: their files of records are not there.
	records, states, pending files
	revision                 string
}

func newSnapshot(t *memtable.Table, records, states, pending files) *snapshot {
	h := sha256.New()
	for _, f := range []files{records, states} {
		for _, name := range f.names() {
			h.Write([]byte(name))
			h.Write([]byte{0})
		}
		h.Write([]byte{0})
	}
	return &snapshot{
		table:    t,
		records:  records,
		states:   states,
		pending:  pending,
		revision: hex.EncodeToString(h.Sum(nil)[:12]),
	}
}

// stands reports whether the snapshot is what the files listed make.
func (s *snapshot) stands(ls *listing) bool {
	all := append(s.states.names(), s.pending.names()...)
	slices.Sort(all)
	return slices.Equal(s.records.names(), ls.records) && slices.Equal(all, ls.states)
}
