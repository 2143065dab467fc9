package victoria

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// The fields of the journal. Each is a series for each owner; its samples lie at
// sequence numbers.
const (
	beginField  = "begin"  // at the first number: the last
	scopeField  = "scope"  // from the first number on: the organisations, see scope
	aliveField  = "alive"  // at the first number: grows while the append goes on
	endField    = "end"    // at the first number: what was begun will not be committed
	commitField = "commit" // at the last number: the first
)

// journalReader gathers the journal as its series come in.
type journalReader struct {
	begins   map[claimKey]*claim
	commits  map[claimKey]seq // the last number of each
	ended    map[claimKey]bool
	alive    map[claimKey]int64
	scopes   map[string]map[seq]int64 // by owner
	versions map[seq]*versionParts
}

type versionParts struct{ source, age, ageHigh int64 }

func newJournalReader() *journalReader {
	return &journalReader{
		begins: make(map[claimKey]*claim), commits: make(map[claimKey]seq), ended: make(map[claimKey]bool),
		alive: make(map[claimKey]int64), scopes: make(map[string]map[seq]int64), versions: make(map[seq]*versionParts),
	}
}

func (r *journalReader) take(l *line) error {
	field, owner := l.label("field"), l.label("owner")
	for i, v := range l.values {
		n := seq(l.times[i])
		key := claimKey{owner, n}
		switch field {
		case beginField:
			r.begins[key] = &claim{first: n, last: seq(v), owner: owner}
		case commitField:
			r.commits[claimKey{owner, seq(v)}] = n
		case endField:
			r.ended[key] = true
		case aliveField:
			r.alive[key] = max(r.alive[key], v)
		case scopeField:
			if r.scopes[owner] == nil {
				r.scopes[owner] = make(map[seq]int64)
			}
			r.scopes[owner][n] = v
		case "source", "age", "age_high":
			if r.versions[n] == nil {
				r.versions[n] = new(versionParts)
			}
			switch field {
			case "source":
				r.versions[n].source = v
			case "age":
				r.versions[n].age = v
			default:
				r.versions[n].ageHigh = v
			}
		}
	}
	return nil
}

// onto returns the journal that is known, with what was read.
func (r *journalReader) onto(known journal) (journal, error) {
	now := known
	now.open, now.ended = nil, nil
	now.recent = slices.Clip(known.recent)
	if len(now.entries) == 0 {
		now.entries = make([]entry, 1)
	}
	var fresh []claim
	for key, last := range r.commits {
		if key.first < 1 || last < key.first || last > maxSeq {
			return journal{}, fmt.Errorf("expected an append of numbers from 1 to %d, got %d to %d", maxSeq, key.first, last)
		}
		x := claim{first: key.first, last: last, owner: key.owner}
		x.scope = r.scope(&x)
		if !known.counts(last) {
			fresh = append(fresh, x)
		}
	}
	now.count(fresh, r.versions)
	for key, x := range r.begins {
		now.begun = max(now.begun, x.last)
		x.scope, x.alive = r.scope(x), r.alive[key]
		switch {
		case r.ended[key]:
			now.ended = append(now.ended, *x)
		case !now.counts(x.first) && !now.counts(x.last): // nor have others its numbers
			now.open = append(now.open, *x)
		}
	}
	for _, x := range known.open {
		// Who read this began to read before somebody else saw it, or the engine lost it.
		switch {
		case r.begins[x.key()] != nil || now.counts(x.first) || now.counts(x.last):
		case r.ended[x.key()]:
			now.ended = append(now.ended, x)
		default:
			now.open = append(now.open, x)
		}
	}
	return now, nil
}

// count makes the numbers of appends count.
func (j *journal) count(fresh []claim, versions map[seq]*versionParts) {
	if len(fresh) == 0 {
		return
	}
	slices.SortFunc(fresh, func(a, b claim) int { return cmp.Compare(a.last, b.last) })
	last := max(j.last(), fresh[len(fresh)-1].last)
	grown := make([]entry, last+1)
	if fresh[0].first > j.last() {
		grown = append(slices.Clip(j.entries), grown[len(j.entries):]...)
	} else {
		copy(grown, j.entries)
	}
	for i := range fresh {
		for n := fresh[i].first; n <= fresh[i].last; n++ {
			grown[n].counts = true
			if v := versions[n]; v != nil {
				grown[n].version = history.Version{
					Source: history.Source(v.source), AsOf: history.AsOf(join53(v.age, v.ageHigh)),
				}
			}
		}
		j.sum += mixed(uint64(fresh[i].last))
	}
	j.appends += len(fresh)
	j.entries = grown
	j.recent = append(j.recent, fresh...)
	if more := len(j.recent) - keepRecent; more > 0 {
		j.recent = slices.Clone(j.recent[more:])
	}
}

// scope returns what the appended organisations are.
func (r *journalReader) scope(x *claim) scope {
	var out scope
	for n := x.first; n <= x.last; n++ {
		if v, ok := r.scopes[x.owner][n]; ok {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return scope{everything} // it is not seen yet
	}
	slices.Sort(out)
	return out
}

// mixed spreads the bits of a number, so that sums of such tell sets of numbers apart.
func mixed(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}
